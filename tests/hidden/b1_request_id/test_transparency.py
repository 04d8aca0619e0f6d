"""B1, hidden: a middleware stands between a picky server and applications of every legal kind, and neither notices it.

The applications inside are ours (`inner`), so they see what the middleware does to them. Every test also asks for the
id: without it, a middleware that does nothing would be the most transparent one.
"""

import random
from collections.abc import Callable
from typing import Any

from pytest import fixture, mark

from grader.testing import Finding, Submission, Tracer, inner, public, rules
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ

LEAK_MARKER = "leak-marker-c41b90e7-b1"
HEADER = "X-Request-ID"


# -- applications inside the middleware


class Empty(inner.Plain):
    """Announces when it is asked for its first chunk, and has none."""

    def __init__(self, *_chunks: bytes) -> None:
        super().__init__(lazy=True, status="304 Not Modified", headers=[("ETag", '"1"')])
        self.chunks = ()


# -- driving


@fixture
def inside(rng: random.Random) -> Callable[..., inner.Plain]:
    """Make applications of a class of `inner`, each with chunks that nobody knew before, one of them empty."""

    def make(app: type[inner.Plain] = inner.Plain, /, **options: Any) -> inner.Plain:  # noqa: ANN401
        one, *others = inner.unforeseen(rng)
        return app(one, b"", *others, **options)

    return make


def wrapped(submission: Submission, app: inner.Plain, **options: object) -> Any:  # noqa: ANN401 - a callable of the submission's
    """Put the middleware around an application."""
    return inner.callable_of(submission.RequestId(app, **options), "RequestId(app)")


def begun(trace: Tracer, app: Any, incoming: str | None = None, path: str = "/") -> Trace:  # noqa: ANN401
    """Prepare a conversation with an app, which begins with `Trace.call`."""
    headers = {} if incoming is None else {HEADER: incoming}
    seen = Trace(trace.recorder, make_environ("GET", path, headers=headers))
    return seen.call(app)


def has_id(seen: Trace, app: inner.Plain, status: str = "200 OK") -> None:
    """Ask for what a middleware that does nothing lacks: an answer of the application inside, with an id."""
    inner.was_called(app)
    if not seen.starts:
        raise Finding("the app announced its status and headers, and the server never heard of them",
                      "when does your middleware call the server's start_response?")  # fmt: skip
    assert seen.status == status, "the status that the server got: is it the app's?"
    count = len(seen.all_headers(HEADER))
    if count != 1:
        raise Finding("the server got {count} headers with the name X-Request-ID, not one",
                      "the list of headers that you pass to the server's start_response", count=public(count))  # fmt: skip


def is_whole(seen: Trace, app: inner.Plain) -> None:
    """Ask for a whole answer that is legal."""
    assert seen.body == b"".join(app.chunks), "the body that the server got: is it the app's, byte for byte?"
    seen.check(rules.ITERABLE, rules.BODY_BYTES, rules.START_FIRST, rules.TRUE_LENGTH)


# -- what must hold


