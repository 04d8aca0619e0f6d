"""Items of a submission's iterator come without being asked for one by one, and nobody can tell but by the number of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.channel.peer import MOST_ITEMS
from grader.channel.remote import StudentError, StudentGone, take_rest
from grader.testing import Finding
from grader.testing.events import Recorder
from grader.testing.finding import LimitReached
from grader.testing.trace import Trace
from grader.testing.tracer import Tracer
from tests.grader.channel_pair import LIMITS, Pair, Serve, Wire, frame, liar, pairs, submission

Start = Callable[[Serve], Pair]


@pytest.fixture
def start(posix: None) -> Iterator[Start]:
    with pairs() as start:
        yield start


def take_all(thing: Any, take: Callable[[Any], None]) -> None:  # noqa: ANN401 - a `StudentObject`
    """Take items until there are no more."""
    while True:
        try:
            take_rest(thing, take)
        except StopIteration:
            return


def answers(pair: Pair) -> int:
    """Return how many requests were answered so far."""
    return sum("i" not in header for header in pair.answers)


# -- what comes


def test_items_and_calls_come_in_the_order_in_which_they_were_made(start: Start) -> None:
    pair = start(
        submission("def items(tell):\n    yield b'1'\n    tell('between')\n    yield b'2'\n    tell('behind')\n")
    )
    log: list[object] = []
    take_all(pair.module.items(log.append), log.append)
    assert log == [b"1", "between", b"2", "behind"]


def test_many_items_take_few_requests(start: Start) -> None:
    pair = start(submission("def items(): yield from [b'x'] * 100"))
    items = pair.module.items()
    taken: list[bytes] = []
    before = answers(pair)
    take_all(items, taken.append)
    assert taken == [b"x"] * 100
    assert answers(pair) - before == 100 // MOST_ITEMS + 1


@pytest.mark.parametrize("item", ["1", "'text'", "None", "[b'x']", "b'x' * 70_000"])
def test_nothing_is_done_beyond_what_is_large_or_no_bytes_before_that_was_looked_at(start: Start, item: str) -> None:
    pair = start(
        submission(f"def items(tell):\n    yield b'1'\n    yield {item}\n    tell('too far')\n    yield b'2'\n")
    )
    log: list[object] = []
    take_rest(pair.module.items(log.append), log.append)
    assert len(log) == 2


def test_items_before_the_end_of_a_process_are_seen(start: Start) -> None:
    pair = start(submission("import os\ndef items():\n    yield b'1'\n    yield b'2'\n    os._exit(3)\n"))
    items = pair.module.items()
    taken: list[bytes] = []
    with pytest.raises(StudentGone) as caught:
        take_rest(items, taken.append)
    assert (caught.value.verdict, caught.value.detail["phase"]) == ("exited", "iterate")
    assert taken == [b"1", b"2"]


def test_items_before_an_exception_are_seen(start: Start) -> None:
    pair = start(submission("def items():\n    yield b'1'\n    raise KeyError('own')\n"))
    items = pair.module.items()
    taken: list[bytes] = []
    with pytest.raises(StudentError) as caught:
        take_rest(items, taken.append)
    assert (caught.value.type, caught.value.phase) == ("KeyError", "iterate")
    assert taken == [b"1"]


def test_what_is_too_large_for_a_frame_is_an_exception(start: Start) -> None:
    pair = start(submission("def items():\n    yield bytes(5 << 20)\n"))
    items = pair.module.items()
    with pytest.raises(StudentError) as caught:
        take_rest(items, print)
    assert caught.value.type == "FrameTooLarge"


def test_each_item_has_a_deadline_of_its_own(posix: None) -> None:
    source = "import time\ndef items(pause):\n    for _ in range(4):\n        time.sleep(pause)\n        yield b'x'\n"
    limits = LIMITS.__class__(call=1.5, load=5.0, test=20.0)
    with pairs(limits) as start:
        pair = start(submission(source))
        taken: list[bytes] = []
        take_all(pair.module.items(0.5), taken.append)
        assert taken == [b"x"] * 4
        items = pair.module.items(4)
        with pytest.raises(StudentGone, match="timeout"):
            take_rest(items, taken.append)


def test_what_our_side_raises_is_raised_once_the_items_have_come(start: Start) -> None:
    pair = start(submission("def items(): yield from [b'1', b'2', b'3']\ndef double(n): return 2 * n\n"))
    taken: list[bytes] = []

    def take(item: bytes) -> None:
        taken.append(item)
        if item == b"2":
            raise LimitReached("chunks")

    items = pair.module.items()
    with pytest.raises(LimitReached):
        take_rest(items, take)
    assert taken == [b"1", b"2"]
    assert pair.module.double(4) == 8


def test_a_conversation_within_one_has_items_of_its_own(start: Start) -> None:
    pair = start(submission("def items(act):\n    yield b'1'\n    act()\n    yield b'2'\n"))
    log: list[bytes] = []
    make = pair.module.items
    take_all(make(lambda: take_all(make(lambda: None), lambda item: log.append(b"inner " + item))), log.append)
    assert log == [b"1", b"inner 1", b"inner 2", b"2"]


def test_only_what_can_still_run_code_is_closed(start: Start) -> None:
    pair = start(submission(
        "class Own:\n    def __iter__(self): return self\n    def __next__(self): raise StopIteration\n"
        "    def close(self): return 'closed'\n"
        "def items():\n    try:\n        yield b'1'\n    finally:\n        log.append('ended')\nlog = []\n"
    ))  # fmt: skip
    module = pair.module
    own, ended, begun = module.Own(), module.items(), module.items()
    take_all(own, print)
    take_all(ended, lambda _item: None)
    next(begun)
    before = answers(pair)
    assert ended.close() is None
    assert answers(pair) == before
    assert own.close() == "closed"
    begun.close()
    assert module.log == ["ended", "ended"]


# -- what a liar may say


def item(number: object, value: str = '{"b":0},"bl":[1]', blob: bytes = b"x") -> bytes:
    """Return the frame of an item."""
    return frame(f'{{"s":{number},"i":{value}}}', blob)


@pytest.mark.parametrize(("lie", "reason"), [
    (item(1) * (MOST_ITEMS + 1), "more items than were asked for"),
    (item(2), "out of sequence"),
    (item("true"), "out of sequence"),
    (item(1, '1,"ok":1', b""), "says nothing, or two things"),
    (item(1, '1,"end":1', b""), "says nothing, or two things"),
    (item(1, '{"z":1}', b""), "unknown kind"),
    (item(1, '{"b":1},"bl":[1]'), "out of range"),
])  # fmt: skip
def test_a_wrong_item_is_a_violation(start: Start, lie: bytes, reason: str) -> None:
    def tell(wire: Wire) -> None:
        wire.receive()
        wire.raw(lie)
        wire.receive()

    pair = start(liar(tell))
    with pytest.raises(StudentGone, match="protocol_violation") as caught:
        pair.peer.ask_for_rest(1, lambda _item: None)
    assert reason in caught.value.detail["reason"]


@pytest.mark.parametrize("operation", ["call", "next", "len", "find"])
def test_an_item_that_nobody_asked_for_is_a_violation(start: Start, operation: str) -> None:
    def tell(wire: Wire) -> None:
        wire.receive()
        wire.raw(item(1))
        wire.receive()

    pair = start(liar(tell))
    with pytest.raises(StudentGone, match="protocol_violation") as caught:
        pair.peer.ask("call", operation, 1)
    assert "no iteration" in caught.value.detail["reason"]


def test_an_item_behind_the_answer_is_a_violation(start: Start) -> None:
    def tell(wire: Wire) -> None:
        wire.receive()
        wire.raw(item(1) + frame('{"s":1,"ok":null}') + item(1))

    pair = start(liar(tell))
    taken: list[bytes] = []
    pair.peer.ask_for_rest(1, taken.append)
    assert taken == [b"x"]
    with pytest.raises(StudentGone, match="protocol_violation"):
        pair.peer.ask("call", "call", 1)


# -- the driver cannot tell

APPS = """
import os
HEADERS = [("Content-Type", "text/plain")]

