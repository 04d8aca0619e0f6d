"""The public tests of B1. Read them: they show the middleware between a server and small applications."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

from pytest import mark
from werkzeug.test import Client

from grader.testing import App, Finding, Submission, Tracer
from grader.testing.events import Event

KEY = "yingdan.request_id"
PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
BODY = b"12 films\n"


class Films:
    """The application inside. It keeps each environ that it was given, and its calls stand in the trace."""

    __exposed__ = ("call",)  # the middleware may call it, and do nothing else with it

    def __init__(self, trace: Tracer, *headers: tuple[str, str]) -> None:
        self.trace = trace
        self.headers = headers
        self.environs: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.trace.recorder.logs[-1].append(Event("app called"))
        self.environs.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9"), *self.headers])
        return [BODY]


@mark.points(6, "correctness", statement="header-added")
def test_answer_carries_an_id(submission: Submission, trace: Tracer) -> None:
    """the answer has one header X-Request-ID with a good id"""
    seen = trace(submission.RequestId(Films(trace)), "GET", "/")
    values = seen.all_headers("X-Request-ID")
    assert values != [], "the headers that you pass to the server's start_response"
    assert len(values) == 1, "the headers that you pass to the server's start_response"
    assert PATTERN.fullmatch(values[0]), "the id that you make: letters, digits, dot, underscore, hyphen, at most 64"


@mark.points(6, "correctness", statement="environ-key")
def test_app_finds_the_id(submission: Submission, trace: Tracer) -> None:
    """the app inside finds in its environ the id that the answer carries"""
    films = Films(trace)
    seen = trace(submission.RequestId(films), "GET", "/")
    assert films.environs, "is the app inside called?"
    assert type(films.environs[0]) is dict, (
        "the environ that you pass to the app: a dict itself, not a class of your own"
    )
    assert films.environs[0].get(KEY) is not None, "the environ that you pass to the app: which keys does it have?"
    assert type(films.environs[0][KEY]) is str, "the type of the id that you put into environ: it has to be text"
    assert films.environs[0][KEY] != "", "an absent header is no good id either: is there a new id then?"
    assert seen.header("X-Request-ID") is not None, "the headers that you pass to the server's start_response"
    assert films.environs[0][KEY] == seen.header("X-Request-ID"), "one id for both: where is it made, and how often?"


@mark.points(6, "correctness", statement="incoming")
def test_keeps_a_good_id(submission: Submission, trace: Tracer) -> None:
    """a good id that the request brings is used"""
    films = Films(trace)
    seen = trace(submission.RequestId(films), "GET", "/", headers={"X-Request-ID": "Client_7.b-1"})
    assert seen.all_headers("X-Request-ID") != [], "the headers that you pass to the server's start_response"
    assert seen.all_headers("X-Request-ID") == ["Client_7.b-1"], "under which key does environ hold a request header?"
    assert films.environs, "is the app inside called?"
    assert films.environs[0].get(KEY) == "Client_7.b-1", "the environ that you pass to the app"


@mark.points(6, "robustness", statement="incoming")
def test_replaces_a_bad_id(submission: Submission, trace: Tracer) -> None:
    """a bad id that the request brings is replaced by a new one"""
    films = Films(trace)
    seen = trace(submission.RequestId(films), "GET", "/", headers={"X-Request-ID": "<b>not an id</b>"})
    value = seen.header("X-Request-ID")
    assert value is not None, "the headers that you pass to the server's start_response"
    assert value != "<b>not an id</b>", "what you check before you use an id that came in"
    assert PATTERN.fullmatch(value), "the id that you make: letters, digits, dot, underscore, hyphen, at most 64"
    assert films.environs, "is the app inside called?"
    assert films.environs[0].get(KEY) == value, "the environ that you pass to the app"


@mark.points(5, "correctness", statement="make-id")
def test_make_id_makes_the_ids(submission: Submission, trace: Tracer) -> None:
    """make_id is called once where an id is needed, never otherwise, and what it returns is used"""
    made: list[str] = []

    def make_id() -> str:
        made.append(f"film #{len(made) + 1}")
        return made[-1]

    app = submission.RequestId(Films(trace), make_id=make_id)
    assert trace(app).header("X-Request-ID") == "film #1", "what make_id returns is used as it is"
    assert trace(app).header("X-Request-ID") == "film #2", "how often do you call make_id?"
    if trace(app, headers={"X-Request-ID": "mine"}).header("X-Request-ID") == "mine":  # another test asks whether it is
        assert len(made) == 2, "a good id needs no other one"
    own = submission.RequestId(Films(trace))
    assert trace(own).header("X-Request-ID") != trace(own).header("X-Request-ID"), "without make_id: is each id new?"


@mark.points(4, "design", statement="header-name")
def test_header_has_the_name_that_was_chosen(submission: Submission, trace: Tracer) -> None:
    """header= names the header of the request and of the answer"""
    app = submission.RequestId(Films(trace), header="X-Film-Trace")
    seen = trace(app, headers={"X-Film-Trace": "mine", "X-Request-ID": "other"})
    assert seen.all_headers("X-Film-Trace") != [], "the name of the header that you add"
    assert seen.all_headers("X-Request-ID") == [], "the name of the header that you add"
    assert seen.all_headers("X-Film-Trace") == ["mine"], "the key in environ follows from the name of the header"


@mark.points(4, "protocol", statement="untouched")
def test_everything_else_is_the_apps(submission: Submission, trace: Tracer) -> None:
    """the app's status, body and other headers come through as they are; an id of its own is replaced"""
    films = Films(trace, ("Set-Cookie", "a=1"), ("x-request-id", "of the app"), ("Set-Cookie", "b=2"))
    seen = trace(submission.RequestId(films))
    values = seen.all_headers("X-Request-ID")
    assert values != ["of the app"], "an app may send this header too, in upper or lower case"
    assert len(values) == 1, "an app may send this header too, in upper or lower case"
    others = [pair for pair in seen.headers if pair[0].lower() != "x-request-id"]
    wanted = [("Content-Type", "text/plain"), ("Content-Length", "9"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    assert others == wanted, "the other headers, their order, and those that stand twice"
    assert (seen.status, seen.body) == ("200 OK", BODY), "what you pass on to start_response, and what you return"


@mark.points(3, "protocol", statement="both-sides")
def test_accepted_by_validate_on_both_sides(submission: Submission, trace: Tracer) -> None:
    """the standard library's checker, inside and outside of the middleware, accepts both conversations"""
    checked, returned = validator(Films(trace)), []

    def inside(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if type(environ) is not dict:
            raise Finding("your middleware gave the app something else than a dict for environ",
                          "the environ that you pass to the app: a dict itself, not a class of your own")  # fmt: skip
        returned.append(checked(environ.copy(), start_response))
        return returned[-1]

    app = App(submission.RequestId(inside), trace.recorder)
    try:
        with Client(validator(app)).get("/") as answer:
            body, headers = answer.data, answer.headers
    except AssertionError as complaint:
        raise Finding("wsgiref.validate says: {complaint}", look="the part of the conversation that it names",
                      complaint=complaint) from None  # fmt: skip
    finally:
        closed = [iterable.closed for iterable in returned]
        for iterable in returned:
            iterable.closed = True  # or it complains once more when it is thrown away
    assert body == BODY, "what your middleware returns"
    assert "X-Request-ID" in headers, "the headers that you pass to the server's start_response"
    assert closed == [True], "who closes the iterable that the app returned? The server knows yours only"
