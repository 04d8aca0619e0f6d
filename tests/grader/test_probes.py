"""Probes look at a submission from within; they are there before it is imported, and nothing that they say has to be true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.models import Verdict
from grader.testing import Unsuited
from grader.testing.app import App
from grader.testing.events import Recorder
from grader.testing.outcome import observe
from grader.testing.probes import Probes
from grader.testing.runtime import Runtime
from grader.testing.submission import Submission
from grader.testing.tracer import Tracer
from tests.grader.scenarios import FLASKY, at_level, runtime_at
from tests.grader.test_engine import STATEMENT
from tests.grader.test_plain_run import run_pytest


def test_every_probe_works_at_every_level(any_level: str) -> None:
    assert at_level(any_level, "probes") == {
        "connections": [2, 1],
        "templates": [["film.html", "list.html", "base.html"]],
        "log": [["INFO", "page film.html"]],
        "codes": [200, 500, 2],
        "title": ["Films", 1, "影"],
        "slow": True,
        "described": True,
    }


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    with runtime_at("none", FLASKY) as made:
        yield made


@pytest.fixture
def submission(runtime: Runtime) -> Iterator[Submission]:
    yield runtime.submission("tests", probes=True)
    runtime.end_test()


@pytest.fixture
def probes(submission: Submission) -> Probes:
    return Probes(submission)


@pytest.mark.parametrize(
    ("how", "counts"),
    [
        ("close", (1, 1)),
        ("close twice", (1, 1)),
        ("forget", (1, 0)),
        ("own kind", (1, 1)),
        ("by position", (1, 1)),
        ("made by a function", (1, 0)),
        ("", (0, 0)),
    ],
)
def test_connections_are_counted_however_they_are_made(
    submission: Submission, probes: Probes, how: str, counts: tuple[int, int]
) -> None:
    with probes.sqlite() as found:
        kind = submission.use(how)
    assert (found.opened, found.closed) == counts
    assert kind in (None, ("Own", True))


def test_a_block_counts_what_happens_in_it_alone(submission: Submission, probes: Probes) -> None:
    submission.use("forget")
    with probes.sqlite() as outer:
        submission.use("close")
        with probes.sqlite() as inner:
            submission.use("close")
    assert (outer.opened, inner.opened) == (2, 1)


def test_templates_come_with_their_layouts(submission: Submission, probes: Probes) -> None:
    app, trace = submission.create_app(), Tracer(Recorder())
    with probes.flask_templates() as found:
        for name in ("list.html", "text.txt", "odd.html"):
            trace(app, "GET", f"/{name}")
    assert found.names == ["list.html", "text.txt", "odd.html"]
    assert found.rendered == [["list.html", "base.html"], ["text.txt"], ["odd.html"]]
    trace(app, "GET", "/text.txt")
    with probes.flask_templates() as nothing:
        pass
    assert nothing.rendered == []


def test_a_log_is_taken_at_info_and_left_as_it_was(submission: Submission, probes: Probes) -> None:
    app, trace = submission.create_app(), Tracer(Recorder())
    before = submission.level(app)
    with probes.flask_log(app) as found:
        trace(app, "GET", "/text.txt")
        trace(app, "GET", "/base.html")
    assert found.records == [("INFO", "page text.txt"), ("INFO", "page base.html")]
    assert submission.level(app) == before


def test_a_view_is_added_before_the_first_request_only(submission: Submission, probes: Probes) -> None:
    app, trace = submission.create_app(), Tracer(Recorder())
    probes.flask_view(app, "/boom", raises="KeyError", methods=["POST"])
    probes.flask_view(App(app, Recorder()), "/fine", raises="", message="fine", first=submission.note)
    assert trace(app, "POST", "/boom").code == 500
    assert trace(app, "GET", "/fine").body == b"fine"
    with pytest.raises(StudentError) as late:
        probes.flask_view(app, "/late")
    assert late.value.type == "AssertionError"


def test_a_view_tells_what_a_request_has_with_it(submission: Submission, probes: Probes) -> None:
    app, trace = submission.create_app(), Tracer(Recorder())
    for name in (
        "g.note",
        "g.count",
        "g.nothing",
        "environ.HTTP_X_NOTE",
        "environ.wsgi.url_scheme",
        "environ.wsgi.errors",
    ):
        probes.flask_view(app, f"/{name}", raises="", first=submission.remember, tells=name)
    told = {
        name: trace(app, "GET", f"/{name}", headers={"X-Note": "later"}) for name in ("g.note", "environ.HTTP_X_NOTE")
    }
    assert {name: seen.body for name, seen in told.items()} == {
        "g.note": b"remembered",
        "environ.HTTP_X_NOTE": b"later",
    }
    assert trace(app, "GET", "/environ.wsgi.url_scheme").body == b"http"
    for name in ("g.count", "g.nothing", "environ.HTTP_X_NOTE", "environ.wsgi.errors"):
        seen = trace(app, "GET", f"/{name}")
        assert (seen.code, seen.body) == (200, b"")
    with pytest.raises(TypeError, match="tells"):
        probes.flask_view(submission.create_app(), "/x", raises="", tells="session.user")


def test_a_flask_app_is_there_to_be_read(submission: Submission, probes: Probes) -> None:
    app = submission.create_app()
    assert probes.flask_app(App(app, Recorder())) is app
    assert probes.flask_app(app).debug is False
    assert probes.flask_app(app).config.get("SECRET_KEY") is None


def test_an_app_that_is_no_flask_app_skips_the_test_kindly(submission: Submission, probes: Probes) -> None:
    for look in (
        lambda: probes.flask_app(submission.raw),
        lambda: probes.flask_view(submission.raw, "/x"),
        lambda: probes.in_app_context(submission.raw, submission.title),
        lambda: probes.flask_log(submission.raw).__enter__(),
    ):
        with pytest.raises(Unsuited) as unsuited:
            look()
        assert observe(unsuited.value, None, Recorder(), Path()).verdict is Verdict.SKIPPED


def test_what_is_no_object_of_the_submission_is_the_authors_mistake(submission: Submission, probes: Probes) -> None:
    for wrong in (len, "app", None):
        with pytest.raises(TypeError, match="objects of the submission"):
            probes.flask_view(wrong, "/x")
    with pytest.raises(TypeError, match="builtin exception"):
        probes.flask_view(submission.application, "/x", raises="Boom")
    for seconds, chunks in ((60.0, [b"x"]), (-1.0, [b"x"]), (0.1, [])):
        with pytest.raises(TypeError, match="slow app"):
            probes.slow_app(seconds, chunks)


def test_probes_are_there_before_the_import_even_if_an_earlier_test_imported_without() -> None:
    with runtime_at("none", FLASKY) as runtime:
        first = runtime.submission("tests")
        first.use("close")
        with pytest.raises(TypeError, match="name the fixture probes"):
            Probes(first)
        runtime.end_test()
        second = runtime.submission("tests", probes=True)
        with Probes(second).sqlite() as found:
            second.use("close")
        assert found.opened == 1
        other = second.fresh()
        with Probes(second).of(other).sqlite() as theirs, Probes(second).sqlite() as own:
            other.use("close")
        assert (theirs.opened, own.opened) == (1, 0)
        runtime.end_test()
        third = runtime.submission("tests")
        assert third._student is second._student
        assert runtime.deaths == 0


# -- lies

LIAR = (
    FLASKY
    + """
