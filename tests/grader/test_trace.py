"""The strict driver: the events that it notes, the rules that it finds broken, and the right apps that it must not accuse."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from grader.testing import events, rules
from grader.testing.announcement import MAX_HEADER_TEXT, MAX_HEADERS
from grader.testing.events import Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.rules import Rule
from grader.testing.trace import MAX_CHUNKS, Trace
from grader.testing.tracer import Tracer

App = Callable[[dict[str, Any], Callable[..., Any]], Any]
TEXT = [("Content-Type", "text/plain")]


def answering(status: object = "200 OK", headers: object = None, body: object = (b"hello",)) -> App:
    """Return an app that gives one answer."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> object:
        start_response(status, TEXT if headers is None else headers)
        return list(body) if type(body) is tuple else body

    return app


def generator(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    start_response("200 OK", list(TEXT))
    yield b"one"
    yield b"two"


def writing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))(b"written ")
    return [b"yielded"]


def replacing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", list(TEXT))
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", list(TEXT), sys.exc_info())
    return [b"sorry"]


class Closing:
    """An iterable that counts how often it was closed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self.chunks

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def trace() -> Tracer:
    return Tracer(Recorder())


def broken(seen: Trace) -> set[Rule]:
    return {problem.rule for problem in seen.problems}


RIGHT: dict[str, App] = {
    "list": answering(),
    "tuple": answering(body=(b"a", b"b")),
    "empty": answering(body=()),
    "generator": generator,
    "write": writing,
    "exc_info before the body": replacing,
    "length": answering(headers=[*TEXT, ("Content-Length", "5")]),
    "tab in a value": answering(headers=[("X-A", "a\tb")]),
    "latin-1 value": answering(headers=[("X-A", "Amélie")]),
    "303 without type": answering("303 See Other", [("Location", "/")], ()),
    "204": answering("204 No Content", [], ()),
    "empty chunk first": answering(body=(b"", b"x")),
    "one-letter reason": answering("500 X"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_apps_break_no_rule(name: str, trace: Tracer) -> None:
    seen = trace(RIGHT[name])
    assert seen.problems == []
    seen.check()


def late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    yield b"x"
    start_response("200 OK", list(TEXT))


WRONG: dict[str, tuple[App, Rule]] = {
    "str chunk": (answering(body=["text"]), rules.BODY_BYTES),
    "int chunk": (answering(body=[1]), rules.BODY_BYTES),
    "bytearray chunk": (answering(body=[bytearray(b"x")]), rules.BODY_BYTES),
    "bare bytes": (answering(body=b"bare"), rules.NOT_BARE),
    "bare str": (answering(body="bare"), rules.NOT_BARE),
    "None": (lambda _e, s: s("200 OK", list(TEXT)) and None, rules.ITERABLE),
    "no iterable": (answering(body=5), rules.ITERABLE),
    "status int": (answering(200), rules.STATUS_LINE),
    "status bytes": (answering(b"200 OK"), rules.STATUS_LINE),
    "status without reason": (answering("200"), rules.STATUS_LINE),
    "status with newline": (answering("200 OK\n"), rules.STATUS_LINE),
    "status with blank end": (answering("200 "), rules.STATUS_LINE),
    "status not latin-1": (answering("200 好"), rules.STATUS_LINE),
    "status with DEL": (answering("200 O\x7fK"), rules.STATUS_LINE),
    "headers dict": (answering(headers=dict(TEXT)), rules.HEADER_LIST),
    "headers tuple": (answering(headers=tuple(TEXT)), rules.HEADER_LIST),
    "headers of lists": (answering(headers=[["Content-Type", "text/plain"]]), rules.HEADER_LIST),
    "headers of three": (answering(headers=[("a", "b", "c")]), rules.HEADER_LIST),
    "header None": (answering(headers=[None]), rules.HEADER_LIST),
    "int value": (answering(headers=[("Content-Length", 5)]), rules.HEADER_LIST),
    "bytes name": (answering(headers=[(b"Content-Type", "x")]), rules.HEADER_LIST),
    "colon in a name": (answering(headers=[("A:", "x")]), rules.HEADER_SYNTAX),
    "blank in a name": (answering(headers=[("A b", "x")]), rules.HEADER_SYNTAX),
    "empty name": (answering(headers=[("", "x")]), rules.HEADER_SYNTAX),
    "name with newline": (answering(headers=[("A\n", "x")]), rules.HEADER_SYNTAX),
    "status header": (answering(headers=[("Status", "200")]), rules.HEADER_SYNTAX),
    "newline in a value": (answering(headers=[("A", "x\r\nB: y")]), rules.HEADER_SYNTAX),
    "value not latin-1": (answering(headers=[("A", "影")]), rules.HEADER_SYNTAX),
    "hop by hop": (answering(headers=[("Connection", "close")]), rules.HOP_BY_HOP),
    "transfer encoding": (answering(headers=[("Transfer-Encoding", "chunked")]), rules.HOP_BY_HOP),
    "length too small": (answering(headers=[("Content-Length", "4")]), rules.CONTENT_LENGTH),
    "length too large": (answering(headers=[("content-length", "6")]), rules.CONTENT_LENGTH),
    "two lengths": (answering(headers=[("Content-Length", "5"), ("Content-Length", "5")]), rules.CONTENT_LENGTH),
    "204 with a body": (answering("204 No Content", []), rules.NO_BODY),
    "304 with a body": (answering("304 Not Modified", []), rules.NO_BODY),
    "never started": (lambda _e, _s: [], rules.START_FIRST),
    "body first": (late, rules.START_FIRST),
    "keywords": (lambda _e, s: [s(status="200 OK", headers=list(TEXT)) and b""], rules.START_ARGUMENTS),
    "write of str": (lambda _e, s: s("200 OK", list(TEXT))("text") or [], rules.WRITE),
    "304 with a wrong length": (answering("304 Not Modified", [("Content-Length", "4")]), rules.CONTENT_LENGTH),
    "204 with a wrong length": (answering("204 No Content", [("Content-Length", "4")]), rules.CONTENT_LENGTH),
    "no exc_info": (lambda _e, s: s("200 OK", list(TEXT), (1, 2, 3)) and [], rules.EXC_INFO),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_rule_is_found_and_named(name: str, trace: Tracer) -> None:
    app, rule = WRONG[name]
    seen = trace(app)
    assert rule in broken(seen)
    with pytest.raises(Finding):
        seen.check(rule)


def test_only_the_rules_asked_for_are_checked(trace: Tracer) -> None:
    seen = trace(answering(200, body=["text"]))
    seen.check(rules.HEADER_LIST)
    with pytest.raises(Finding, match="yielded"):
        seen.check(rules.BODY_BYTES)


def test_reading_is_lenient_so_that_one_mistake_costs_one_test(trace: Tracer) -> None:
    seen = trace(answering(headers={"Content-Length": 6}, body=["影单"]))
    assert seen.header("content-length") == "6"
    assert seen.body == "影单".encode()
    assert rules.CONTENT_LENGTH not in broken(seen)


def test_headers_are_compared_without_their_order_and_without_those_that_differ_each_time(trace: Tracer) -> None:
    one, other, third = (
        trace(answering(headers=headers), "GET", "/").announced
        for headers in (
            [("X-A", "1"), *TEXT, ("Date", "today")],
            [("content-type", "text/plain"), ("x-a", "1"), ("X-Request-ID", "7")],
            [("X-A", "2"), *TEXT],
        )
    )
    assert one == other == [("content-type", "text/plain"), ("x-a", "1")]
    assert third != one


def test_body_on_head_is_found_and_its_length_is_not_compared(trace: Tracer) -> None:
    assert broken(trace(answering(headers=[("Content-Length", "5")]), "HEAD")) == {rules.NO_BODY}
    assert broken(trace(answering(headers=[("Content-Length", "5")], body=()), "HEAD")) == set()


def test_a_second_start_without_exc_info_raises_in_the_app(trace: Tracer) -> None:
    caught: list[BaseException] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        try:
            start_response("500 Oops", [])
        except AssertionError as error:
            caught.append(error)
        return []

    assert rules.START_ONCE in broken(trace(app))
    assert len(caught) == 1


@pytest.mark.parametrize("excuse", [(), (1, 2, 3), "excuse", (ValueError, "no exception", None)])
def test_a_second_start_whose_excuse_is_no_exception_replaces_nothing(trace: Tracer, excuse: object) -> None:
    caught: list[BaseException] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        yield b"hello"
        try:
            start_response("200 OK", [("Content-Length", "5")], excuse)
        except AssertionError as error:
            caught.append(error)

    seen = trace(app)
    assert {rules.EXC_INFO, rules.START_ONCE, rules.CONTENT_LENGTH} <= broken(seen)
    assert seen.header("Content-Length") == "2"
    assert len(caught) == 1


class Late:
    """An iterable that does something when it is closed."""

    def __init__(self, chunks: Iterable[bytes], act: Callable[[], object]) -> None:
        self.chunks = chunks
        self.act = act

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        self.act()


@pytest.mark.parametrize("stop_after", [None, 0, 1])
def test_what_is_written_after_the_end_is_no_part_of_the_body(trace: Tracer, stop_after: int | None) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Late:
        write = start_response("200 OK", [("Content-Length", "8")])
        write(b"written")
        return Late([], lambda: write(b"!"))

    seen = trace(app, stop_after=stop_after)
    assert seen.body == b"written"
    assert {rules.WRITE, rules.CONTENT_LENGTH} <= broken(seen)


def test_nothing_can_be_announced_after_the_end(trace: Tracer) -> None:
    caught: list[BaseException] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Late:
        def again() -> None:
            try:
                try:
                    raise ValueError
                except ValueError:
                    start_response("500 Oops", [], sys.exc_info())
            except AssertionError as error:
                caught.append(error)

        start_response("200 OK", list(TEXT))
        return Late([], again)

    seen = trace(app)
    assert (seen.status, seen.headers) == ("200 OK", TEXT)
    assert rules.START_ONCE in broken(seen)
    assert len(caught) == 1


@pytest.mark.parametrize("method", ["HEAD", None])
def test_what_the_app_does_to_its_environ_does_not_change_what_was_asked(trace: Tracer, method: str | None) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["REQUEST_METHOD"] = method
        return answering(headers=[("Content-Length", "4")])(environ, start_response)  # type: ignore[no-any-return]

    assert broken(trace(app)) == {rules.CONTENT_LENGTH}


def test_exc_info_after_the_headers_are_gone_is_raised_again_and_must_not_be_swallowed(trace: Tracer) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"sent"
        try:
            raise ValueError("late")
        except ValueError:
            try:
                start_response("500 Oops", [], sys.exc_info())
            except ValueError:
                yield b"swallowed"

    seen = trace(app)
    assert seen.reraised
    assert rules.SWALLOWED in broken(seen)


def test_write_from_inside_the_iterable_is_found(trace: Tracer) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        write(b"no")
        yield b"x"

    assert rules.WRITE in broken(trace(app))


def test_reading_past_the_body_is_found_and_would_block(trace: Tracer) -> None:
    def greedy(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        try:
            return [environ["wsgi.input"].read()]
        except OSError:
            return [b"blocked"]

    def right(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    seen = trace(greedy, "POST", body=b"form")
    assert rules.INPUT in broken(seen)
    assert seen.body == b"blocked"
    seen = trace(right, "POST", body=b"form")
    assert seen.problems == []
    assert seen.body == b"form"
    assert seen.input.calls == [("read", (4,))]


@pytest.mark.parametrize(
    ("body", "read", "blocks"),
    [
        (b"form", lambda stream: stream.read(4), False),
        (b"form", lambda stream: stream.read(5), True),
        (b"form", lambda stream: stream.read(-1), True),
        (b"form", lambda stream: stream.read(2 << 70), True),
        (b"form", lambda stream: stream.readline(4), False),
        (b"form", lambda stream: stream.readline(5), True),
        (b"form", lambda stream: stream.readline(0), False),
        (b"form", lambda stream: stream.readline(), True),
        (b"form\n", lambda stream: stream.readline(), False),
        (b"form\n", lambda stream: stream.readline(9), False),
        (b"form\n", lambda stream: stream.readlines(), True),
        (b"form\n", list, True),
        (b"", lambda stream: stream.read(0), False),
        (b"", lambda stream: stream.readline(), True),
    ],
)
def test_reading_blocks_where_neither_size_nor_line_feed_ends_it(
    trace: Tracer, body: bytes, read: Callable[[Any], object], blocks: bool
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        try:
            read(environ["wsgi.input"])
        except OSError:
            return [b"blocked"]
        return [b"fine"]

    strict, lenient = trace(app, "POST", body=body), trace(app, "POST", body=body, input_ends=True)
    assert strict.body == (b"blocked" if blocks else b"fine")
    assert lenient.body == b"fine"
    assert (rules.INPUT in broken(strict)) == (rules.INPUT in broken(lenient)) == blocks


def test_a_stream_that_ends_gives_what_is_left(trace: Tracer) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(2), *environ["wsgi.input"], environ["wsgi.input"].read()]

    seen = trace(app, "POST", body=b"one\ntwo", input_ends=True)
    assert seen.chunks == [b"on", b"e\n", b"two", b""]
    assert seen.input.taken == 7


def test_stepping_stops_where_the_test_wants_and_closes_once(trace: Tracer) -> None:
    for stop_after, taken in ((0, 0), (1, 1), (None, 3)):
        body = Closing([b"1", b"2", b"3"])
        seen = trace(answering(body=body), stop_after=stop_after)
        assert len(seen.chunks) == taken
        assert body.closed == 1
        seen.close()
        assert body.closed == 1


def test_closing_is_left_to_the_test_on_request(trace: Tracer) -> None:
    body = Closing([b"1"])
    seen = trace(answering(body=body), close=False)
    assert body.closed == 0
    seen.close()
    assert body.closed == 1


def test_two_requests_interleave_from_inside_a_read(trace: Tracer) -> None:
    shared: dict[str, Any] = {}

    def careless(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        shared["path"] = environ["PATH_INFO"]
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [])
        return [shared["path"].encode()]

    outer = trace(careless, "POST", "/a", body=b"x", before_read=lambda: trace(careless, "POST", "/b", body=b"y"))
    assert outer.body == b"/b"


def test_overlapping_conversations_keep_their_events_apart(trace: Tracer) -> None:
    one, other = trace.start(generator), trace.start(generator)
    one.step()
    other.finish()
    one.finish()
    assert one.body == other.body == b"onetwo"
    assert one.events == other.events


def test_the_path_arrives_as_latin_1_characters_and_keys_can_be_removed(trace: Tracer) -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    trace(app, path="/电影", headers={"Content-Type": "a/b", "X-Request-ID": "1"}, environ={"QUERY_STRING": None})
    assert seen["PATH_INFO"] == "/电影".encode().decode("latin-1")
    assert seen["CONTENT_TYPE"] == "a/b"
    assert seen["HTTP_X_REQUEST_ID"] == "1"
    assert "QUERY_STRING" not in seen


def test_endless_answers_end(trace: Tracer) -> None:
    def endless(chunk: bytes) -> App:
        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
            start_response("200 OK", [])
            while True:
                yield chunk

        return app

    with pytest.raises(LimitReached):
        trace(endless(b""))
    with pytest.raises(LimitReached):
        trace(endless(b"x" * 100_000))

    def starting(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        while True:
            try:
                raise ValueError
            except ValueError:
                start_response("200 OK", [], sys.exc_info())

    with pytest.raises(LimitReached):
        trace(starting)
    assert MAX_CHUNKS == 5000


@pytest.mark.parametrize(
    "headers",
    [[("A", "")] * (MAX_HEADERS + 1), [()] * (MAX_HEADERS + 1), [("A", "x" * MAX_HEADER_TEXT)], {"A": "x" * MAX_HEADER_TEXT},
     [("A" * 200, "x" * 200)] * 50, [("A", "", "x" * MAX_HEADER_TEXT)], [(b"x" * MAX_HEADER_TEXT, b"y", 2)]],
    ids=["many", "many of nothing", "large", "large in a dict", "large together", "large and of three", "large bytes"],
)  # fmt: skip
def test_more_headers_than_any_answer_has_are_not_read(trace: Tracer, headers: object) -> None:
    with pytest.raises(LimitReached):
        trace(answering(headers=headers))


def test_many_headers_are_fine(trace: Tracer) -> None:
    headers = [("X-A", "x" * 20)] * MAX_HEADERS
    assert trace(answering(headers=headers)).headers == headers


def test_the_trace_of_a_public_test_has_details_and_that_of_a_hidden_one_has_none(trace: Tracer) -> None:
    seen = trace(answering(headers=[*TEXT, ("Content-Length", "5")]))
    assert events.line(seen.events, hidden=False) == (
        "called > start_response('200 OK', 2 headers) > returned list > yield bytes[5]"
    )
    assert events.line(seen.events, hidden=True) == "called > start_response > returned > yield"


def test_a_trace_is_short_and_safe_whatever_the_app_says(trace: Tracer) -> None:
    seen = trace(answering("200 \x1b[31mred\u202e", body=tuple(b"x" * n for n in range(40))))
    line = events.line(seen.events, hidden=False)
    assert len(line) < 700
    assert line.isprintable()
    assert "…" in line
