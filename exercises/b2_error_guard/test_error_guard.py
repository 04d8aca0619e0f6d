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
            raise Finding("the server refused the second announcement, for it came without exc_info",
                          "the app has announced already: what does start_response want besides?") from None  # fmt: skip
        raise
    finally:
        seen.close()


def answer(trace: Tracer, guarded: Any, app: inner.Plain) -> Trace:
    """Make a request to a guarded application and return what the server saw; the failure of the app may reach it."""
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    error = driven(seen, guarded, app)
    assert app.bodies, "is the app inside called?"
    if error and not seen.reraised:
        raise Finding("the exception of the app reached the server, and start_response had never been given it",
                      "where the app fails: at which moments does its code run, and which of them do you guard?")  # fmt: skip
    return seen


@mark.points(8, "correctness", statement="answer-500")
def test_failing_call_is_answered(submission: Submission, trace: Tracer) -> None:
    """an app that fails when it is called is answered 500, as plain text"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    assert seen.status == "500 Internal Server Error", "the status that you announce"
    assert (seen.header("Content-Type") or "").lower().startswith("text/plain"), "the headers that you announce"
    assert seen.body == b"Internal Server Error\n", "the body of the answer"
    seen.check()


@mark.points(5, "design", statement="signature")
def test_body_can_be_chosen(submission: Submission, trace: Tracer) -> None:
    """body= is the whole body of the answer"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app, body=b"Please come back later.\n"), app)
    assert seen.code == 500, "the status that you announce"
    assert seen.body == b"Please come back later.\n", "the body of the answer"


@mark.points(6, "correctness", statement="first-moments")
def test_failing_generator_is_answered(submission: Submission, trace: Tracer) -> None:
    """an app that fails at its first step, after it has announced 200, is answered 500"""
    app = failing(after=0, lazy=True)
    seen = answer(trace, submission.ErrorGuard(app), app)
    assert seen.code == 500, "the second call of start_response: does the server take it?"
    assert seen.body == b"Internal Server Error\n", "the body of the answer"
    seen.check(rules.START_ONCE, rules.EXC_INFO)


@mark.points(6, "protocol", statement="too-late")
def test_failure_after_bytes_reaches_the_server(submission: Submission, trace: Tracer) -> None:
    """when bytes of the body are gone, the exception is given to start_response, and the server gets it back"""
    app = failing(after=1)
    seen = Trace(trace.recorder, make_environ("GET", "/"))
    error = driven(seen, submission.ErrorGuard(app), app)
    if not seen.reraised:
        raise Finding("the app failed after its first bytes, and start_response was not given the exception",
                      "what you do with an exception that comes too late: the server wants it as exc_info")  # fmt: skip
    if error is not app.failure:
        raise Finding("start_response raised the exception of the app again, and it did not come back to the server",
                      "who catches what start_response raises?")  # fmt: skip
    assert seen.body == b"one ", "what is yielded before and after the exception"


@mark.points(6, "robustness", statement="reported")
def test_failure_is_reported(submission: Submission, trace: Tracer) -> None:
    """the traceback of the exception stands in wsgi.errors"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    assert "Traceback (most recent call last):" in seen.errors.text, "what you write to wsgi.errors"
    assert MESSAGE in seen.errors.text, "what you write to wsgi.errors"


@mark.points(5, "robustness", statement="no-leak")
def test_answer_says_nothing_about_the_failure(submission: Submission, trace: Tracer) -> None:
    """the answer says neither what went wrong nor where"""
    app = failing(after=None)
    seen = answer(trace, submission.ErrorGuard(app), app)
    assert seen.code == 500, "the status that you announce"
    said = " ".join([seen.status, *(value for _, value in seen.headers), seen.body.decode("utf-8", "replace")])
    for word in (MESSAGE, "RuntimeError", "Traceback"):
        assert word not in said, "the status, the headers and the body: what of the exception is in them?"


@mark.points(4, "protocol", statement="both-sides")
def test_accepted_by_validate_on_both_sides(submission: Submission, trace: Tracer) -> None:
    """the standard library's checker accepts both conversations, also when the app fails after it has announced"""
    assert checked(submission, trace, films) == (200, b"12 films\n"), "what comes of an app that does not fail?"
    assert checked(submission, trace, torn) == (500, b"Internal Server Error\n"), "what comes of an app that fails?"


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
                          "the environ that you pass to the app: a dict itself, not a class of your own")  # fmt: skip
        returned.append(watched(environ.copy(), start_response))
        return returned[-1]

    try:
        with Client(validator(App(submission.ErrorGuard(inside), trace.recorder))).get("/") as answered:
            seen = answered.status_code, answered.data
    except AssertionError as complaint:
        raise Finding("wsgiref.validate says: {complaint}", look="the part of the conversation that it names",
                      complaint=complaint) from None  # fmt: skip
    except inner.Failure:
        raise Finding(
            "the exception of the app reached the server, and start_response had never been given it",
            "where the app fails: at which moments does its code run, and which of them do you guard?",
        ) from None
    finally:
        closed = [iterable.closed for iterable in returned]
        for iterable in returned:
            iterable.closed = True  # or it complains once more when it is thrown away
    assert closed in ([], [True]), "who closes the iterable that the app returned? The server knows yours only"
    return seen
