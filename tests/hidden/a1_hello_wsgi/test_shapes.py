"""A1, hidden: the four shapes are what they are called, and one answer."""

from pytest import mark

from grader.testing import Finding, Submission, Tracer, public
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-6f1d0c52-a1-shapes"


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
    assert submission.describe("AppClass")["class"], "AppClass: is it made with class?"
    kind = submission.describe("app_instance")
    assert kind["defines_call"] and not kind["class"], "app_instance: an instance of a class that defines __call__"
    assert not kind["function"], "app_instance: an instance, not a function"


def answer(seen: Trace) -> tuple[str, bytes, list[tuple[str, str]]]:
    """Return what the contract says about an answer."""
    wanted = ("content-type", "content-length")
    return seen.status, seen.body, sorted((n.lower(), v) for n, v in seen.headers if n.lower() in wanted)
