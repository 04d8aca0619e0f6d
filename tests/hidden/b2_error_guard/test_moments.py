"""B2, hidden: an application fails at every moment at which its code runs, and the server gets an answer or the exception.

The applications inside are ours (`inner`), and what they raise has a message that nobody knew before. Where a test asks
that something stays as it is, it also asks for an answer to a failure: a guard that does nothing changes nothing.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pytest import fixture, mark

from grader.testing import Finding, StudentError, Submission, Tracer, inner, public, rules
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ

LEAK_MARKER = "leak-marker-7e0d53fa-b2"
BODY = b"Internal Server Error\n"
HEAD = "Traceback (most recent call last):"
SHAPE = (
    rules.ITERABLE, rules.NOT_BARE, rules.BODY_BYTES, rules.START_FIRST, rules.START_ONCE, rules.START_ARGUMENTS,
    rules.STATUS_LINE, rules.HEADER_LIST, rules.HEADER_SYNTAX, rules.CONTENT_LENGTH, rules.TRUE_LENGTH, rules.EXC_INFO,
    rules.WRITE,
)  # fmt: skip
"""The rules that every whole answer keeps."""
Inside = Callable[..., Any]


@fixture
def inside(rng: random.Random) -> Inside:
    """Make applications of a class of `inner`, with chunks and a message that nobody knew before; one chunk is empty."""

    def make(
        app: type[inner.Plain] = inner.Plain, /, *chunks: bytes, error: type[BaseException] = inner.Failure,
        **options: Any,  # noqa: ANN401
    ) -> inner.Plain:  # fmt: skip
        one, *others = inner.unforeseen(rng)
        failure = error(f"reel-{rng.getrandbits(48):012x}")
        return app(*(chunks or (one, b"", *others)), failure=failure, **options)

    return make


def guarded(submission: Submission, app: inner.Plain, **options: object) -> Any:  # noqa: ANN401 - a callable of the submission's
    """Put the guard around an application."""
    return inner.callable_of(submission.ErrorGuard(app, **options), "ErrorGuard(app)")


def asked(trace: Tracer, target: Any, app: inner.Plain) -> tuple[Trace, BaseException | None]:  # noqa: ANN401
    """Make a whole request; return what the server saw, and the failure of the application if it got it."""
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    return seen, driven(seen, target, app)


def seen_of(trace: Tracer, target: Any, app: inner.Plain) -> Trace:  # noqa: ANN401
    """Make a whole request, and return what the server saw, however it ended: for tests that are about something else."""
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    with suppress(StudentError, Finding):
        driven(seen, target, app)
    inner.was_called(app)
    return seen


def driven(seen: Trace, target: Any, app: inner.Plain) -> BaseException | None:  # noqa: ANN401
    """Drive a conversation to its end, and return the failure of the application if the server got it."""
    try:
        error = inner.failure_of(lambda: seen.call(target).finish(), app)
    except Finding as finding:
        raise (said_twice(seen) or finding) from None
    finally:
        seen.close()
    inner.was_called(app)
    return error


def said_twice(seen: Trace) -> Finding | None:
    """Say what a refused announcement lacked, if one was refused."""
    if all(found.rule is not rules.START_ONCE for found in seen.problems):
        return None
    return Finding("the server refused a second call of start_response: it came without sys.exc_info()",
                   "the third argument of start_response: sys.exc_info(), while you handle the exception")  # fmt: skip


def is_replaced(seen: Trace, error: BaseException | None, body: bytes = BODY) -> None:
    """Ask for the answer 500 in place of the application's."""
    if error:
        raise Finding("the app failed before its first bytes, and its exception reached the server in place of an answer",
                      "at which moments does code of the app run? Which of them does your try cover?")  # fmt: skip
    seen.check(*SHAPE)
    assert seen.status == inner.ERROR, "the status that the server got last: yours, 500 Internal Server Error"
    kind = (seen.header("Content-Type") or "").partition(";")[0].strip().lower()
    assert kind == "text/plain", "the Content-Type of your 500: text/plain, with a charset or without"
    assert seen.body == body, "the body that the server got: yours, the whole of it, and nothing else"


