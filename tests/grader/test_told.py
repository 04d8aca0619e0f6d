"""What students are told of hidden tests: everything but values, or names only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.course import load_course
from grader.errors import UsageError
from grader.models import (
    MESSAGES,
    NAMES,
    Attempt,
    Feedback,
    Hashes,
    Isolation,
    Outcome,
    Score,
    SourceLine,
    Verdict,
    Visibility,
)
from grader.models import TestInfo as Info
from grader.models import TestResult as Row
from grader.policy import read_policy
from grader.reports.told import told
from tests.grader import two_exercises
from tests.grader.two_exercises import W1, W2

SAME = {"en": "x", "zh-CN": "x"}
FEEDBACK = Feedback(SAME, SAME, SAME, SAME, "start_response > raised", SAME, SourceLine("app.py", 7))
LENGTH = "how many bytes are in the body?"


def row(name: str, visibility: Visibility, verdict: Verdict) -> Row:
    info = Info(name, visibility, "protocol", 10, SAME)
    return Row(info, verdict, {"type": "KeyError"}, FEEDBACK, "staff", 1.25)


def attempt(*verdicts: Verdict, outcome: Outcome = Outcome.GRADED) -> Attempt:
    rows = (
        row("test_public", Visibility.PUBLIC, Verdict.WRONG),
        *(row("test_h", Visibility.HIDDEN, one) for one in verdicts),
    )
    return Attempt("a1_x", None, "x", outcome, Isolation.FULL, rows, Score(0, 20), {}, Hashes("", "", ""), 1, "", 0.0)


def test_by_names_every_failure_of_a_hidden_test_looks_alike() -> None:
    failures = [verdict for verdict in Verdict if verdict is not Verdict.PASSED]
    seen = {repr(told(attempt(verdict), NAMES)) for verdict in failures}
    assert len(seen) == 1
    assert len({repr(told(attempt(verdict), MESSAGES)) for verdict in failures}) == len(failures)


def test_by_names_public_tests_and_points_stay() -> None:
    before = attempt(Verdict.PASSED, Verdict.CRASHED)
    after = told(before, NAMES)
    assert after.results[0] == before.results[0]
    assert [result.earned for result in after.results] == [result.earned for result in before.results]
    assert after.score == before.score


def test_what_was_never_run_says_why() -> None:
    missing = attempt(Verdict.NOT_RUN, outcome=Outcome.MISSING_FILE)
    assert told(missing, NAMES) == missing


# -- where it is said


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = two_exercises.write(tmp_path / "course")
    for exercise in (W1, W2):
        path = tmp_path / "submitted" / "ada" / exercise / "app.py"
        path.parent.mkdir(parents=True)
        path.write_text(two_exercises.app(two_exercises.POLITE), encoding="utf-8")
    return folder


def say(course: Path, text: str) -> None:
    (course / "course.toml").write_text(text, encoding="utf-8")


def grade(course: Path, *words: object) -> Result:
    path = course.parent / "submitted" / "ada" / W1
    return CliRunner().invoke(
        main, ["grade", str(path), "--course", str(course), *map(str, words)], env={"COLUMNS": "200", "LANG": "C.UTF-8"}
    )


def test_the_course_says_it_for_all_exercises_or_one(small: Path) -> None:
    course = load_course(small)
    assert read_policy(course).feedback_of(W1) == MESSAGES
    say(
        small,
        '[grading]\nfeedback = "names"\n[grading.exercises.w2]\nfeedback = "messages"\ndeadline = 2026-01-01T00:00:00Z\n',
    )
    policy = read_policy(course)
    assert (policy.feedback_of(W1), policy.feedback_of(W2)) == (NAMES, MESSAGES)
    assert policy.rule("ada", W2).deadline is not None


@pytest.mark.parametrize("said", ['"everything"', "true", '"Names"'])
def test_nothing_else_can_be_said(said: str, small: Path) -> None:
    say(small, f"[grading]\nfeedback = {said}\n")
    with pytest.raises(UsageError, match=r"course\.toml: .*feedback"):
        read_policy(load_course(small))
    assert grade(small).exit_code == 2


def test_a_grading_keeps_to_it_everywhere(small: Path, tmp_path: Path, walled: None) -> None:
    say(small, '[grading]\nfeedback = "names"\n')
    files = ["--junit", tmp_path / "j.xml", "--markdown", tmp_path / "m.md", "--sarif", tmp_path / "s.json",
             "--out", tmp_path / "out", "--gitlab", tmp_path / "g.json"]  # fmt: skip
    result = grade(small, "--no-store", *files)
    assert result.exit_code == 0, result.output
    said = [result.output, *(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.*") if path.is_file())]
    said += [path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*.json")]
    assert len(said) == 6
    assert [text for text in said if LENGTH in text] == []
    assert all("test_says_how_long" in text for text in said)
    (document,) = (json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").rglob("*.json"))
    hidden = next(test for test in document["tests"] if test["id"] == "test_says_how_long")
    assert (hidden["verdict"], hidden["detail"], hidden["feedback"]["trace"]) == ("wrong", {}, "")
    assert hidden["feedback"]["happened"] == "this hidden test did not pass; the course tells no more of it"
    more = grade(small, "--no-store", "--feedback", "messages")
    assert LENGTH in more.output


def test_staff_is_told_everything_and_pages_keep_to_it(small: Path, tmp_path: Path, walled: None) -> None:
    say(small, '[grading]\nfeedback = "names"\n')
    store = tmp_path / "grades.db"
    tree = tmp_path / "submitted"
    staff = CliRunner().invoke(
        main, ["grade", str(tree), "--exercise", "w1", "--course", str(small), "--store", str(store), "--format", "json",
               "--audience", "staff"],
    )  # fmt: skip
    assert LENGTH in staff.output
    for said, there in (("names", False), ("messages", True)):
        say(small, f'[grading]\nfeedback = "{said}"\n')
        out = tmp_path / said
        done = CliRunner().invoke(
            main, ["feedback", str(out), "--course", str(small), "--store", str(store), "--lang", "en"]
        )
        assert done.exit_code == 0, done.output
        assert (LENGTH in (out / "ada.html").read_text(encoding="utf-8")) is there
