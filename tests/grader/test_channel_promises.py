"""Nobody waits for what start_response returns, and nobody can tell but by the number of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.channel.exposure import declares
from grader.channel.remote import StudentError, StudentGone
from grader.testing import Finding
from grader.testing.events import Recorder
from grader.testing.finding import LimitReached
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ
from tests.grader.channel_pair import Pair, Serve, Wire, liar, pairs, submission

Start = Callable[[Serve], Pair]
APPS = """
import os
HEADERS = [("Content-Type", "text/plain")]
kept = []

def usual(environ, start_response):
    start_response("200 OK", HEADERS)
    return [b"body"]

def written(environ, start_response):
    write = start_response("200 OK", HEADERS)
    write(b"one")
    write(b"two")
    return []

def written_to_later(environ, start_response):
    kept.append(start_response("200 OK", HEADERS))
    yield b"one"
    kept[-1](b"two")

def silent(environ, start_response):
    return [b"body"]

def late(environ, start_response):
    yield b"early"
    start_response("200 OK", HEADERS)

def twice(environ, start_response):
    start_response("200 OK", HEADERS)
    start_response("201 Created", HEADERS)
    return []

def twice_excused(environ, start_response):
    start_response("200 OK", HEADERS)
    try:
        raise KeyError("own")
    except KeyError as error:
        start_response("500 Oops", [], (KeyError, error, None))
    return [b"x"]

def excused_too_late(environ, start_response):
    write = start_response("200 OK", HEADERS)
    write(b"sent")
    try:
        raise KeyError("own")
    except KeyError as error:
        start_response("500 Oops", [], (KeyError, error, None))
    return [b"x"]

def raises_behind(environ, start_response):
    start_response("200 OK", HEADERS)
    raise KeyError("own")

def dies_behind(environ, start_response):
    start_response("200 OK", HEADERS)
    os._exit(3)

def by_keyword(environ, start_response):
    start_response(status="200 OK", headers=HEADERS)
    return [b"x"]

def int_status(environ, start_response):
    start_response(200, HEADERS)
    return [b"x"]

def odd_headers(environ, start_response):
    start_response("200 OK", {"Content-Type": "text/plain"})
    return [b"x"]

def odd_values(environ, start_response):
    start_response("200 \\udcff", [("Content-Length", 1), ["A", "b"], ("\\n", "x")])
    return [b"x"]

def bad_values(environ, start_response):
    start_response("200", [("Content Type", "a\\nb"), ("Connection", "close")])
    return [b"x"]

def headers_changed_later(environ, start_response):
    headers = list(HEADERS)
    start_response("200 OK", headers)
    headers.append(("X-Late", "1"))
    return [b"x"]

def too_many(environ, start_response):
    start_response("200 OK", HEADERS * 600)
    return [b"x"]

def too_long(environ, start_response):
    start_response("200 OK", [("A", "x" * 20_000)])
    return [b"x"]

def many_starts(environ, start_response):
    for _ in range(60):
        try:
            start_response("200 OK", HEADERS)
        except AssertionError:
            pass
    return [b"x"]

def environ_changed(environ, start_response):
    start_response(environ.pop("REQUEST_METHOD"), HEADERS)
    environ["new"] = "value"
    return [b"x"]

class InClose:
    def __init__(self, environ, start_response):
        self.start_response = start_response
        self.chunks = iter([b"x"])

    def __iter__(self):
        return self.chunks

    def close(self):
        self.start_response("200 OK", HEADERS)
