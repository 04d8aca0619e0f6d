"""Values: whatever JSON comes, it is refused in one way or stands for harmless data, which crosses both ways unchanged."""

from __future__ import annotations

import math
from typing import Any

from grader.channel.frames import LENGTH, FrameError, decode, encode
from grader.channel.remote import StudentError, StudentObject
from grader.channel.student import StudentPeer
from grader.channel.trusted import TrustedPeer
from grader.channel.values import BUILTIN_EXCEPTIONS, MAX_INT_BITS, MAX_NESTING
from tests.fuzz.source import Source
from tests.fuzz.transport import Silent

SEEDS = (bytes(range(64)), b"\x07\x03\x05" * 30, b"\x09\x01" * 40, bytes(range(255, 180, -1)))
NUMBERS = (0, 1, -1, 2, True, False, 2**31, 2**63, 2**MAX_INT_BITS - 1, 2**MAX_INT_BITS, -(2**MAX_INT_BITS), 10**3000)
FLOATS = (0.0, -0.0, 1.5, 5e-324, 1e308)
TAGS = ("t", "d", "b", "f", "r", "o", "e", "k", "c", "x", "s", "z", "")
EXCEPTION = {"type": "E", "module": "m", "text": "t", "lines": [["app.py", 1, "f"]], "token": 1}


def check(data: bytes) -> None:
    """Unpack a node as the judge does; pack the value, and unpack it at both ends. Or begin with a value."""
    source = Source(data)
    judge, blobs = TrustedPeer(Silent()), [b"a", b"bc", b""]
    if source.maybe(3):
        check_crossing(judge, thing(source))
        return
    try:
        value = judge.unpack(node(source), blobs)
    except FrameError:
        return
    assert harmless(value), value
    if whole(value):
        check_crossing(judge, value)


def check_crossing(judge: TrustedPeer, value: object) -> None:
    """Check that plain data crosses both ways with its exact types."""
    student = StudentPeer(Silent(), "/submission", {})
    assert exact(carried(judge, student, value)) == exact(value)
    assert exact(carried(student, judge, value)) == exact(value)


def thing(source: Source, depth: int = 0) -> Any:  # noqa: ANN401 - plain data
    """Return plain data."""
    kind = source.number(9)
    if kind < 3 or depth > 4:
        return source.text(4)
    if kind == 3:
        return source.pick([number for number in NUMBERS if number.bit_length() <= MAX_INT_BITS])
    if kind == 4:
        return source.pick((*FLOATS, math.inf, -math.inf))
    if kind == 5:
        return source.pick((None, math.nan, b"", b"x", ValueError))
    if kind == 6:
        return {source.text(2): thing(source, depth + 1) for _ in range(source.number(3))}
    items = [thing(source, depth + 1) for _ in range(source.number(3))]
    return items if kind < 9 else tuple(items)


def carried(sender: Any, receiver: Any, value: object) -> object:  # noqa: ANN401 - either end
    """Send a value from one end to the other, through bytes."""
    out: list[bytes] = []
    packed = sender.pack(value, out)
    header, blobs = decode(encode({"v": packed}, out)[LENGTH.size :])
    return receiver.unpack(header["v"], blobs)


def node(source: Source, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return JSON, often of the forms that values have."""
    kind = source.number(15)
    if kind == 0:
        return source.pick(NUMBERS)
    if kind == 1:
        return source.pick(FLOATS)
    if kind == 2:
        return None
    if kind in (3, 4, 5):
        return source.text(5)
    if kind == 6:
        deep: Any = node(source, depth + 1) if depth < 3 else 1
        for _ in range(source.number(MAX_NESTING + 2)):
            deep = {"t": [deep]} if source.maybe() else [deep]
        return deep
    if depth > 6 or not source:
        return source.pick(TAGS)
    if kind in (7, 8):
        return [node(source, depth + 1) for _ in range(source.number(4))]
    if kind == 9:
        return {"d": [[node(source, depth + 1), node(source, depth + 1)] for _ in range(source.number(3))]}
    if kind == 10:
        return {"r": [source.number(5), [source.pick(("call", "iter", "len", "attr"))], source.text(3)]}
    if kind == 11:
        words: dict[str, Any] = dict(EXCEPTION)
        words[source.pick(tuple(EXCEPTION))] = node(source, depth + 1)
        return {"e": words}
    if kind == 12:
        return {"c": source.pick(tuple(BUILTIN_EXCEPTIONS))}
    if kind == 13:
        return {"s": [source.text(2) for _ in range(source.number(3))]}
    return {source.pick(TAGS): node(source, depth + 1) for _ in range(1 + source.number(1))}


def harmless(value: object, depth: int = 0) -> bool:
    """Tell whether a value is plain data, a reference, an exception as data or a builtin exception class, all through."""
    if type(value) in (list, tuple):
        return depth < MAX_NESTING and all(harmless(item, depth + 1) for item in value)  # type: ignore[attr-defined]
    if type(value) is dict:
        return depth < MAX_NESTING and all(harmless(k, depth + 1) and harmless(v, depth + 1) for k, v in value.items())
    if type(value) is int:
        return value.bit_length() <= MAX_INT_BITS
    if isinstance(value, type):
        return value in BUILTIN_EXCEPTIONS.values()
    return value is None or type(value) in (bool, float, str, bytes, StudentObject, StudentError)


def whole(value: object) -> bool:
    """Tell whether a value is plain data: the rest belongs to one end."""
    if type(value) in (list, tuple):
        return all(map(whole, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(whole(key) and whole(item) for key, item in value.items())
    return not isinstance(value, StudentObject | StudentError)


def exact(value: object) -> object:
    """Return what is equal only for equal values of equal types, in the same order."""
    if type(value) is float:
        return float, value.hex()
    if type(value) in (list, tuple):
        return type(value), [exact(item) for item in value]  # type: ignore[attr-defined]
    if type(value) is dict:
        return dict, [(exact(key), exact(item)) for key, item in value.items()]
    return type(value), value
