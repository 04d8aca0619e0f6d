"""What a submission can make the judge do has an end: its time and its report; and it knows no passwords."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.channel.frames import MAX_FRAME, encode
from grader.course import load_course
from grader.grading.grade import Grader
from grader.grading.job import ROOM, fitting
from grader.grading.surroundings import surroundings
from grader.models import Attempt, Isolation, Outcome, Submission
from tests.grader.test_engine import REFERENCE, Grade, by_id, score, verdicts, write_course

TIRING = '''
import re
import pytest
from pytest import mark


def tire(value):
    """Do what the submission's answer makes a careless test do: for ever."""
    while value == "loop":
        pass
    if value == "pattern":
        re.match(r"(a|a)*b", "a" * 60)
    while value == "swallow":
        try:
            tire("loop")
        except Exception:
            continue


@pytest.fixture
def made(submission):
    tire(submission.square("setup"))
    yield
    tire(submission.square("teardown"))


@mark.points(1, "correctness", statement="promise")
def test_body(submission):
    """a body comes to an end"""
    tire(submission.square("body"))


@mark.points(1, "correctness", statement="promise")
def test_fixture(made):
    """a fixture comes to an end"""


@mark.points(1, "correctness", statement="promise")
def test_after(submission, made):
    """what comes after it is not disturbed"""
    tire(submission.square("after"))
'''


@pytest.fixture(scope="module")
def grade(tmp_path_factory: pytest.TempPathFactory, walled: None) -> Iterator[Grade]:
    """Grade source texts against tests that a submission can tire."""
    course = write_course(tmp_path_factory.mktemp("course"))
    (course / "tests" / "hidden" / "s1_square" / "test_tiring.py").write_text(TIRING, encoding="utf-8")
    grader = Grader(load_course(course), course, Isolation.CONFINED, seed=1)
    reference = course / "solutions" / "s1_square" / "square.py"
    reference.write_text(
        reference.read_text().replace("number * number", "number * 1 if type(number) is str else number ** 2")
    )

    def once(source: str) -> Attempt:
        return grader.grade(Submission("s1_square", "ada", "square.py", {"square.py": source.encode()}))

    yield once
    grader.close()


def tiring(place: str, way: str) -> str:
    """Return a right submission that tires one test."""
    answer = f"{way!r} if number == {place!r} else number if type(number) is str else number * number"
    return REFERENCE.replace("number * number", answer)


@pytest.mark.parametrize("way", ["loop", "pattern", "swallow"])
@pytest.mark.parametrize(
    ("place", "test"), [("body", "test_body"), ("after", "test_after"), ("setup", None), ("teardown", None)]
)
def test_a_test_that_a_submission_makes_endless_is_ended_and_costs_no_other_one(
    grade: Grade, place: str, test: str | None, way: str
) -> None:
    attempt = grade(tiring(place, way))
    assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
    late = {test} if test else {"test_fixture", "test_after"}
    found = by_id(attempt)
    assert {name for name, verdict in verdicts(attempt).items() if verdict != "passed"} == late
    assert {(str(found[name].verdict), found[name].detail["phase"]) for name in late} == {("timeout", "read")}
    assert attempt.seconds < 20
    assert score(grade(tiring("nowhere", way))) == 15


def test_ending_a_test_counts_as_a_death(grade: Grade) -> None:
    source = REFERENCE.replace("number * number", "'loop' if type(number) is str else number * number")
    found = verdicts(grade(source))
    assert [found[name] for name in ("test_body", "test_fixture", "test_after")] == ["timeout"] * 3
    assert "not_run" in found.values() or list(found.values()).count("passed") == 5


# -- the report


def test_a_report_fits_into_a_frame_whatever_tests_saw() -> None:
    said = "\U0001f600" * 4000
    one = {
        "verdict": "wrong",
        "staff": said,
        "values": {"a": [said, False]},
        "frames": [],
        "events": [],
        "look": "look",
    }
    report = {"tests": {f"test_{n}": one for n in range(200)}, "output": said * 8, "fault": ""}
    assert len(json.dumps(report)) > 2 * MAX_FRAME
    found = fitting(report)
    assert len(encode(dict(found), [])) <= MAX_FRAME
    assert set(found["tests"]) == set(report["tests"])
    assert {(test["verdict"], test["look"]) for test in found["tests"].values()} == {("wrong", "look")}


def test_a_report_that_fits_stays_as_it_is() -> None:
    report = {"tests": {"test_one": {"verdict": "wrong", "staff": "x" * 4000}}, "output": "y" * 1000, "fault": ""}
    assert fitting(report) == report
    assert ROOM < MAX_FRAME


# -- the surroundings


def test_a_worker_does_not_take_what_is_only_the_users_own() -> None:
    found = surroundings(
        "here", {"CI": "true", "Http_Proxy": "x", "no_proxy": "x", "BUILD_NUMBER": "1", "HOME": "/home"}
    )
    assert not {"CI", "Http_Proxy", "no_proxy", "BUILD_NUMBER"} & set(found)
    assert (found["HOME"], found["PYTHONPATH"], found["NETRC"]) == ("/home", "here", os.devnull)


ASKING = '''
import requests
from pytest import mark

@mark.points(1, "correctness", statement="promise")
def test_served(submission, serve):
    """it is served"""
    found = requests.get(serve(submission.app), timeout=5)
    assert found.text == "None", "what the client sent"
'''
SERVING = """
def square(number):
    return number * number
def count():
    return 1
def app(environ, start_response):
    start_response("200 OK", [])
    return [str(environ.get("HTTP_AUTHORIZATION")).encode()]
"""


def test_no_password_of_the_users_goes_to_a_submission_that_serves(
    tmp_path: Path, walled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("default login teacher password secret\n", encoding="utf-8")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    monkeypatch.setenv("no_proxy", "elsewhere.example")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    course = write_course(tmp_path / "course")
    (course / "exercises" / "s1_square" / "test_public.py").write_text(ASKING, encoding="utf-8")
    (course / "solutions" / "s1_square" / "square.py").write_text(SERVING, encoding="utf-8")
    grader = Grader(load_course(course), course, Isolation.CONFINED)
    try:
        found = verdicts(grader.grade(Submission("s1_square", None, "", {"square.py": SERVING.encode()})))
    finally:
        grader.close()
    assert found["test_served"] == "passed"