"""
NAMES = [
    line.split()[1].partition("(")[0].rstrip(":") for line in APPS.splitlines() if line.startswith(("def ", "class "))
]


class Waiting(Trace):
    """A conversation in which an app waits for what start_response returns."""

    @declares(AssertionError)
    def start_response(self, *args: Any, **kwargs: Any) -> Callable[[bytes], None]:  # noqa: ANN401
        """Take status and headers."""
        return super().start_response(*args, **kwargs)


@pytest.fixture
def start(posix: None) -> Iterator[Start]:
    with pairs() as start:
        yield start


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_is_the_same_whether_the_app_waits_or_not(start: Start, name: str) -> None:
    def seen(kind: type[Trace]) -> tuple[object, ...]:
        pair, recorder = start(submission(APPS)), Recorder()
        app, trace = getattr(pair.module, name), kind(recorder, make_environ("GET", "/"))
        error: BaseException | None = None
        try:
            trace.call(app).finish().close()
        except (AssertionError, StudentError, StudentGone, Finding, LimitReached) as raised:
            error = raised
        problems = [(found.rule, str(found.finding)) for found in trace.problems]
        changed = {key: value for key, value in trace.environ.items() if type(value) is str}
        said = trace.status, trace.headers, trace.body, trace.written, trace.starts, trace.reraised
        return recorder.logs, said, problems, changed, type(error), str(error), getattr(error, "phase", "")

    assert seen(Trace) == seen(Waiting)


def test_what_is_promised_is_no_answer(start: Start) -> None:
    pair = start(submission(APPS))
    for kind, answers in ((Waiting, 1), (Trace, 1)):
        app, trace = pair.module.usual, kind(Recorder(), make_environ("GET", "/"))
        before, asked = len(pair.answers), pair.requests
        trace.call(app)
        assert (trace.status, len(pair.answers) - before, pair.requests - asked) == ("200 OK", answers, 1)
    posted = [b'"p":1' in payload for payload in pair.process.payloads if b'"q"' in payload]
    assert posted == [False, True]


def test_a_promise_ends_with_the_call_that_brought_it(start: Start) -> None:
    pair = start(submission("kept = []\ndef app(environ, start_response):\n    kept.append(start_response)\n    return []\n"
                            "def go_on():\n    kept[0]('200 OK', [])\n"))  # fmt: skip
    module = pair.module
    trace = Trace(Recorder(), make_environ("GET", "/")).call(module.app)
    module.go_on()
    assert trace.status == "200 OK"
    assert not any(b'"p"' in payload for payload in pair.process.payloads)


def test_a_request_within_a_request_has_a_promise_of_its_own(start: Start) -> None:
    pair = start(submission(
        "def outer(environ, start_response):\n    environ['act']()\n    start_response('201 Outer', [])\n    return []\n"
        "def inner(environ, start_response):\n    start_response('202 Inner', [])\n    return []\n"
    ))  # fmt: skip
    module, recorder = pair.module, Recorder()
    inner = Trace(recorder, make_environ("GET", "/inner"))
    app = module.inner
    outer = Trace(recorder, {**make_environ("GET", "/outer"), "act": lambda: inner.call(app) and None})
    outer.call(module.outer)
    assert (outer.status, inner.status) == ("201 Outer", "202 Inner")
    assert sum(b'"p":1' in payload for payload in pair.process.payloads) == 2


# -- what a liar may say


def posting(*requests: dict[str, object]) -> Serve:
    """Answer a call with requests that want no answer."""

    def lie(wire: Wire) -> None:
        wire.receive()
        for number, asked in enumerate(requests, 1):
            wire.send({"q": number, "op": "call", "o": 1, "a": ["200 OK", []], "k": {}, "p": 1} | asked)
        wire.send({"s": 1, "ok": []})
        wire.receive()

    return liar(lie)


@pytest.mark.parametrize("requests", [
    [{}, {}], [{"o": 2}], [{"o": 99}], [{"o": True}], [{"o": []}], [{"op": "next"}], [{"op": None}], [{"p": 2}], [{"p": "1"}],
    [{"p": None}], [{"p": True}], [{"p": []}],
])  # fmt: skip
def test_a_request_without_an_answer_where_nothing_was_promised_is_a_violation(
    start: Start, requests: list[dict[str, object]]
) -> None:
    pair = start(posting(*requests))
    trace = Trace(Recorder(), make_environ("GET", "/"))
    with pytest.raises(StudentGone, match="protocol_violation") as caught:
        pair.peer.ask("call", "call", 1, trace.start_response)
    assert "nothing was promised" in caught.value.detail["reason"]


def test_a_lie_in_what_has_no_answer_is_seen_as_ever(start: Start) -> None:
    pair = start(posting({"a": [200, "no headers"]}))
    trace = Trace(Recorder(), make_environ("GET", "/"))
    assert pair.peer.ask("call", "call", 1, trace.start_response) == []
    assert trace.status == "200"
    assert trace.problems
