"""A1, hidden: one obligation of the protocol per test, for every shape that the submission has.

A shape that is missing costs `test_shapes_equal`, and is not asked for elsewhere.
"""

from pytest import mark

from grader.testing import Finding, StudentObject, Submission, Tracer, public, rules
from grader.testing.announcement import type_word
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-6f1d0c52-a1"
SHAPES = ("application", "app_generator", "AppClass", "app_instance")
PATHS = ("/", "/电影/1")


def each_shape(submission: Submission, trace: Tracer, method: str = "GET", path: str = "/films") -> dict[str, Trace]:
    """Ask every shape that there is; application must be there."""
    apps = {"application": submission.application}
    apps |= {name: getattr(submission, name) for name in SHAPES[1:] if submission.defines(name)}
    return {name: trace(app, method, path) for name, app in apps.items()}


def must_greet(name: str, seen: Trace) -> None:
    """Ask for an answer that is one at all: without this, doing nothing would break no rule."""
    if "影单".encode() not in seen.body:
        raise Finding(
            "the answer of {name} had no greeting in it", "is the greeting in the body at all?", name=public(name)
        )


@mark.points(8, "protocol", rule="PEP 3333 (must): Unicode Issues", statement="body-bytes")
def test_body_is_bytes(submission: Submission, trace: Tracer) -> None:
    """the result is an iterable, and every item of it is a bytes object"""
    for name, seen in each_shape(submission, trace).items():
        seen.check(rules.ITERABLE, rules.NOT_BARE, rules.BODY_BYTES)
        must_greet(name, seen)


@mark.points(10, "protocol", rule="PEP 3333 (should): Handling the Content-Length Header", statement="length-in-bytes")
def test_length_counts_bytes(submission: Submission, trace: Tracer) -> None:
    """Content-Length is the number of bytes of the body"""
    for name, seen in each_shape(submission, trace).items():
        must_greet(name, seen)
        assert seen.header("Content-Length") is not None, "the list of headers: is there a Content-Length?"
        seen.check(rules.CONTENT_LENGTH)


@mark.points(8, "protocol", rule="PEP 3333 (must): The start_response() Callable", statement="status-line")
def test_status_line_exact(submission: Submission, trace: Tracer) -> None:
    """the status line is exactly 200 OK"""
    for name, seen in each_shape(submission, trace).items():
        seen.check(rules.STATUS_LINE)
        must_greet(name, seen)
        assert seen.status == "200 OK", "the first argument of start_response: digits, one blank, the reason"


@mark.points(8, "protocol", rule="PEP 3333 (must): The start_response() Callable", statement="header-list")
def test_header_list_of_str_tuples(submission: Submission, trace: Tracer) -> None:
    """the headers are a list of tuples of two str"""
    for name, seen in each_shape(submission, trace).items():
        seen.check(rules.HEADER_LIST, rules.HEADER_SYNTAX, rules.HOP_BY_HOP)
        must_greet(name, seen)
        assert len(seen.all_headers("Content-Type")) == 1, "how often does Content-Type stand in the list?"


@mark.points(6, "protocol", rule="PEP 3333 (must): The start_response() Callable", statement="start-before-body")
def test_start_before_body(submission: Submission, trace: Tracer) -> None:
    """start_response is called once, before the first item of the body"""
    for name, seen in each_shape(submission, trace).items():
        seen.check(rules.START_FIRST, rules.START_ONCE, rules.START_ARGUMENTS)
        must_greet(name, seen)


@mark.points(6, "robustness", rule="RFC 9110: HEAD", statement="head")
def test_head_has_no_body(submission: Submission, trace: Tracer) -> None:
    """HEAD gets the status and the headers of GET, and no byte of body"""
    heads = each_shape(submission, trace, "HEAD")
    for name, get in each_shape(submission, trace).items():
        head = heads[name]
        must_greet(name, get)
        head.check(rules.START_FIRST, rules.NO_BODY)
        assert head.body == b"", "what your app yields when REQUEST_METHOD is HEAD"
        assert head.status == get.status, "the status line for HEAD"
        assert announced(head) == announced(get), "the headers for HEAD, Content-Length among them"


@mark.points(6, "robustness", statement="fresh-answer")
def test_callable_twice_same_answer(submission: Submission, trace: Tracer) -> None:
    """every call gives the whole answer again, whatever the path, also when two calls overlap"""
    first = each_shape(submission, trace)
    for path in PATHS:
        for name, now in each_shape(submission, trace, path=path).items():
            before = first[name]
            if "影单".encode() not in now.body:
                raise Finding("the answer of {name} had no greeting in it", "what is left for the second call?",
                              name=public(name))  # fmt: skip
            assert (now.status, now.body) == (before.status, before.body), "what differs between two calls?"
    for name in SHAPES:
        if submission.defines(name):
            app = getattr(submission, name)
            one, other = trace.start(app, "GET", "/1"), trace.start(app, "GET", "/2")
            bodies = {seen.finish().close().body for seen in (one, other)}
            assert bodies == {first["application"].body}, "what do two answers share that are read at the same time?"


def announced(seen: Trace) -> list[tuple[str, str]]:
    """Return the headers that the contract is about, in one order."""
    return sorted((name.lower(), value) for name, value in seen.headers if name.lower().startswith("content-"))


@mark.points(8, "design", statement="four-shapes")
def test_shapes_equal(submission: Submission, trace: Tracer) -> None:
    """a generator function, a class and an instance give the same answer as application"""
    expected = trace(submission.application, "GET", "/")
    assert "影单".encode() in expected.body, "is the greeting in the body of application at all?"
    for name in ("app_generator", "AppClass", "app_instance"):
        seen = trace(getattr(submission, name), "GET", "/")
        if answer(seen) != answer(expected):
            raise Finding("{name} does not answer as application does", look="status, Content-Type, Content-Length and body",
                          name=public(name))  # fmt: skip
    assert submission.describe("app_generator")["generator_function"], "app_generator: is there a yield in it?"
    waiting = trace.start(submission.app_generator, "GET", "/")
    assert not waiting.starts, "app_generator: what runs before its first item is asked for?"
    waiting.finish().close()
    assert submission.describe("AppClass")["class"], "AppClass: is it made with class?"
    made = trace(submission.AppClass, "GET", "/").result
    assert isinstance(made, StudentObject), "AppClass: does calling it give an instance of it?"
    assert type_word(made) == "object", "AppClass: does calling it give an instance of it?"
    kind = submission.describe("app_instance")
    assert kind["defines_call"], "app_instance: is it an instance of a class that defines __call__?"
    assert not kind["class"], "app_instance: an instance, not the class itself"
    assert not kind["function"], "app_instance: an instance, not a function"


def answer(seen: Trace) -> tuple[str, bytes, list[tuple[str, str]]]:
    """Return what the contract says about an answer."""
    wanted = ("content-type", "content-length")
    return seen.status, seen.body, sorted((n.lower(), v) for n, v in seen.headers if n.lower() in wanted)
