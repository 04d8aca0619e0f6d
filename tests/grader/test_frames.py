"""The wire: plain data crosses exactly, and whatever else comes is refused in one way only."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.channel.frames import LENGTH, MAX_FRAME, FrameError, FrameTooLarge, Header, decode, encode
from grader.channel.remote import StudentError, StudentGone, StudentObject
from grader.channel.student import StudentPeer
from grader.channel.trusted import TrustedPeer
from grader.channel.values import BUILTIN_EXCEPTIONS, MAX_INT_BITS, MAX_NESTING, Codec

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True, database=None)


class Script:
    """A transport that plays payloads written beforehand, and then its end."""

    def __init__(self, *payloads: bytes) -> None:
        self.payloads = list(payloads)
        self.phase = ""

    def send(self, frame: bytes) -> None:
        """Take a frame that nobody reads."""

    def receive(self) -> bytes:
        """Return the next payload."""
        if not self.payloads:
            raise StudentGone("exited", {"code": "0"})
        return self.payloads.pop(0)

    def expect_quiet(self) -> None:
        """A script is quiet until it is asked."""

    def begin(self) -> None:
        """Nobody waits for a script."""

    def kill(self) -> None:
        """Nothing is to be ended."""


def judge() -> TrustedPeer:
    """Return the judge's codec."""
    return TrustedPeer(Script())


def student() -> StudentPeer:
    """Return the student's codec."""
    return StudentPeer(Script(), "/submission", {})


def carry(value: object, sender: Codec, receiver: Codec) -> object:
    """Send a value from one end to the other, through bytes."""
    blobs: list[bytes] = []
    node = sender.pack(value, blobs)
    header, blobs = decode(encode({"v": node}, blobs)[LENGTH.size :])
    return receiver.unpack(header["v"], blobs)


def exact(value: object) -> object:
    """Return what is equal only for equal values of equal types, in the same order."""
    if type(value) is float:
        return float, value.hex()
    if type(value) in (list, tuple):
        return type(value), [exact(item) for item in value]  # type: ignore[attr-defined]
    if type(value) is dict:
        return dict, [(exact(key), exact(item)) for key, item in value.items()]
    return type(value), value


INTEGERS = st.integers() | st.integers(-(2**MAX_INT_BITS) + 1, 2**MAX_INT_BITS - 1)
TEXTS = st.text(st.characters(exclude_categories=()))
LEAVES = st.none() | st.booleans() | INTEGERS | st.floats() | TEXTS | st.binary()
KEYS = st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False) | TEXTS | st.binary()
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS | st.tuples(KEYS, KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)


@EXAMPLES
@given(PLAIN)
def test_plain_data_crosses_both_ways_with_its_exact_types(value: object) -> None:
    assert exact(carry(value, judge(), student())) == exact(value)
    assert exact(carry(value, student(), judge())) == exact(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        -0.0,
        5e-324,
        2**MAX_INT_BITS - 1,
        chr(0xDCFF),
        chr(0xD800),
        chr(0xD83D) + chr(0xDE00),
        "\U0001f600" + chr(0xDBFF) * 2 + chr(0xDC00) * 2 + "x",
        b"",
        b"\xff",
        (),
        [],
        {},
    ],
    ids=ascii,
)
def test_edge_values_cross_exactly(value: object) -> None:
    for sender, receiver in ((judge(), student()), (student(), judge())):
        assert exact(carry([value, (value,)], sender, receiver)) == exact([value, (value,)])


def nest(depth: int) -> list[Any]:
    """Return lists within lists, so many in all."""
    return [] if depth == 1 else [nest(depth - 1)]


def test_lists_cross_thirty_two_deep_and_become_references_below() -> None:
    assert carry(nest(MAX_NESTING), student(), judge()) == nest(MAX_NESTING)
    found: Any = carry(nest(MAX_NESTING + 1), student(), judge())
    for _ in range(MAX_NESTING):
        (found,) = found
    assert type(found) is StudentObject
    with pytest.raises(TypeError, match="may not cross"):
        carry(nest(MAX_NESTING + 1), judge(), student())


def test_an_integer_with_too_many_digits_becomes_a_reference() -> None:
    assert type(carry(2**MAX_INT_BITS, student(), judge())) is StudentObject


def test_a_list_within_itself_becomes_a_reference_in_the_end() -> None:
    loop: list[object] = []
    loop.append(loop)
    found: Any = carry(loop, student(), judge())
    for _ in range(MAX_NESTING):
        (found,) = found
    assert type(found) is StudentObject


