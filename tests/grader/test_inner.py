"""Applications for the inside of a middleware: right middlewares are not noticed by any of them, wrong ones by the right ones."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.testing import inner, rules
from grader.testing.events import Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.runtime import Runtime
from grader.testing.submission import Submission
from grader.testing.trace import Trace
from grader.testing.tracer import Tracer
from grader.testing.wsgi import make_environ
from tests.grader.scenarios import PATIENT, runtime_at

MIDDLEWARES = """
import functools
from werkzeug.wsgi import ClosingIterator

def marked(start_response):
    def start(status, headers, exc_info=None):
        headers = [pair for pair in headers if pair[0] != "X-Mark"] + [("X-Mark", "1")]
        return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
    return start

class Object:
    def __init__(self, iterable, iterator=None):
        self.iterable = iterable
        self.iterator = iter(iterable) if iterator is None else iterator
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.iterator)
    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()

def closure(app):
    return lambda environ, start_response: app(environ, marked(start_response))

class WithObject:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        return Object(self.app(environ, marked(start_response)))

def closing_iterator(app):
    def wrapped(environ, start_response):
        return ClosingIterator(app(environ, marked(start_response)))
    return wrapped

def passes_none(app):
    def wrapped(environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, headers + [("X-Mark", "1")], exc_info)
        return app(environ, start)
    return wrapped

def copies_environ(app):
    def wrapped(environ, start_response):
        return app({**environ, "x.mark": 1}, marked(start_response))
    return wrapped

def changes_environ(app):
    def wrapped(environ, start_response):
        environ["x.mark"] = [1, "影", app]
        return app(environ, marked(start_response))
    return wrapped

# -- wrong ones

def swallows_everything(app):
    def wrapped(environ, start_response):
        try:
            yield from excuses_everything(app)(environ, start_response)
        except:
            yield b"swallowed"
    return wrapped

def excuses_everything(app):
    import sys
    def wrapped(environ, start_response):
        try:
            yield from app(environ, start_response)
        except:
            start_response("500 Internal Server Error", [], sys.exc_info())
            yield b"sorry"
    return wrapped

def yields(app):
    def wrapped(environ, start_response):
        for chunk in app(environ, marked(start_response)):
            yield chunk
    return wrapped

def joins(app):
    return lambda environ, start_response: [b"".join(app(environ, marked(start_response)))]

def no_exc_info(app):
    def wrapped(environ, start_response):
        def start(status, headers):
            return start_response(status, headers + [("X-Mark", "1")])
        return app(environ, start)
    return wrapped

def drops_exc_info(app):
    def wrapped(environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, headers + [("X-Mark", "1")])
        return app(environ, start)
    return wrapped

def returns_none(app):
    def wrapped(environ, start_response):
        def start(status, headers, exc_info=None):
            marked(start_response)(status, headers, exc_info)
        return app(environ, start)
    return wrapped

def replays(app):
    def wrapped(environ, start_response):
        kept = []
        def start(*words):
            kept.append(words)
            return lambda data: None
        iterable = app(environ, start)
        marked(start_response)(*kept[0])
        return iterable
    return wrapped

class OnSelf:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        self.iterable = self.app(environ, marked(start_response))
        self.iterator = iter(self.iterable)
        return self
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.iterator)
    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()

def closes_twice(app):
    def wrapped(environ, start_response):
        iterable = app(environ, marked(start_response))
        def generate():
            try:
                yield from iterable
            finally:
                if hasattr(iterable, "close"):
                    iterable.close()
        return Object(iterable, generate())
    return wrapped

def closes_the_iterator(app):
    def wrapped(environ, start_response):
        return Object(iter(app(environ, marked(start_response))))
    return wrapped

def appends(app):
    def wrapped(environ, start_response):
        def start(status, headers, *more):
            headers.append(("X-Mark", "1"))
            return start_response(status, headers, *more)
        return app(environ, start)
    return wrapped

def asks_ahead(app):
    def wrapped(environ, start_response):
        iterable = app(environ, marked(start_response))
        iterator = iter(iterable)
        ahead = [next(iterator, None)]
        def generate():
            while ahead[0] is not None:
                now, ahead[0] = ahead[0], next(iterator, None)
                yield now
        return Object(iterable, generate())
    return wrapped

def swallows(app):
    def wrapped(environ, start_response):
        iterable = app(environ, marked(start_response))
        def generate():
            try:
                yield from iterable
            except RuntimeError:
                yield b"something went wrong"
        return Object(iterable, generate())
    return wrapped

