"""The public tests of B2. Read them: the guard stands between a server and small applications, most of which fail.

`inner.Failing` is such an application: it announces 200 and yields four chunks, "one ", "", "two " and "three ", as far
as it comes. With after=1 it fails after the first one, with after=None in the call itself.
"""

from collections.abc import Callable
from typing import Any
from wsgiref.validate import validator

from pytest import mark
from werkzeug.test import Client

from grader.testing import App, Finding, Submission, Tracer, declares, inner, rules
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ

MESSAGE = "the film has torn"


def failing(**options: Any) -> inner.Failing:
    """Return an application that fails with a RuntimeError."""
    return inner.Failing(failure=inner.Failure(MESSAGE), **options)


def driven(seen: Trace, guarded: Any, app: inner.Plain) -> BaseException | None:
    """Drive a conversation to its end, and return the failure of the app if it reached the server."""
    try:
        return inner.failure_of(lambda: seen.call(guarded).finish(), app)
    except Finding:
        if any(found.rule is rules.START_ONCE for found in seen.problems):
            raise Finding("the server refused a second call of start_response: it came without sys.exc_info()",
                          "the third argument of start_response: sys.exc_info(), while you handle the exception",
                          ) from None  # fmt: skip
        raise
    finally:
        seen.close()


def answer(trace: Tracer, guarded: Any, app: inner.Plain) -> Trace:
    """Make a request to a guarded application and return what the server saw; the failure of the app may reach it."""
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    error = driven(seen, guarded, app)
    inner.was_called(app)
    if error and not seen.reraised:
        raise unanswered()
    return seen


def unanswered() -> Finding:
    """Say that a failure was not answered."""
    return Finding("the app failed before its first bytes, and its exception reached the server in place of an answer",
                   "at which moments does code of the app run? Which of them does your try cover?")  # fmt: skip


def is_error(seen: Trace, body: bytes = b"Internal Server Error\n") -> None:
    """Ask for the status and the body of the answer 500."""
    assert seen.code == 500, "the status that the server got last: yours, 500 Internal Server Error"
    assert seen.body == body, "the body that the server got: yours, the whole of it, and nothing else"


@mark.points(8, "correctness", statement="answer-500")
def test_failing_call_is_answered(submission: Submission, trace: Tracer) -> None:
    """an app that fails when it is called is answered 500, as plain text"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    is_error(seen)
    assert seen.status == inner.ERROR, "the status that the server got last: yours, 500 Internal Server Error"
    media_type, *_charset = (seen.header("Content-Type") or "").lower().split(";")
    assert media_type.strip() == "text/plain", "the Content-Type of your 500: text/plain, with a charset or without"
    seen.check()


@mark.points(5, "design", statement="signature")
def test_body_can_be_chosen(submission: Submission, trace: Tracer) -> None:
    """body= is the whole body of the answer"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app, body=b"Please come back later.\n"), app)
    is_error(seen, b"Please come back later.\n")


@mark.points(6, "correctness", statement="first-moments")
def test_failing_generator_is_answered(submission: Submission, trace: Tracer) -> None:
    """an app that fails at its first step, after it has announced 200, is answered 500"""
    app = failing(after=0, lazy=True)
    seen = answer(trace, submission.ErrorGuard(app), app)
    is_error(seen)
    seen.check(rules.START_ONCE, rules.EXC_INFO)


@mark.points(6, "protocol", statement="too-late")
def test_failure_after_bytes_reaches_the_server(submission: Submission, trace: Tracer) -> None:
    """when bytes of the body are gone, the exception is given to start_response, and the server gets it back"""
    app = failing(after=1)
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    error = driven(seen, submission.ErrorGuard(app), app)
    inner.was_called(app)
    if not (seen.reraised or seen.excuse):
        raise Finding("the app failed after its first bytes, and start_response was not given the exception",
                      "what you do with an exception that comes too late: the server wants it as exc_info")  # fmt: skip
    if not seen.reraised:
        raise Finding("start_response was given an exception, and the server had not yet got the bytes that the app had yielded",
                      "do you keep items back? The server gets each one when the app has yielded it")  # fmt: skip
    if error is not app.failure:
        raise Finding("start_response raised the exception that you gave it, and the server never got it",
                      "who catches what start_response raises?")  # fmt: skip
    assert seen.body == b"one ", "the body that the server got: only what the app had yielded before it failed"


@mark.points(6, "robustness", statement="reported")
def test_failure_is_reported(submission: Submission, trace: Tracer) -> None:
    """the traceback of the exception stands in wsgi.errors"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    if "Traceback (most recent call last):" not in seen.errors.text:
        raise Finding("no traceback of the failure stood in wsgi.errors",
                      "what you write to environ['wsgi.errors'], and at which moments")  # fmt: skip
    if MESSAGE not in seen.errors.text:
        raise Finding("the traceback in wsgi.errors does not have the message of the app's exception",
                      "the last line of the report: it should name the class and the message")  # fmt: skip


@mark.points(5, "robustness", statement="no-leak")
def test_answer_says_nothing_about_the_failure(submission: Submission, trace: Tracer) -> None:
    """the answer says neither what went wrong nor where"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    assert seen.code == 500, "the status that the server got last: yours, 500 Internal Server Error"
    said = " ".join([seen.status, *(value for _, value in seen.headers), seen.body.decode("utf-8", "replace")])
    for word in (MESSAGE, "RuntimeError", "Traceback"):
        if word in said:
            raise Finding('the answer 500 told the client "{word}"',
                          "the status, the headers and the body: what of the exception is in them?", word=word)  # fmt: skip


@mark.points(4, "protocol", statement="both-sides")
def test_accepted_by_validate_on_both_sides(submission: Submission, trace: Tracer) -> None:
    """the standard library's checker accepts both conversations, also when the app fails after it has announced"""
    whole, error = (200, b"12 films\n"), (500, b"Internal Server Error\n")
    assert checked(submission, trace, films) == whole, "an app that does not fail: its answer should arrive as it is"
    assert checked(submission, trace, torn) == error, "an app that announces and then fails: your answer should arrive"


def films(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer without any trouble."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9")])
    return [b"12 ", b"films\n"]


def torn(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Begin like `films`, and fail."""
    films(environ, start_response)
    raise inner.Failure(MESSAGE)


def checked(submission: Submission, trace: Tracer, app: Callable[..., Any]) -> tuple[int, bytes]:
    """Put a checker on each side of the guard, make a request, and return the status and the body."""
    watched, returned = validator(app), []

    @declares(inner.Failure)
    def inside(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if type(environ) is not dict:
            raise Finding("your middleware gave the app something else than a dict for environ",
                          "the environ that you pass to the app: its type must be dict itself")  # fmt: skip
        returned.append(watched(environ.copy(), start_response))
        return returned[-1]

    try:
        with Client(validator(App(submission.ErrorGuard(inside), trace.recorder))).get("/") as answered:
            seen = answered.status_code, answered.data
    except AssertionError as complaint:
        raise Finding("wsgiref.validate says: {complaint}", look="the part of the conversation that it names",
                      complaint=complaint) from None  # fmt: skip
    except inner.Failure:
        raise unanswered() from None
    finally:
        closed = [iterable.closed for iterable in returned]
        for iterable in returned:
            iterable.closed = True  # or it complains once more when it is thrown away
    if not all(closed):
        raise Finding("the iterable that the app returned was never closed",
                      "who closes the iterable of the app? The server knows only the one that you returned")  # fmt: skip
    if len(closed) > 1:
        raise Finding("your middleware called the app twice for the same request",
                      "how often do you call the app inside for one request?")  # fmt: skip
    return seen