@pytest.mark.parametrize("kind", BUILTIN_EXCEPTIONS.values(), ids=BUILTIN_EXCEPTIONS)
def test_every_builtin_exception_class_crosses(kind: type[BaseException]) -> None:
    assert carry(kind, judge(), student()) is kind
    assert carry(kind, student(), judge()) is kind


def test_a_frame_holds_four_mebibytes_and_not_a_byte_more() -> None:
    room = MAX_FRAME - len(encode({"v": 1}, [b"x" * (1 << 20)])) + LENGTH.size + (1 << 20)
    full = encode({"v": 1}, [b"x" * room])
    assert len(full) == LENGTH.size + MAX_FRAME
    assert decode(full[LENGTH.size :])[1] == [b"x" * room]
    with pytest.raises(FrameTooLarge):
        encode({"v": 1}, [b"x" * (room + 1)])


# -- what is refused


def taken(payload: bytes) -> list[object]:
    """Decode and unpack whatever came: nothing if it is refused, and there is only one exception for that."""
    try:
        header, blobs = decode(payload)
        receiver = judge()
        return [receiver.unpack(node, blobs) for node in header.values()]
    except FrameError:
        return []


def harmless(value: object) -> bool:
    """Tell whether a value is plain data, a reference, an exception as data or a builtin exception class, all through."""
    if type(value) in (list, tuple):
        return all(map(harmless, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(harmless(key) and harmless(item) for key, item in value.items())
    if isinstance(value, type):
        return value in BUILTIN_EXCEPTIONS.values()
    return value is None or type(value) in (bool, int, float, str, bytes, StudentObject, StudentError)


@EXAMPLES
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_in_one_way(payload: bytes) -> None:
    assert harmless(taken(payload))


@EXAMPLES
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_random_headers_are_refused_in_one_way(header: bytes, blobs: bytes) -> None:
    assert harmless(taken(LENGTH.pack(len(header)) + header + blobs))


@EXAMPLES
@given(PLAIN, st.data())
def test_mutated_frames_are_refused_in_one_way(value: object, data: st.DataObject) -> None:
    blobs: list[bytes] = []
    payload = bytearray(encode({"v": student().pack([value, len], blobs), "s": 1}, blobs)[LENGTH.size :])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(payload)))
        payload[place : place + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from(PIECES)
        )
    assert harmless(taken(bytes(payload)))


PIECES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"-", b"9", b"true", b"NaN", b"1e999", b'{"b":0}', b'"t"', b'"d"']
TAGS = st.sampled_from(["t", "d", "b", "f", "r", "o", "e", "k", "c", "x", "z"])
WORDS = st.sampled_from(["", "nan", "call", "ValueError", "type", "module", "text", "lines", "token"])
NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TAGS | WORDS, inner, max_size=2),
    max_leaves=12,
)


@EXAMPLES
@given(NODES, st.lists(st.binary(max_size=2), max_size=2))
def test_any_json_is_refused_in_one_way(node: object, blobs: list[bytes]) -> None:
    text = json.dumps({"v": node, "bl": [len(blob) for blob in blobs]}).encode()
    assert harmless(taken(LENGTH.pack(len(text)) + text + b"".join(blobs)))


def ignore(*_: object, **__: object) -> None:
    """Take any arguments."""


NUMBERS = st.sampled_from([1, 1, 1, 2, 0, True, "1", None])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "s": NUMBERS,
        "q": NUMBERS,
        "ok": NODES,
        "err": NODES,
        "end": NODES,
        "w": NODES | st.lists(st.tuples(NUMBERS, NODES), max_size=2),
        "op": st.sampled_from(["call", "next", "attr", "", None]),
        "o": NUMBERS,
        "a": NODES | st.lists(NODES, max_size=2),
        "k": NODES | st.dictionaries(WORDS, NODES, max_size=2),
    },
)


@EXAMPLES
@given(st.lists(HEADERS, max_size=3), st.sampled_from(["call", "next", "len", "attr"]))
def test_whatever_a_process_says_a_request_ends_in_a_value_or_in_a_named_end(
    headers: list[Header], operation: str
) -> None:
    script = Script(*(encode(header, [b"a", b"b"])[LENGTH.size :] for header in headers))
    peer = TrustedPeer(script)
    ours = ValueError("ours")
    named: BaseException | None = None
    try:
        peer.ask("call", operation, 1, ignore, [1], {"a": 1}, iter([1]), ours)
    except (StudentError, StudentGone, StopIteration, ValueError) as error:
        named = error
    assert type(named) is not StopIteration or operation == "next"
    assert type(named) is not ValueError or named is ours
    assert peer.depth == 0
    assert not peer.gone or script.phase == ""
