"""What the judge sees of the student process: its objects as references, its exceptions as data, its end."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grader.channel.values import BUILTIN_EXCEPTIONS, broken

if TYPE_CHECKING:
    from grader.channel.trusted import TrustedPeer


class StudentGone(BaseException):
    """The student process is dead or no longer believed. A BaseException: no test may swallow it by accident."""

    def __init__(self, verdict: str, detail: Mapping[str, str]) -> None:
        super().__init__(verdict, dict(detail))
        self.verdict = verdict
        self.detail = dict(detail)


@dataclass(frozen=True)
class Frame:
    """One line of a student's traceback: a file of the submission, a line, the function's name. Testimony."""

    file: str
    line: int
    function: str


class StudentError(Exception):
    """An exception raised by the student's code. Its type and text are the student's words, never code.

    Attributes:
        type: the class's name; ``module`` the module it says it comes from; ``text`` at most 2,000 characters.
        frames: the lines of the submission it passed through, outermost first.
        phase: what the judge was doing: import, call, iterate, close, …
    """

    def __init__(self, kind: str, text: str = "", module: str = "builtins", frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(kind, text)
        self.type = kind
        self.text = text
        self.module = module
        self.frames = frames
        self.phase = ""
        self.token = 0
        self.peer: TrustedPeer | None = None


def their_frame(line: object) -> Frame:
    """Return one line of a student's traceback."""
    if type(line) is not list or [type(part) for part in line] != [str, int, str]:
        broken("a traceback line of unknown shape")
    return Frame(line[0][:200], line[1], line[2][:100])


class StudentObject:
    """An object that lives in the student process.

    It can be called, iterated, closed, indexed, asked for attributes and its length. It has no truth value, no ``in``
    and no ``==``: tests compare data, never a student's object with its own idea of equality.
    """

    __slots__ = ("_kinds", "_peer", "_ref", "_type")

    def __init__(self, peer: TrustedPeer, ref: int, kinds: frozenset[str], type_name: str) -> None:
        self._peer = peer
        self._ref = ref
        self._kinds = kinds
        self._type = type_name

    def _ask(self, phase: str, op: str, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any value
        if self._peer.table.theirs.get(self._ref) is not self:
            raise TypeError("this reference belongs to an earlier test")
        return self._peer.ask(phase, op, self._ref, *args, **kwargs)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, D102 - any value
        return self._ask("call", "call", *args, **kwargs)

    def __iter__(self) -> Iterator[Any]:
        return self if "self" in self._kinds else self._ask("iterate", "iter")

    def __next__(self) -> Any:  # noqa: ANN401 - any value
        return self._ask("iterate", "next")

    def __len__(self) -> int:
        if "len" not in self._kinds:
            raise TypeError("this student's object has no len()")
        length = self._ask("len", "len")
        return length if type(length) is int and length >= 0 else self._peer.violated("a length that is none")

    def __getitem__(self, key: object) -> Any:  # noqa: ANN401 - any value
        return self._ask("read", "item", key)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any value
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "close":
            if "close" not in self._kinds:
                raise AttributeError(name)
            return functools.partial(self._ask, "close", "close")
        return self._ask("read", "attr", name)

    def __bool__(self) -> bool:
        raise TypeError("a reference to a student's object has no truth value; compare data")

    def __eq__(self, other: object) -> bool:
        raise TypeError("a reference to a student's object has no ==; compare data, or use 'is'")

    def __contains__(self, item: object) -> bool:
        raise TypeError("a reference to a student's object has no 'in'; compare data")

    def __hash__(self) -> int:
        return hash(self._ref)

    def __repr__(self) -> str:
        return f"<StudentObject {self._ref} {sorted(self._kinds)}>"


def has_operation(thing: StudentObject, kind: str) -> bool:
    """Tell what a student's object says it can do: call, iter, next, self (its own iterator), close, len, item.

    Testimony.
    """
    return kind in thing._kinds


def type_name(thing: StudentObject) -> str:
    """Return the name of the class of a student's object, as the student process says it. Testimony."""
    return thing._type


def builtin_type(name: str) -> bool:
    """Tell whether a name is that of a builtin exception."""
    return name in BUILTIN_EXCEPTIONS
