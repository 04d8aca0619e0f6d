"""What the student process may do with an object of ours: exactly what was named, and never by an attribute's name alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeVar

CALL, ITERATOR, CLOSING_ITERATOR = (
    frozenset({"call"}),
    frozenset({"iter", "next"}),
    frozenset({"iter", "next", "close"}),
)
FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, functools.partial)

Anything = TypeVar("Anything")


def exposed(value: Anything, *operations: str, raises: tuple[type[BaseException], ...] = ()) -> Exposed:
    """Wrap an object so that the student process may use exactly ``operations`` of it.

    An operation is ``call``, ``iter``, ``next`` or the name of a method. ``raises`` declares the exceptions that may
    cross to the student; any other one ends the test.
    """
    return Exposed(value, frozenset(operations), raises)


@dataclass(eq=False, slots=True)
class Exposed:
    """An object of the judge and what the student process may do with it."""

    value: object
    operations: frozenset[str]
    raises: tuple[type[BaseException], ...] = ()


@functools.cache
def together(operations: tuple[str, ...]) -> frozenset[str]:
    """Return the operations that a class declares as a set: one set for all of its objects."""
    return frozenset(operations)


def exposure(value: object) -> Exposed:
    """Say what the student process may do with an object of ours.

    Functions can be called, iterators iterated and closed; other classes declare ``__exposed__``, a tuple of
    operations, and may declare ``__raises__``, the exceptions that may cross.

    Raises:
        TypeError: the object says nothing of the kind, so it may not cross.
    """
    if isinstance(value, Exposed):
        return value
    raises = getattr(value, "__raises__", ())
    operations = getattr(type(value), "__exposed__", None)
    if operations is not None:
        return Exposed(value, together(operations), raises)
    if isinstance(value, FUNCTIONS):
        return Exposed(value, CALL, raises)
    if isinstance(value, Iterator):
        return Exposed(value, CLOSING_ITERATOR if hasattr(value, "close") else ITERATOR)
    raise TypeError(f"{type(value).__name__} may not cross to the student process; wrap it with exposed(...)")


def declares(*kinds: type[BaseException]) -> Callable[[Anything], Anything]:
    """Mark a function whose exceptions of these kinds are meant for the student's code."""

    def mark(function: Anything) -> Anything:
        function.__raises__ = kinds  # type: ignore[attr-defined]
        return function

    return mark


def operate(value: Any, op: str, args: list[Any], kwargs: dict[str, Any]) -> object:  # noqa: ANN401 - any object of ours
    """Perform an operation that was found to be exposed."""
    if op == "call":
        return value(*args, **kwargs)
    if op == "iter":
        return iter(value)
    if op == "next":
        return next(value)
    return getattr(value, op)(*args, **kwargs)
