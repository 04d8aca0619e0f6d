"""Real applications of Flask and Django beside the judge: they answer, and no submission comes near them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import ChainMap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from grader.channel.remote import StudentGone
from grader.testing import inner
from grader.testing.events import Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.inner import frameworks
from grader.testing.runtime import Runtime
from grader.testing.submission import Submission
from grader.testing.trace import Trace
from grader.testing.tracer import Tracer
from tests.grader.conftest import skip
from tests.grader.scenarios import PATIENT, runtime_at

REQUEST = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/shop", "PATH_INFO": "/films/7", "QUERY_STRING": "page=2",
    "SERVER_NAME": "films.example",
    "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "films.example:8080", "wsgi.url_scheme": "http",
}  # fmt: skip
MIDDLEWARES = """
class Text(str):
    def __len__(self): raise SystemExit
    def encode(self, *words): raise SystemExit

class Stream:
    def read(self, *size): raise SystemExit

def changed(changes):
    def wrap(app):
        return lambda environ, start_response: app({**environ, **changes}, start_response)
    return wrap

same = changed({})
moved = changed({"SCRIPT_NAME": "/shop"})
text_of_its_own = changed({"PATH_INFO": Text("/films/7")})
object_for_text = changed({"HTTP_HOST": Stream()})
streams = changed({"wsgi.input": Stream(), "wsgi.errors": Stream(), "werkzeug.request": Stream(), "HTTP_COOKIE": Stream()})
too_long = changed({"PATH_INFO": "/" + "x" * 3_000_000})
line_break = changed({"PATH_INFO": "/films/7\\n"})
not_latin = changed({"SCRIPT_NAME": "/影"})
not_utf8 = changed({"SCRIPT_NAME": "/\\xff"})
no_slash = changed({"PATH_INFO": "films/7"})
other_method = changed({"REQUEST_METHOD": "TRACE"})
two_hosts = changed({"HTTP_HOST": "a@b/c"})

def chained(app):
    from collections import ChainMap
    return lambda environ, start_response: app(ChainMap({"X": "here"}, environ), start_response)

def without(app):
    def wrapped(environ, start_response):
        del environ["SERVER_NAME"]
        return app(environ, start_response)
    return wrapped

def no_dict(app):
    return lambda environ, start_response: app([*environ], start_response)

def again_and_again(app):
    def wrapped(environ, start_response):
        while True:
            try:
                app({**environ, "wsgi.input": None}, start_response)
            except Exception:
                pass
    return wrapped
"""


@pytest.fixture(scope="module")
def real() -> dict[str, frameworks.Application]:
    return frameworks.installed()


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with runtime_at("none", MIDDLEWARES) as made:
        yield made


@pytest.fixture
def submission(runtime: Runtime) -> Iterator[Submission]:
    yield runtime.submission("tests")
    runtime.end_test()
    assert runtime.deaths == 0


def answer(submission: Submission, name: str, application: frameworks.Application) -> Trace:
    """Put one of the middlewares around an application, and ask it for a page."""
    return Tracer(Recorder())(getattr(submission, name)(frameworks.Framework(application, "word")), path="/films/7")


def test_django_is_there() -> None:
    if frameworks.lacks_django():
        skip("Django is not installed, so only Flask's app is mounted", "uv sync adds the developers' libraries")
    assert list(frameworks.installed()) == ["flask", "django"]


@pytest.mark.parametrize("name", ["flask", "django"])
def test_a_page_says_the_word_and_links_to_the_next(name: str, real: dict[str, frameworks.Application]) -> None:
    if name not in real:
        skip(f"{name} is not installed", "uv sync adds the developers' libraries")
    request = frameworks.request_of(REQUEST) | {frameworks.WORD: "word"}
    status, headers, body = frameworks.answered(real[name], request)
    assert status == "200 OK"
    assert dict(headers)["Content-Type"] == "text/plain; charset=utf-8"
    assert body.split() == [b"word", b"/shop/films/8"]
    missing = frameworks.answered(real[name], request | {"PATH_INFO": "/shop/films/7"})
    assert missing[0].startswith("404")


def test_without_django_there_is_flask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frameworks, "lacks_django", lambda: True)
    assert list(frameworks.installed()) == ["flask"]


NOT_FOUND = f"""
from grader.testing.inner import frameworks
for application in frameworks.installed().values():
    print(frameworks.answered(application, frameworks.request_of({REQUEST | {"PATH_INFO": "/secret"}}))[0][:3])
"""


def test_frameworks_log_nothing_that_a_submission_sent() -> None:
    done = subprocess.run([sys.executable, "-c", NOT_FOUND], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) == {"404"}
    assert done.stderr == ""


# -- what a submission gives them


@pytest.mark.parametrize(
    ("name", "link"), [("same", b"/films/8"), ("moved", b"/shop/films/8"), ("streams", b"/films/8")]
)
def test_texts_reach_a_framework_and_objects_do_not(
    name: str, link: bytes, submission: Submission, real: dict[str, frameworks.Application]
) -> None:
    for application in real.values():
        given: list[dict[str, Any]] = []

        def looking(
            environ: dict[str, Any], start_response: Any, application: frameworks.Application = application,  # noqa: ANN401
            given: list[dict[str, Any]] = given,
        ) -> Any:  # noqa: ANN401  # fmt: skip
            given.append(dict(environ))
            return application(environ, start_response)

        seen = answer(submission, name, looking)
        assert (seen.code, seen.body.split()) == (200, [b"word", link])
        assert {type(value) for value in given[0].values()} == {str, tuple, bool, io.BytesIO, io.StringIO}
        assert given[0].keys() <= {*frameworks.SHAPES, frameworks.WORD} | {
            key for key in given[0] if key.startswith("wsgi.")
        }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text_of_its_own", "{key} is {type}, not text"), ("object_for_text", "{key} is {type}, not text"),
        ("too_long", "no server sends"), ("line_break", "no server sends"), ("not_latin", "no server sends"),
        ("not_utf8", "no server sends"), ("no_slash", "no server sends"), ("other_method", "no server sends"),
        ("two_hosts", "no server sends"), ("without", "has no {key}"), ("no_dict", "not a dict"),
    ],
)  # fmt: skip
def test_what_no_server_sends_is_refused(
    name: str, said: str, submission: Submission, real: dict[str, frameworks.Application]
) -> None:
    for application in real.values():
        with pytest.raises(Finding) as caught:
            answer(submission, name, application)
        assert said in caught.value.happened


def test_there_is_an_end_to_the_requests(real: dict[str, frameworks.Application]) -> None:
    count = 0

    def counting(environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401
        nonlocal count
        count += 1
        return real["flask"](environ, start_response)

    with (
        runtime_at("none", MIDDLEWARES, replace(PATIENT, call=5.0)) as runtime,
        pytest.raises((LimitReached, StudentGone)),
    ):
        answer(runtime.submission("tests"), "again_and_again", counting)
    assert count == frameworks.MOST_REQUESTS


def test_an_environ_that_is_nearly_a_dict_can_be_read() -> None:
    app = inner.Plain()
    with pytest.raises(Finding):
        app.told("PATH_INFO")
    app.environs.append({"PATH_INFO": "/7"})
    assert (app.told("PATH_INFO"), app.told("SCRIPT_NAME")) == ("/7", "")


def test_an_environ_of_the_students_own_class_can_be_read(submission: Submission) -> None:
    app = inner.Plain()
    Tracer(Recorder())(submission.chained(app), path="/7")
    assert type(app.environs[0]) not in (dict, ChainMap)
    assert (app.told("PATH_INFO"), app.told("X"), app.told("y")) == ("/7", "here", "")
