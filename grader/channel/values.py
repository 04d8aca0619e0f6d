"""What travels how: plain data by value with its exact type, all else by what an end makes of it.

| JSON                  | Python                                      |
|-----------------------|---------------------------------------------|
| null, true, 1, 1.5, ""| None, bool, int, float, str (exact types)   |
| [...]                 | list                                        |
| {"t": [...]}          | tuple                                       |
| {"d": [[k, v], ...]}  | dict                                        |
| {"b": i}              | bytes, the i-th blob of the frame           |
| {"f": "nan"}          | a float that JSON has no word for           |
| {"s": ["…", "…"]}     | str, cut where JSON would join surrogates   |
| {"r": [n, kinds, ty]} | object n of the sender                      |
| {"o": n}              | object n of the receiver, coming home       |
| {"e": {...}}, {"k": n}| an exception of the sender / of the receiver|
| {"c": name}           | an exception class                          |
| {"x": 1}              | a traceback, which never crosses            |
"""

from __future__ import annotations

import builtins
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from itertools import pairwise
from types import TracebackType
from typing import Any, NoReturn

from grader.channel.frames import FrameError

MAX_NESTING = 32
MAX_INT_BITS = 8192
MAX_TEXT = 2000

BUILTIN_EXCEPTIONS: dict[str, type[BaseException]] = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
KEY_TYPES = frozenset({str, int, float, bool, bytes, type(None), tuple})
SALTED = frozenset({str, bytes})
"""Types of keys whose hashes nobody can foretell. Of others a liar can make as many collide as fit into a frame."""
MAX_UNSALTED = 1000
"""The most entries of a dict that has keys of other types."""
PAIR = re.compile(r"[\ud800-\udbff](?=[\udc00-\udfff])")
"""The first of two surrogates that Python holds apart and JSON makes one character of (RFC 8259, section 7)."""
ODD_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def builtin_name(kind: type[BaseException]) -> str:
    """Return the name of the nearest builtin base of an exception class."""
    return next(base.__name__ for base in kind.__mro__ if BUILTIN_EXCEPTIONS.get(base.__name__) is base)