def by_keyword(app):
    return lambda environ, start_response: app(environ=environ, start_response=marked(start_response))

class Environ(dict):
    pass

def odd_environ(app):
    return lambda environ, start_response: app(Environ(environ), marked(start_response))

def no_environ(app):
    return lambda environ, start_response: app(None, marked(start_response))

def calls_twice(app):
    def wrapped(environ, start_response):
        app(environ, lambda *words: None)
        return app(environ, marked(start_response))
    return wrapped

def transparent(app):
    return app

# -- hostile ones

def hammers(app):
    def wrapped(environ, start_response):
        iterable = app(environ, marked(start_response))
        while True:
            try:
                iterable.close()
            except BaseException:
                pass
    return wrapped

def lies(app):
    def wrapped(environ, start_response):
        environ["wsgi.input"] = Environ()
        return app(environ, marked(start_response))
    return wrapped
"""
Wrap = Callable[[object], Any]
Check = Callable[[Wrap, Tracer], None]


def is_marked(seen: Trace, app: inner.Plain, status: str = inner.OK) -> None:
    """Ask for what the middleware is for, so that one that does nothing passes no check."""
    assert seen.status == status
    assert [pair for pair in seen.headers if pair[0] != "X-Mark"] == inner.some_headers()
    assert seen.all_headers("X-Mark") == ["1"]
    assert app.bodies


def closed_normally(wrap: Wrap, trace: Tracer) -> None:
    for kind in (inner.Body, inner.OwnIterator, inner.SizedBody):
        app = inner.Plain(kind=kind)
        seen = trace(wrap(app))
        is_marked(seen, app)
        assert (seen.body, app.bodies[0].closed) == (b"one two three ", 1)


def closed_early(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain()
    is_marked(trace(wrap(app), stop_after=1), app)
    assert app.bodies[0].closed == 1


def closed_on_error(wrap: Wrap, trace: Tracer) -> None:
    for kind in (inner.Body, inner.OwnIterator):
        app = inner.Failing(kind=kind)
        seen = trace.start(wrap(app))
        with pytest.raises(inner.Failure) as raised:
            seen.finish()
        seen.close()
        is_marked(seen, app)
        assert raised.value is app.failure
        assert (seen.body, app.bodies[0].closed) == (b"one ", 1)


def closed_uniterated(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain()
    is_marked(trace(wrap(app), stop_after=0), app)
    assert app.bodies[0].closed == 1


def started_late(wrap: Wrap, trace: Tracer) -> None:
    for app in (inner.Plain(lazy=True), inner.Generator(), inner.List(lazy=True)):
        seen = trace(wrap(app))
        is_marked(seen, app)
        seen.check(rules.START_FIRST, rules.TRUE_LENGTH)
        assert seen.body == b"one two three "


def written(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Writing(written=3)
    seen = trace(wrap(app))
    is_marked(seen, app)
    seen.check(rules.WRITE)
    assert (b"".join(seen.written), b"".join(seen.chunks)) == (b"one two ", b"three ")


def corrected_in_time(wrap: Wrap, trace: Tracer) -> None:
    for app in (inner.Correcting(), inner.Correcting(b"", b"two", after=1), inner.Correcting(lazy=True)):
        seen = trace(wrap(app))
        is_marked(seen, app, inner.ERROR)
        assert seen.body == b"".join(app.chunks)


def corrected_too_late(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Correcting(after=1)
    seen = trace.start(wrap(app))
    with pytest.raises(inner.Failure) as raised:
        seen.finish()
    seen.close()
    is_marked(seen, app)
    assert raised.value is app.failure
    assert seen.reraised
    assert app.bodies[0].closed == 1


def failing_call_comes_through(wrap: Wrap, trace: Tracer) -> None:
    for app in (inner.Failing(after=None), inner.Failing(after=0), inner.Failing(after=None, lazy=True)):
        seen = Trace(trace.recorder, {"wsgi.version": (1, 0), "wsgi.input": None, "REQUEST_METHOD": "GET"})
        with pytest.raises(inner.Failure) as raised:
            seen.call(wrap(app)).finish()
        assert raised.value is app.failure
    is_marked(trace(wrap(plain := inner.Plain())), plain)


def asked_one_by_one(wrap: Wrap, trace: Tracer) -> None:
    for app in (inner.Plain(), inner.Plain(lazy=True)):
        seen = trace.start(wrap(app))
        for asked in range(3):
            assert app.bodies[0].pulled == asked
            seen.step()
        seen.finish().close()
        is_marked(seen, app)


def overlapping(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain()
    target = wrap(app)
    one, other = trace.start(target, path="/1"), trace.start(target, path="/2")
    other.step()
    one.finish().close()
    assert [body.closed for body in app.bodies] == [1, 0]
    other.finish().close()
    assert [body.closed for body in app.bodies] == [1, 1]
    assert [environ["PATH_INFO"] for environ in app.environs] == ["/1", "/2"]
    for seen in (one, other):
        is_marked(seen, app)
        assert seen.body == b"one two three "


def nested_requests(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain()
    target = wrap(app)
    app.meanwhile = lambda: is_marked(trace(target, path="/within"), app)
    seen = trace(target, path="/")
    is_marked(seen, app)
    assert seen.body == b"one two three "


def constant_headers(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain(headers=inner.some_headers())
    target = wrap(app)
    for _ in range(3):
        is_marked(trace(target), app)
    assert app.headers == inner.some_headers()


def given_a_dict(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Plain()
    is_marked(trace(wrap(app)), app)
    assert type(app.environs[0]) is dict
    assert app.environs[0]["REQUEST_METHOD"] == "GET"


def with_a_length(wrap: Wrap, trace: Tracer) -> None:
    for app in (inner.List(), inner.Sized()):
        seen = trace(wrap(app))
        is_marked(seen, app)
        seen.check(rules.TRUE_LENGTH)
        assert seen.body == b"one two three "


def without_end(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Endless(random.Random(1))
    seen = trace(wrap(app), stop_after=3)
    is_marked(seen, app)
    assert seen.body == b"".join(app.chunks)
    assert app.bodies[0].pulled == 3


def corrected_with_other_headers(wrap: Wrap, trace: Tracer) -> None:
    seen = trace(wrap(inner.Correcting(corrected=[("Content-Type", "image/png")])))
    assert (seen.status, seen.all_headers("Content-Type"), seen.header("X-Mark")) == (inner.ERROR, ["image/png"], "1")


def around_each_other(wrap: Wrap, trace: Tracer) -> None:
    app = inner.Writing()
    layers = wrap(inner.Through(wrap(inner.Through(wrap(app)))))
    seen = trace(layers)
    assert seen.body == b"one two three "
    assert seen.header("X-Mark") == "1"
    assert app.bodies[0].closed == 1


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        closed_normally, closed_early, closed_on_error, closed_uniterated, started_late, written, corrected_in_time,
        corrected_too_late, failing_call_comes_through, asked_one_by_one, overlapping, nested_requests, constant_headers,
        given_a_dict, with_a_length, without_end, corrected_with_other_headers, around_each_other,
    )
}  # fmt: skip
CLOSES = {"closed_normally", "closed_early", "closed_on_error", "closed_uniterated"}
RIGHT = ("closure", "WithObject", "closing_iterator", "passes_none", "copies_environ", "changes_environ")
WRONG = {
    "yields": CLOSES | {"written", "overlapping", "corrected_too_late", "around_each_other", "asked_one_by_one"},
    "joins": CLOSES | {"without_end", "overlapping", "corrected_too_late", "asked_one_by_one", "around_each_other"},
    "no_exc_info": {"corrected_with_other_headers", "corrected_in_time", "corrected_too_late"},
    "drops_exc_info": {"corrected_with_other_headers", "corrected_in_time", "corrected_too_late"},
    "returns_none": {"written", "around_each_other"},
    "replays": {"corrected_with_other_headers",
                "started_late", "written", "corrected_in_time", "corrected_too_late", "failing_call_comes_through",
                "asked_one_by_one", "around_each_other"},
    "OnSelf": {"overlapping"},
    "closes_twice": {"closed_normally", "closed_on_error", "corrected_too_late", "overlapping", "around_each_other"},
    "closes_the_iterator": CLOSES | {"corrected_too_late", "overlapping", "around_each_other"},
    "appends": {"constant_headers"},
    "asks_ahead": {"without_end", "asked_one_by_one", "closed_on_error", "corrected_too_late"},
    "swallows": {"closed_on_error", "corrected_too_late", "failing_call_comes_through"},
    "by_keyword": set(CHECKS),
    "odd_environ": {"given_a_dict"},
    "calls_twice": set(CHECKS),
    "transparent": set(CHECKS),
}  # fmt: skip


@pytest.fixture(scope="module", params=["none", "full"])
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    if request.param == "full":
        request.getfixturevalue("full")
    with runtime_at(request.param, MIDDLEWARES) as made:
        yield made


@pytest.fixture
def submission(runtime: Runtime) -> Iterator[Submission]:
    yield runtime.submission("tests")
    runtime.end_test()
    assert runtime.deaths == 0


def failed(submission: Submission, name: str) -> dict[str, str]:
    """Return the checks that a middleware fails, each with what was said."""
    found = {}
    for check in CHECKS.values():
        try:
            check(getattr(submission, name), Tracer(Recorder()))
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever a test would end with
            found[check.__name__] = f"{type(error).__name__} {error}"
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_middleware_is_not_noticed(submission: Submission, name: str) -> None:
    assert failed(submission, name) == {}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_middleware_is_noticed_by_the_right_ones(submission: Submission, name: str) -> None:
    said = failed(submission, name)
    assert set(said) == WRONG[name], said


@pytest.mark.parametrize(
    ("name", "app", "said"),
    [
        ("by_keyword", inner.Plain, "something else than two positional arguments"),
        ("no_environ", inner.Plain, "for environ, not a dict"),
        ("calls_twice", inner.Plain, "twice for the same request"),
        ("joins", lambda: inner.Endless(random.Random(1)), "an app that never ends"),
        ("returns_none", inner.Writing, "which wanted to call write()"),
        ("no_exc_info", inner.Correcting, "takes no third argument"),
        ("drops_exc_info", inner.Correcting, "the server never saw it"),
    ],
)
def test_what_a_middleware_does_to_its_app_is_said_precisely(
    submission: Submission, name: str, app: Callable[[], inner.Plain], said: str
) -> None:
    with pytest.raises(Finding, match=re.escape(said)) as found:
        Tracer(Recorder())(getattr(submission, name)(app()))
    assert found.value.look


def test_what_happens_inside_stands_in_the_trace_of_its_own_conversation(submission: Submission) -> None:
    trace = Tracer(Recorder())
    app = inner.Writing(b"one", b"two")
    target = submission.closure(app)
    first, second = trace.start(target), trace.start(target)
    second.finish().close()
    kinds = [event.kind for event in second.events]
    assert kinds == [
        "called", "app called", "app announces", "start_response", "app write", "write", "returned", "app next", "yield",
        "app next", "close", "app closed",
    ]  # fmt: skip
    assert [event.kind for event in first.events] == kinds[:7]


def test_changes_to_environ_and_headers_are_seen_on_both_sides(submission: Submission) -> None:
    trace = Tracer(Recorder())
    app = inner.Plain()
    seen = trace(submission.changes_environ(app))
    assert app.environs[0]["x.mark"] == seen.environ["x.mark"] == [1, "影", app]
    app = inner.Plain(headers=inner.some_headers())
    trace(submission.appends(app))
    assert app.headers == [*inner.some_headers(), ("X-Mark", "1")]


@pytest.mark.parametrize("error", [KeyError("film"), SystemExit(3), KeyboardInterrupt("now"), inner.Failure("own")])
def test_any_failure_crosses_and_comes_home_as_itself(submission: Submission, error: BaseException) -> None:
    for after in (None, 0, 1):
        app = inner.Failing(after=after, failure=error)
        with pytest.raises(type(error)) as raised:
            Tracer(Recorder())(submission.WithObject(app))
        assert raised.value is error


@pytest.mark.parametrize("error", [KeyError("film"), SystemExit(3), KeyboardInterrupt("now"), inner.Failure("own")])
def test_any_failure_that_the_server_raises_again_comes_home_as_itself(
    submission: Submission, error: BaseException
) -> None:
    app = inner.Failing(failure=error)
    seen = Tracer(Recorder()).start(submission.excuses_everything(app))
    assert inner.failure_of(seen.finish, app) is error
    assert (seen.reraised, seen.excuse is error, seen.body) == (True, True, b"one ")


@pytest.mark.parametrize("error", [KeyError("film"), KeyboardInterrupt("now")])
def test_a_middleware_meets_the_failure_that_the_server_raises_again(
    submission: Submission, error: BaseException
) -> None:
    app = inner.Failing(failure=error)
    seen = Tracer(Recorder()).start(submission.swallows_everything(app))
    assert inner.failure_of(seen.finish, app) is None
    assert (seen.reraised, seen.excuse is error, seen.body) == (True, True, b"one swallowed")


Moment = tuple[Callable[[], inner.Plain], str]
CALLED = "called > app called"
ANNOUNCED = f"{CALLED} > app announces > start_response"
WRITTEN = f"{ANNOUNCED} > app write > write"
MOMENTS: dict[str, Moment] = {
    "in the call": (lambda: inner.Failing(after=None), CALLED),
    "in the call, announced": (lambda: inner.Failing(after=None, announcing=True), ANNOUNCED),
    "in the call, written": (lambda: inner.Failing(after=None, written=1), WRITTEN),
    "at iter": (lambda: inner.Plain(kind=inner.Unready), f"{ANNOUNCED} > returned"),
    "at its first step": (lambda: inner.Failing(after=None, lazy=True), f"{CALLED} > returned > app next"),
    "at its first step, announced": (lambda: inner.Failing(after=0), f"{ANNOUNCED} > returned > app next"),
    "at its first step, written": (lambda: inner.Failing(after=0, written=1), f"{WRITTEN} > returned > app next"),
    "after an empty chunk": (
        lambda: inner.Failing(b"", after=1), f"{ANNOUNCED} > returned > app next > yield > app next",
    ),
    "at its end": (
        lambda: inner.Failing(b"all", after=1), f"{ANNOUNCED} > returned > app next > yield > app next",
    ),
}  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_app_fails_at_the_moment_that_was_chosen(submission: Submission, moment: str) -> None:
    make, expected = MOMENTS[moment]
    app = make()
    seen = Trace(Recorder(), make_environ("GET", "/"))
    assert inner.failure_of(lambda: seen.call(submission.closure(app)).finish(), app) is app.failure
    assert " > ".join(event.kind for event in seen.events) == expected


def test_another_failure_than_the_apps_is_no_answer() -> None:
    app = inner.Failing(failure=KeyError("film"))
    for known in (app, None):
        with pytest.raises(ZeroDivisionError):
            inner.failure_of(lambda: 1 / 0, known)
    assert inner.failure_of(lambda: None, app) is None


def test_chunks_may_be_unforeseen_and_follow_from_the_seed() -> None:
    one, same, other = (inner.unforeseen(random.Random(seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert len(set(one)) == 3


# -- hostile middlewares


def test_a_middleware_that_hammers_its_app_is_ended() -> None:
    app = inner.Plain()
    with (
        runtime_at("none", MIDDLEWARES, replace(PATIENT, call=1.0)) as runtime,
        pytest.raises((LimitReached, StudentGone)),
    ):
        Tracer(Recorder())(runtime.submission("tests").hammers(app))
    assert app.bodies[0].closed > 100


def test_a_middleware_that_replaces_the_input_writes_into_no_trace(submission: Submission) -> None:
    app = inner.Plain()
    seen = Tracer(Recorder())(submission.lies(app))
    assert [event.kind for event in seen.events if event.kind.startswith("app")] == []
    assert app.bodies[0].closed == 1


# -- several processes at once


def test_references_of_one_process_are_refused_in_another_at_once(submission: Submission) -> None:
    other = submission.fresh()
    assert other._student is not submission._student
    app, theirs = submission.closure(inner.Plain()), other.closure(inner.Plain())
    for wrap, foreign in ((submission.WithObject, theirs), (other.WithObject, app), (other.closure, [app])):
        with pytest.raises(TypeError, match="another student process cannot cross"):
            wrap(foreign)
    trace = Tracer(Recorder())
    assert trace(app).header("X-Mark") == trace(theirs).header("X-Mark") == "1"


def test_an_answer_of_one_process_does_not_pass_through_another(submission: Submission) -> None:
    other = submission.fresh()
    theirs = other.closure(inner.Plain())
    with pytest.raises(TypeError, match="another student process cannot cross"):
        Tracer(Recorder())(submission.closure(inner.Through(theirs)))


def test_an_exception_of_one_process_does_not_pass_through_another(submission: Submission) -> None:
    other = submission.fresh()
    trace = Tracer(Recorder())
    with pytest.raises(StudentError) as own:
        trace(submission.replays(inner.Generator()))

    def fail(_environ: object, _start: object) -> None:
        trace(other.replays(inner.Generator()))

    with pytest.raises(StudentError) as raised:
        trace(submission.closure(fail))
    assert (raised.value.type, raised.value.peer) == ("IndexError", other._student.peer)
    assert own.value.peer is submission._student.peer


def test_each_process_keeps_its_own_state_and_ends_with_the_test(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    others = [submission.fresh() for _ in range(3)]
    apps = [inner.Plain(str(number).encode()) for number in range(3)]
    bodies = [Tracer(Recorder())(other.closure(app)).body for other, app in zip(others, apps, strict=True)]
    assert bodies == [b"0", b"1", b"2"]
    runtime.end_test()
    assert runtime.own == []
    with pytest.raises((TypeError, StudentGone)):
        others[0].closure(inner.Plain())