import sys
used = sys.modules["grader.sandbox.inside.instruments"].USED

def lie(name, said):
    used[name] = lambda *words: LIES[said]

LIES = {
    "none": None, "text": "opened", "more": {"opened": 1, "closed": 0, "more": 1}, "words": {"opened": "1", "closed": 0},
    "truth": {"opened": True, "closed": 0}, "empty": [[]], "numbers": [[1]], "pair": [("INFO",)], "object": [[object()]],
}
"""
)


@pytest.mark.parametrize(
    ("name", "said"),
    [("sqlite", said) for said in ("none", "text", "more", "words", "truth")]
    + [("rendered_templates", said) for said in ("none", "empty", "numbers", "object", "pair")]
    + [("logged", said) for said in ("text", "empty", "pair", "numbers")]
    + [("slow_app", "none")],
)
def test_what_cannot_be_is_a_violation(name: str, said: str) -> None:
    with runtime_at("none", LIAR) as runtime:
        submission = runtime.submission("tests", probes=True)
        probes, app = Probes(submission), submission.application
        submission.lie(name, said)
        with pytest.raises(StudentGone) as gone:
            if name == "sqlite":
                probes.counts()
            elif name == "slow_app":
                probes.slow_app()
            else:
                with probes.flask_log(app), probes.flask_templates():
                    pass
    assert gone.value.verdict == "protocol_violation"


# -- with pytest

MANIFEST = """
kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "Probed", zh-CN = "探查"}
"""
TESTS = '''
from pytest import mark

@mark.points(2, "correctness", statement="promise")
def test_title(submission):
    """there is a title"""
    assert submission.noted == [], "noted"

@mark.points(3, "design", statement="promise")
def test_closed(submission, probes):
    """connections are closed"""
    with probes.sqlite() as found:
        submission.use("close")
    assert found.opened == found.closed == 1, "is each connection closed?"

@mark.points(4, "design", statement="promise")
def test_pages(app, probes):
    """pages have a layout"""
    with probes.flask_log(app):
        pass
'''


def test_the_fixture_works_in_a_students_own_run_and_skips_kindly_in_both_languages(tmp_path: Path) -> None:
    files = {
        "exercise.toml": MANIFEST,
        "README.md": STATEMENT.format(title="P", sentence="It is well made."),
        "README.zh-CN.md": STATEMENT.format(title="P", sentence="写得好。"),
        "app.py": FLASKY,
        "test_probed.py": TESTS,
    }
    folder = tmp_path / "exercises" / "p1_probed"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = run_pytest("exercises/p1_probed", cwd=tmp_path)
    assert "3 passed" in done.stdout, done.stdout
    (folder / "app.py").write_text(f"{FLASKY}\napplication = raw\n", encoding="utf-8")
    done = run_pytest("exercises/p1_probed", "-ra", "--lang", "zh-CN", cwd=tmp_path)
    assert "2 passed, 1 skipped" in done.stdout, done.stdout
    assert "这个应用不是 Flask 应用" in done.stdout
    assert "5/9" in done.stdout