def generator(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"one"
    yield b""
    yield b"three"

def late(environ, start_response):
    yield b"early"
    start_response("200 OK", HEADERS)
    yield b"late"

def written(environ, start_response):
    write = start_response("200 OK", HEADERS)
    write(b"first")
    yield b"second"
    write(b"third")
    yield b"fourth"

def reading(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"before"
    yield environ["wsgi.input"].read(3)
    yield environ["wsgi.input"].read()

def twice(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"x"
    start_response("200 OK", HEADERS)

def failing(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"x"
    raise KeyError("own")

def no_bytes(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"x"
    yield 3
    os._exit(1)

def text(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"x"
    yield "text"
    yield b"y"

def dying(environ, start_response):
    start_response("200 OK", HEADERS)
    yield b"x"
    os._exit(5)

def endless(environ, start_response):
    start_response("200 OK", HEADERS)
    while True:
        yield b"x" * 40_000

class Closing:
    def __init__(self, environ, start_response):
        start_response("200 OK", HEADERS)
        self.chunks = [b"a", b"b"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.chunks:
            raise StopIteration
        return self.chunks.pop()

    def close(self):
        raise ValueError("own")

class Iterable(Closing):
    def __iter__(self):
        return iter(self.chunks)
"""
NAMES = (
    "generator", "late", "written", "reading", "twice", "failing", "no_bytes", "text", "dying", "endless", "Closing", "Iterable",
)  # fmt: skip


def stepwise(seen: Trace) -> None:
    """Drive a conversation chunk by chunk."""
    while seen.step():
        pass


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_is_the_same_chunk_by_chunk_and_at_once(start: Start, name: str) -> None:
    def seen(drive: Callable[[Trace], object]) -> tuple[object, ...]:
        pair, recorder = start(submission(APPS)), Recorder()
        error: BaseException | None = None
        try:
            conversation = Tracer(recorder).start(getattr(pair.module, name), "POST", "/", body=b"body")
            try:
                drive(conversation)
            finally:
                conversation.close()
        except (StudentError, StudentGone, Finding, LimitReached) as raised:
            error = raised
        made = recorder.kept[0]
        assert isinstance(made, Trace)
        problems = [(found.rule, str(found.finding)) for found in made.problems]
        return recorder.logs, made.body, made.status, problems, made.input.calls, type(error), str(error)

    at_once, by_chunk = seen(Trace.finish), seen(stepwise)
    if name == "endless":  # which may have gone on for a few items more
        assert at_once[5] is by_chunk[5] is LimitReached
    else:
        assert at_once == by_chunk