class Codec(ABC):
    """Packs and unpacks values; each end says how it treats what is not plain data."""

    def pack(self, value: object, blobs: list[bytes], depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON for a value; bytes are appended to ``blobs``."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if value.isascii() else pack_text(value)  # type: ignore[attr-defined,arg-type]
        if kind is int and value.bit_length() <= MAX_INT_BITS:  # type: ignore[attr-defined]
            return value
        if kind is float:
            return value if math.isfinite(value) else {"f": str(value)}  # type: ignore[arg-type]
        if kind is bytes:
            blobs.append(value)  # type: ignore[arg-type]
            return {"b": len(blobs) - 1}
        if depth < MAX_NESTING:
            if kind is list:
                return [self.pack(item, blobs, depth + 1) for item in value]  # type: ignore[attr-defined]
            if kind is tuple:
                return {"t": [self.pack(item, blobs, depth + 1) for item in value]}  # type: ignore[attr-defined]
            if kind is dict and can_be_keys(value):  # type: ignore[arg-type]
                return {"d": [[part if type(part) is str and part.isascii() else self.pack(part, blobs, depth + 1)
                               for part in pair] for pair in value.items()]}  # type: ignore[attr-defined]  # fmt: skip
        return self.pack_other(value, blobs)

    def pack_other(self, value: object, blobs: list[bytes]) -> Any:  # noqa: ANN401 - JSON
        """Pack what is not plain data."""
        if isinstance(value, TracebackType):
            return {"x": 1}
        if isinstance(value, BaseException):
            return self.pack_exception(value, blobs)
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"c": builtin_name(value)}
        return self.pack_object(value)

    def unpack(self, node: object, blobs: list[bytes], depth: int = 0) -> Any:  # noqa: ANN401 - any value
        """Return the value that JSON stands for.

        Raises:
            FrameError: the JSON is nothing that `pack` writes.
        """
        kind = type(node)
        if node is None or kind is str or kind is bool:
            return node
        if kind is int:
            return node if node.bit_length() <= MAX_INT_BITS else broken("an int out of range")  # type: ignore[attr-defined]
        if kind is float:
            return node if math.isfinite(node) else broken("a float out of range")  # type: ignore[arg-type]
        if kind is list:
            inner = deeper(depth)
            return [self.unpack(item, blobs, inner) for item in node]  # type: ignore[attr-defined]
        if kind is not dict or len(node) != 1:  # type: ignore[arg-type]
            broken("a value of unknown shape")
        ((tag, content),) = node.items()  # type: ignore[attr-defined]
        if tag == "b":
            return blobs[index(content, len(blobs))]
        if tag == "t":
            inner = deeper(depth)
            return tuple(self.unpack(item, blobs, inner) for item in exact_list(content))
        if tag == "d":
            return self.unpack_dict(exact_list(content), blobs, deeper(depth))
        if tag == "s":
            return "".join(map(exact_text, exact_list(content)))
        if tag == "f" and type(content) is str and content in ODD_FLOATS:
            return ODD_FLOATS[content]
        if tag == "x":
            return None
        if tag == "c" and type(content) is str and content in BUILTIN_EXCEPTIONS:
            return BUILTIN_EXCEPTIONS[content]
        return self.unpack_other(tag, content, blobs)

    def unpack_dict(self, pairs: list[Any], blobs: list[bytes], depth: int) -> dict[Any, Any]:
        """Return a dict of its [key, value] pairs; keys are hashable and stand once."""
        if not all(type(pair) is list and len(pair) == 2 for pair in pairs):
            broken("a dict entry that is no pair")
        keys = [key if type(key) is str else self.unpack(key, blobs, depth) for key, _ in pairs]
        values = [value if type(value) is str else self.unpack(value, blobs, depth) for _, value in pairs]
        if not can_be_keys(keys):
            broken("a dict key that cannot be one")
        try:
            result = dict(zip(keys, values, strict=True))
        except TypeError:  # a tuple with a list in it
            broken("a dict key that cannot be one")
        if len(result) != len(keys):
            broken("a dict key that stands twice")
        return result

    @abstractmethod
    def pack_object(self, value: object) -> Any:  # noqa: ANN401 - JSON
        """Pack a reference to an object of this side or of the other one."""

    @abstractmethod
    def pack_exception(self, error: BaseException, blobs: list[bytes]) -> Any:  # noqa: ANN401 - JSON
        """Pack an exception of this side or of the other one."""

    @abstractmethod
    def unpack_other(self, tag: str, content: object, blobs: list[bytes]) -> Any:  # noqa: ANN401 - any value
        """Unpack references and exceptions."""


def broken(reason: str) -> NoReturn:
    """Refuse a frame."""
    raise FrameError(reason)


def can_be_keys(keys: Collection[object]) -> bool:
    """Tell whether a dict with these keys is plain data."""
    kinds = set(map(type, keys))
    return kinds <= KEY_TYPES and (len(keys) <= MAX_UNSALTED or kinds <= SALTED)


def pack_text(text: str) -> str | dict[str, list[str]]:
    """Return the JSON for a text: itself, or its pieces if JSON would join two surrogates in it."""
    if not PAIR.search(text):
        return text
    ends = [0, *(match.end() for match in PAIR.finditer(text)), len(text)]
    return {"s": [text[start:end] for start, end in pairwise(ends)]}


def deeper(depth: int) -> int:
    """Return the depth of what is in a list, tuple or dict, or refuse the frame."""
    if depth >= MAX_NESTING:
        broken("values nested too deeply")
    return depth + 1


def index(number: object, bound: int) -> int:
    """Return an exact int within range, or refuse the frame."""
    if type(number) is not int or not 0 <= number < bound:
        broken("a number out of range")
    return number


def exact_list(value: object) -> list[object]:
    """Return an exact list, or refuse the frame."""
    if type(value) is not list:
        broken("a list that is none")
    return value


def exact_text(value: object) -> str:
    """Return an exact str, or refuse the frame."""
    if type(value) is not str:
        broken("a text that is none")
    return value