def is_guard(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """Ask for what a guard that does nothing lacks: some failure is answered 500."""
    for app in (inside(inner.Failing, after=None), inside(inner.Failing, after=0)):
        if seen_of(trace, guarded(submission, app), app).code == 500:
            return
    raise Finding("an app failed before its first bytes, and there was no answer 500 to that",
                  "begin with the app that fails in its call; this test asks for that much too")  # fmt: skip


# -- before the first bytes


@mark.points(6, "correctness", statement="answer-500")
def test_error_in_call(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """whatever Exception an app raises in the call, the answer is 500, plain text, with the body that was chosen"""
    for kind in (inner.Failure, KeyError, ZeroDivisionError, OSError, Exception):
        app = inside(inner.Failing, after=None, error=kind)
        is_replaced(*asked(trace, guarded(submission, app), app))
    app = inside(inner.Failing, after=None)
    chosen = b"We are sorry: " + app.chunks[0] + "片子断了\n".encode()
    is_replaced(*asked(trace, guarded(submission, app, body=chosen), app), chosen)


@mark.points(8, "correctness", statement="first-moments")
def test_error_at_first_next(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """an app that fails between the call and its first chunk is answered 500: at iter(), and at its first step"""
    for app in (
        inside(inner.Failing, after=None, lazy=True),
        inside(inner.Failing, after=None, lazy=True, kind=inner.OwnIterator, error=LookupError),
        inside(lazy=True, kind=inner.Unready),
    ):
        is_replaced(*asked(trace, guarded(submission, app), app))


@mark.points(6, "protocol", rule="PEP 3333 (must): The start_response() Callable", statement="exc-info-given")
def test_exc_info_given(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """when the app has announced before it fails, exc_info replaces its status and all of its headers"""
    for app in (
        inside(inner.Failing, after=None, announcing=True),
        inside(inner.Failing, after=0),
        inside(inner.Failing, after=0, lazy=True, status="404 Not Found"),
        inside(kind=inner.Unready),
    ):
        seen, error = asked(trace, guarded(submission, app), app)
        is_replaced(seen, error)
        if seen.excuse is not app.failure:
            raise Finding("the server did not get the exception of the app as exc_info",
                          "the third argument of start_response: sys.exc_info(), while you handle the exception")  # fmt: skip
        names = [name.lower() for name, _ in seen.headers]
        assert not {"x-films", "set-cookie"} & set(names), "the headers of the 500: the app's were for another answer"


@mark.points(8, "protocol", rule="PEP 3333 (must): Error Handling", statement="empty-items")
def test_error_after_empty_chunk_replaced(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """as long as all that the app has sent is empty, a failure is answered 500, and the app is not asked again"""
    for app, steps in (
        (inside(inner.Failing, b"", b"never", after=1), 2),
        (inside(inner.Failing, b"", b"", b"never", after=2, lazy=True), 3),
        (inside(inner.Failing, b"", b"", after=2, kind=inner.OwnIterator), 3),
        (inside(inner.Failing, b"", b"never", written=1, after=0), 1),
        (inside(inner.Failing, b"", b"never", written=1, after=None), 0),
    ):
        seen, error = asked(trace, guarded(submission, app), app)
        is_replaced(seen, error)
        if app.bodies[0].pulled > steps:
            raise Finding("after its exception the app was asked for another chunk",
                          "what do you ask for the next item, once the app has failed?")  # fmt: skip


# -- too late


@mark.points(10, "protocol", rule="PEP 3333 (must): Error Handling", statement="too-late")
def test_error_after_body_reraised(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """when bytes of the body are gone, start_response gets the exception, raises it, and so it reaches the server"""
    for app, sent in (
        (inside(inner.Failing), 1),
        (inside(inner.Failing, b"", b"gone", b"never", after=2, lazy=True, error=KeyError), 2),
        (inside(inner.Failing, b"gone", b"", after=2, kind=inner.OwnIterator), 2),
        (inside(inner.Failing, b"gone", b"never", written=1, after=None), 1),
        (inside(inner.Failing, b"gone", b"", b"never", written=1, after=1), 2),
        (inside(inner.Failing, after=4), 4),
    ):
        seen, error = asked(trace, guarded(submission, app), app)
        seen.check(rules.START_ONCE, rules.EXC_INFO, rules.SWALLOWED, rules.WRITE)
        if not error:
            raise Finding("the app failed after its first bytes, and its exception did not reach the server",
                          "a client takes half a page for a whole one: where does the exception end?")  # fmt: skip
        if not seen.reraised:
            raise Finding("the exception reached the server, but start_response had not been given it",
                          "does your code decide that it is too late? Hand exc_info to the server and let it decide")  # fmt: skip
        assert seen.status == "200 OK", "the status: it is gone with the first bytes"
        assert seen.body == b"".join(app.chunks[:sent]), "the body up to the exception: only what the app had sent"


# -- every failure


@mark.points(6, "robustness", statement="reported")
def test_logged_once_no_leak(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """each failure is reported once, with its traceback, on wsgi.errors of its request, and the answer tells nothing"""
    for options in (
        {"after": None},
        {"after": None, "lazy": True},
        {"after": 0},
        {"after": 1},
        {"after": None, "written": 1},
    ):
        app = inside(inner.Failing, **options)
        seen = seen_of(trace, guarded(submission, app), app)
        count = reports(seen, app.failure)
        if not count:
            raise Finding("no traceback of the failure stood in wsgi.errors",
                          "what you write to environ['wsgi.errors'], and at which moments")  # fmt: skip
        if count > 1:
            raise Finding("one failure was reported more than once",
                          "start_response may raise the exception again: do you catch and report it again?")  # fmt: skip
        says_nothing(seen, app.failure)


def reports(seen: Trace, failure: BaseException) -> int:
    """Count the tracebacks in wsgi.errors that end in a failure: lines of a traceback are indented, its last one is not."""
    ends = [
        next((line for line in block.split("\n")[1:] if line[:1].strip()), "") for block in seen.errors.text.split(HEAD)[1:]
    ]  # fmt: skip
    return sum(str(failure.args[0]) in end for end in ends)


def says_nothing(seen: Trace, failure: BaseException) -> None:
    """Ask that the answer tells neither the class nor the message of a failure, nor where it was."""
    said = " ".join([seen.status, *(f"{name} {value}" for name, value in seen.headers), seen.body.decode("latin-1")])
    for word in (str(failure.args[0]), "RuntimeError", "Traceback"):
        if word in said:
            raise Finding("the answer to a failure told the client what had gone wrong",
                          "the status, the headers and the body: what of the exception is in them?")  # fmt: skip


@mark.points(4, "robustness", statement="base-exceptions")
def test_base_exceptions_pass(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """what is no Exception passes: SystemExit, KeyboardInterrupt and GeneratorExit, at every moment"""
    is_guard(submission, trace, inside)
    for kind in (SystemExit, KeyboardInterrupt, GeneratorExit):
        for options in ({"after": None}, {"after": 0}, {"after": 0, "lazy": True}, {"after": 1}):
            app = inside(inner.Failing, error=kind, **options)
            seen, error = asked(trace, guarded(submission, app), app)
            if not error or seen.code == 500:
                raise Finding("the app raised {kind}, and it did not pass", "which exceptions does your except name?",
                              kind=public(kind.__name__))  # fmt: skip


@mark.points(6, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_still_called(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """whatever was sent in its place, the iterable of an app that failed is closed once"""
    is_guard(submission, trace, inside)
    for kind in (inner.Body, inner.OwnIterator, inner.Unready):
        for options in ({"after": 0}, {"after": 0, "lazy": True}, {"after": 1}):
            app = inside(inner.Failing, kind=kind, **options)
            seen_of(trace, guarded(submission, app), app)
            inner.was_closed_once(app)
    app = inside(inner.Failing, after=0)
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    with suppress(StudentError, Finding):
        inner.failure_of(seen.call(guarded(submission, app)).step, app)
    seen.close()
    inner.was_closed_once(app)


# -- no failure at all


@mark.points(6, "design", rule="PEP 3333 (must): Middleware: Components that Play Both Sides", statement="untouched")
def test_good_app_untouched(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """an app that keeps the rules is not changed, hurried, delayed or reported, whatever kind of application it is"""
    is_guard(submission, trace, inside)
    for check in (every_kind, one_by_one, read_in_part, written, corrected, overlapping):
        check(submission, trace, inside)


def is_untouched(seen: Trace, app: inner.Plain, status: str = inner.OK) -> None:
    """Ask for the application's own answer, and for silence."""
    inner.was_called(app)
    seen.check(*SHAPE)
    assert seen.status == status, "an app that did not fail: the status that the server got"
    assert seen.headers == inner.some_headers(), "an app that did not fail: the headers that the server got"
    assert seen.body == b"".join(app.chunks), "an app that did not fail: the body that the server got"
    if seen.errors.text:
        raise Finding("the app did not fail, and something was written to wsgi.errors",
                      "what ends an iteration is an exception too: StopIteration. GeneratorExit is another one")  # fmt: skip


def every_kind(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """Whole answers of applications of every kind."""
    closable = [inside(kind=kind) for kind in (inner.Body, inner.OwnIterator, inner.SizedBody)]
    for app in (*closable, inside(lazy=True), inside(inner.Generator), inside(inner.List), inside(inner.Sized)):
        seen = trace.start(guarded(submission, app))
        inner.was_called(app)
        is_untouched(seen.finish().close(), app)
        assert type(app.environs[0]) is dict, "the environ that you pass to the app: its type must be dict itself"
    for app in closable:
        inner.was_closed_once(app)
    app = inside(inner.Writing)
    seen = trace(guarded(submission, inner.Through(guarded(submission, app))))
    is_untouched(seen, app)
    inner.was_closed_once(app)


def read_in_part(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """Answers that the server reads in part, or not at all, before it closes them."""
    for kind in (inner.Body, inner.OwnIterator):
        for steps in (0, 1, 2):
            app = inside(kind=kind)
            seen = trace(guarded(submission, app), stop_after=steps)
            assert seen.chunks == list(app.chunks[:steps]), "the items of a body of which only a part is read"
            inner.was_closed_once(app)
            if seen.errors.text:
                raise Finding("the client left early, and something was written to wsgi.errors",
                              "a generator that is closed gets GeneratorExit: what does your except name?")  # fmt: skip


def one_by_one(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """Nothing is taken from the application before the server asks for it."""
    for lazy in (False, True):
        app = inside(lazy=lazy)
        seen = trace.start(guarded(submission, app))
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
        is_untouched(seen.close(), app)


def written(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """What an application writes comes first, and what it yields stays in the iterable."""
    app = inside(inner.Writing)
    seen = trace(guarded(submission, app))
    is_untouched(seen, app)
    assert b"".join(seen.written) == app.chunks[0], "what you pass to write(): only what the app itself writes"


def corrected(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """An application corrects itself with exc_info, in time or too late; in time this is no failure."""
    for app in (inside(inner.Correcting), inside(inner.Correcting, lazy=True)):
        is_untouched(trace(guarded(submission, app)), app, inner.ERROR)
    app = inside(inner.Correcting, after=1)
    seen, error = asked(trace, guarded(submission, app), app)
    if not (seen.reraised and error):
        raise Finding("an app corrected itself too late, and its exception did not get through start_response to the server",
                      "where do you catch exceptions? This one goes on through the app and through you")  # fmt: skip
    inner.was_closed_once(app)


def overlapping(submission: Submission, trace: Tracer, inside: Inside) -> None:
    """Several requests at a time, and the same list of headers for all of them."""
    app = inside(headers=inner.some_headers())
    target = guarded(submission, app)
    one, other = trace.start(target, path="/1"), trace.start(target, path="/2")
    inner.was_called(app)
    other.step()
    one.finish().close()
    if [body.closed for body in app.bodies] != [1, 0]:
        raise Finding("two requests at a time: closing the first answer did not close its own iterable of the app, and only that",
                      "where do you keep the iterable of each request? Attributes of self are for all")  # fmt: skip
    other.finish().close()
    for seen in (one, other):
        is_untouched(seen, app)
    app.meanwhile = lambda: is_untouched(trace(target, path="/within"), app)
    is_untouched(trace(target), app)
    good, bad = inside(), inside(inner.Failing, after=0)
    seen = trace.start(guarded(submission, good))
    seen_of(trace, guarded(submission, bad), bad)
    is_untouched(seen.finish().close(), good)