@mark.points(5, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_normal(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """after the whole body was read, closing closes the app's iterable once"""
    for kind in (inner.Body, inner.OwnIterator):
        app = inside(kind=kind)
        seen = begun(trace, wrapped(submission, app)).finish().close()
        has_id(seen, app)
        is_whole(seen, app)
        inner.was_closed_once(app)
    app = inside(inner.List)
    seen = begun(trace, wrapped(submission, app)).finish().close()
    has_id(seen, app)
    is_whole(seen, app)


@mark.points(6, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_early(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """when the client leaves after the first chunk, closing closes the app's iterable once"""
    for kind in (inner.Body, inner.OwnIterator):
        app = inside(kind=kind)
        seen = begun(trace, wrapped(submission, app))
        seen.step()
        seen.close()
        has_id(seen, app)
        inner.was_closed_once(app)


@mark.points(5, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_on_error(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """when the app fails after a chunk, the server gets its exception, and closing closes the app's iterable once"""
    for kind in (inner.Body, inner.OwnIterator):
        app = inside(inner.Failing, kind=kind)
        target = wrapped(submission, app)
        seen = Trace(trace.recorder, make_environ("GET", "/"))
        error = inner.failure_of(lambda seen=seen, target=target: seen.call(target).finish())  # type: ignore[misc]
        seen.close()
        if error is not app.failure:
            raise Finding("the app raised an exception, and it did not reach the server",
                          "where do you catch exceptions of the app? The server has to see them")  # fmt: skip
        has_id(seen, app)
        inner.was_closed_once(app)


@mark.points(4, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_uniterated(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """when the server closes without reading anything, the app's iterable is closed once"""
    for kind in (inner.Body, inner.OwnIterator):
        app = inside(kind=kind)
        seen = begun(trace, wrapped(submission, app)).close()
        has_id(seen, app)
        inner.was_closed_once(app)


@mark.points(8, "protocol", rule="PEP 3333 (must): Specification Details", statement="lazy-start")
def test_lazy_start(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """an app that calls start_response at its first step gets the id too"""
    for app in (inside(lazy=True), inside(inner.Generator), inside(Empty)):
        seen = begun(trace, wrapped(submission, app)).finish().close()
        has_id(seen, app, status=app.status)
        is_whole(seen, app)


@mark.points(6, "protocol", rule="PEP 3333 (must): The write() Callable", statement="write")
def test_write_callable(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """an app that sends its first bytes with write() keeps its order, and what it yields stays in the iterable"""
    app = inside(inner.Writing)
    seen = begun(trace, wrapped(submission, app)).finish().close()
    seen.check(rules.WRITE)
    has_id(seen, app)
    is_whole(seen, app)
    if app.chunks[-1] in b"".join(seen.written):
        raise Finding("what the app yielded came to the server through write()",
                      "what you pass to write(): only what the app itself writes")  # fmt: skip


@mark.points(8, "protocol", rule="PEP 3333 (must): Error Handling", statement="exc-info")
def test_exc_info_passed(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """an app may correct its status with exc_info, and when it is too late the server's exception stops it"""
    app = inside(inner.Correcting)
    seen = begun(trace, wrapped(submission, app)).finish().close()
    has_id(seen, app, status=inner.ERROR)
    is_whole(seen, app)

    app = inside(inner.Correcting, after=1)
    target = wrapped(submission, app)
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    error = inner.failure_of(lambda: seen.call(target).finish())
    seen.close()
    seen.check(rules.EXC_INFO, rules.SWALLOWED)
    if not seen.reraised:
        raise Finding("the app gave exc_info after its first bytes, and the server raised nothing",
                      "did the bytes leave before, when the app yielded them, and does exc_info reach the server?")  # fmt: skip
    if error is not app.failure:
        raise Finding("the server raised its exception in start_response, and it did not come back to the server",
                      "where do you catch exceptions? This one goes on through the app and through you")  # fmt: skip
    has_id(seen, app)


@mark.points(8, "robustness", rule="PEP 3333 (should): Thread Support", statement="overlap")
def test_reentrant(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """two requests at a time mix neither ids nor iterables, and the headers do not grow from request to request"""
    app = inside()
    target = wrapped(submission, app)
    one, other = begun(trace, target, "first-one", "/1"), begun(trace, target, "second-one", "/2")
    other.step()
    closed = closings(app, "/2")
    one.finish().close()
    if closings(app, "/2") != closed:
        raise Finding("closing the first of two answers closed the app's iterable of the second one",
                      "two requests at a time: which iterable does close() close? Attributes of self are for all")  # fmt: skip
    other.finish().close()
    for seen in (one, other):
        assert seen.body == b"".join(app.chunks), "two requests at a time: where do you keep the iterable of each?"
    if one.all_headers(HEADER) != ["first-one"] or other.all_headers(HEADER) != ["second-one"]:
        raise Finding("two requests at a time: an answer did not carry its own id, and only that",
                      "where do you keep the id between the call and start_response? Attributes of self are for all")  # fmt: skip

    app = inside()
    target = wrapped(submission, app)
    app.meanwhile = lambda: begun(trace, target, "inner-one").finish().close()
    seen = begun(trace, target, "outer-one").finish().close()
    if seen.all_headers(HEADER) != ["outer-one"]:
        raise Finding("a second request began while the app was being called, and the first answer lost its own id",
                      "where do you keep the id between the call and start_response? Attributes of self are for all")  # fmt: skip

    app = inside(headers=inner.some_headers())
    target = wrapped(submission, app)
    for name in ("once", "twice", "again"):
        seen = begun(trace, target, name).finish().close()
        if seen.all_headers(HEADER) != [name]:
            raise Finding("the app used its list of headers again, and the server got ids of earlier requests",
                          "the list belongs to the app: what do you put into it, and is there an id in it already?")  # fmt: skip
        others = [pair for pair in seen.headers if pair[0].lower() != HEADER.lower()]
        assert others == inner.some_headers(), "the app's own headers, and their order"


def closings(app: inner.Plain, path: str) -> int:
    """Return how often what the application returned for a path was closed."""
    return app.bodies[[environ["PATH_INFO"] for environ in app.environs].index(path)].closed


@mark.points(4, "protocol", rule="PEP 3333 (must): Middleware Handling of Block Boundaries", statement="chunk-by-chunk",
             after=test_lazy_start)  # fmt: skip
def test_no_prefetch_block_boundary(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """for each chunk that the server asks for, the app is asked for one at most"""
    for lazy in (False, True):
        app = inside(lazy=lazy)
        seen = begun(trace, wrapped(submission, app))
        inner.was_called(app)
        if app.bodies[0].pulled:
            raise Finding("before the server asked for anything, your middleware took a chunk from the app",
                          "who iterates over the app's iterable in the call? list(), join() and next() do")  # fmt: skip
        steps = 0
        while seen.step():
            steps += 1
            if app.bodies[0].pulled > steps:
                raise Finding("the server asked for one chunk, and your middleware took several from the app",
                              "what you do with empty chunks, and with chunks that you keep for later")  # fmt: skip
        seen.close()
        has_id(seen, app)
        is_whole(seen, app)


MADE = "made-here"
GOOD = ("a", "A1.b_2-c", "x" * 64)
LENGTHS = ("", "x" * 65, "x" * 100)
CHARACTERS = ("two words", "first, second", "电影-1".encode().decode("latin-1"), "caf\xe9", "id-\xb2", "<b>")
LINES = ("abc\n", "abc\r\nSet-Cookie: admin=1", "abc\r", "\nabc")


@mark.points(6, "robustness", statement="incoming")
def test_bad_incoming_id(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """an incoming id that does not match the pattern is replaced by a new one, and one that does is kept"""
    app = inside()
    target = wrapped(submission, app, make_id=lambda: MADE)

    def id_for(incoming: str) -> str:
        seen = begun(trace, target, incoming).finish().close()
        has_id(seen, app)
        return seen.header(HEADER) or ""

    for name in GOOD:
        if id_for(name) != name:
            raise Finding("a good id that came in was not kept",
                          "a good id has 1 to 64 letters, digits, dots, underscores and hyphens")  # fmt: skip
    for name in CHARACTERS:
        if id_for(name) != MADE:
            raise Finding("an id with other characters than the pattern allows was not replaced by a new one",
                          "which characters you accept: many letters and digits are not ASCII")  # fmt: skip
    for name in LENGTHS:
        if id_for(name) != MADE:
            raise Finding("an id that is too long, or empty, was not replaced by a new one",
                          "how long an id may be that came in: at least 1 and at most 64 characters")  # fmt: skip
    for name in LINES:
        if id_for(name) != MADE:
            raise Finding("an id with a line break, which can add headers to the answer, was not replaced by a new one",
                          "does your test look at the whole id? $ also matches before a line break at the end")  # fmt: skip
