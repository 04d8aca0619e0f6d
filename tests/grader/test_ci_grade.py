"""Grading on a host: what a grading gets of the environment, what the log gets of it, and which tests must have run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.course import load_course
from grader.errors import UsageError
from grader.hosts.running import Grading, begun, check_private_half, environment
from tests.grader import two_exercises
from tests.grader.actions_runner import Runner, commands_in
from tests.grader.ci_course import PRIVATE, Hosted, hosted, texts
from tests.grader.conftest import ROOT
from tests.grader.github_host import COURSE
from tests.grader.two_exercises import LENGTH, W1, W2

HIDDEN = f"tests/hidden/{W1}/test_length.py"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return two_exercises.write(tmp_path / "course")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    return hosted(tmp_path_factory.mktemp("hosted"))


def handed_in(folder: Path, source: str, exercise: str = W1) -> Path:
    place = folder / "submitted" / "ada" / exercise
    place.mkdir(parents=True)
    (place / "app.py").write_text(source, encoding="utf-8")
    return place


def grade(*words: object) -> Result:
    return CliRunner().invoke(main, ["ci", "grade", *map(str, words)], env={"COLUMNS": "200", "LANG": "C.UTF-8"})


# -- the private half


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda course: shutil.rmtree(course / "tests" / "hidden" / W1),
            "has no hidden tests or no reference of w1_greeting",
        ),
        (lambda course: shutil.rmtree(course / "solutions"), "has no hidden tests or no reference of w1_greeting"),
        (lambda course: (course / HIDDEN).unlink(), "has other hidden tests of w1_greeting than the course"),
        (
            lambda course: (course / HIDDEN).write_text("def test_else(): ...\n"),
            "has other hidden tests of w1_greeting",
        ),
        (lambda course: (course / HIDDEN).write_text("def ("), "a file of the private half is no Python file"),
    ],
)
def test_a_private_half_of_something_else_is_refused(
    change: object, complaint: str, small: Path, tmp_path: Path
) -> None:
    assert callable(change)
    change(small)
    result = grade(handed_in(tmp_path, two_exercises.app(LENGTH)), "--course", small, "--private", small)
    assert result.exit_code == 2
    assert complaint in result.output
    assert str(small) not in result.output
    assert "test_length" not in result.output
    assert "/100" not in result.output


def test_one_that_is_not_there_is_refused(small: Path, tmp_path: Path) -> None:
    result = grade(handed_in(tmp_path, "x"), "--course", small, "--private", "private-half")
    assert (result.exit_code, "'private-half' does not exist" in result.output) == (2, True)


def test_that_of_an_origin_counts_too(small: Path) -> None:
    shutil.rmtree(small / "tests" / "hidden" / W1)
    with pytest.raises(UsageError, match="w2_greeting_again"):
        check_private_half(load_course(small).exercises[W2])


def test_those_of_this_course_are_its_own() -> None:
    for exercise in load_course(ROOT).exercises.values():
        check_private_half(exercise)


# -- what a grading gets, and what the log gets


def test_no_token_and_no_secret_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "GITHUB_TOKEN": "1", "ACTIONS_RUNTIME_TOKEN": "2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "3", "GRADER_PRIVATE_KEY": "4",
        "SSH_AUTH_SOCK": "5", "CI_JOB_TOKEN": "6", "AWS_SECRET_ACCESS_KEY": "7", "GRADER_STORE": "8", "PYTHONSTARTUP": "9",
        "GITHUB_ENV": "10", "GITHUB_PATH": "11", "MYPATH": "12",
    }  # fmt: skip
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "there")
    passed_on = environment()
    assert not set(secrets) & set(passed_on)
    assert passed_on["PATH"] == os.environ["PATH"]
    assert passed_on["GITHUB_STEP_SUMMARY"] == "there"


def test_the_log_says_nothing_of_the_private_half(small: Path) -> None:
    grading = Grading(load_course(small), small, reports=None)
    said = list(grading.sayable(
        f"{small}/x: cannot be read\nada: withheld: a1, JSON, en:3: the leak marker of {HIDDEN}:3 (plain)\n"
        "leak-marker-3f9a61c7-w1\nsolutions/w1\n\n::error::x\x1b[2J\n"
    ))  # fmt: skip
    assert said == [
        "(private half)/x: cannot be read",
        "::error::x\\x1b[2J",
        "3 lines are left out here, for they may tell something of the private half; grade there to see them",
    ]


@pytest.mark.usefixtures("no_walls")
def test_a_runner_without_walls_gives_no_score_and_runs_no_hidden_test(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("there is a machine without walls already")
    reports = tmp_path / "reports"
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\n{two_exercises.app(LENGTH)}"
    result = grade(handed_in(tmp_path, source), "--course", small, "--private", small, "--reports", reports)
    assert result.exit_code == 3
    document = json.loads((reports / "documents" / W1 / "submission" / f"{W1}.json").read_text(encoding="utf-8"))
    assert (document["verdict"], document["score"]) == ("sandbox_unavailable", None)
    assert (document["tests"], document["detail"]) == ([], {})
    assert not (tmp_path / "ran").exists()
    said = "no score, and the fault is not the submission's; a step with grader doctor says what this runner lacks"
    assert result.output.splitlines()[0] == f"{W1}: {said}"
    assert str(small) not in result.output


def test_without_a_folder_there_is_nothing_to_grade(small: Path) -> None:
    result = grade("\n", "--course", small)
    assert (result.exit_code, result.output) == (0, "there is nothing to grade\n")
    assert grade("nowhere/w9_none", "--course", small).exit_code == 2


# -- a student's own repository


def test_begun_is_what_differs_from_what_was_given_out(course: Hosted) -> None:
    repository = course.repository
    there = load_course(repository.folder, repository.folder / "none")
    assert begun(there) == []
    (repository.folder / "exercises" / W2 / "app.py").write_text(two_exercises.app())
    assert begun(there) == [repository.folder / "exercises" / W2]
    repository.back_to(course.first)


@pytest.mark.parametrize(
    ("source", "result", "score"), [(two_exercises.app(), "success", "40/40"), ("def (", "failure", "0/40")]
)
def test_a_students_own_repository_runs_the_public_tests_of_what_was_begun(
    source: str, result: str, score: str, course: Hosted, tmp_path: Path, posix: None
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(course.repository.folder, mine, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    (mine / "exercises" / W1 / "app.py").write_text(source)
    runner = Runner(tmp_path / "run", {"ref": "refs/heads/main"}, {"repository": "ada/course"}, {"ada/course": mine})
    job = runner.run(mine / ".github" / "workflows" / "public-tests.yml")["check"]
    assert job.result == result, job.log
    assert score in job.summary
    assert W2 not in job.summary
    assert "public tests only: 1 hidden tests worth 60 points run at grading" in job.summary.replace("`", "")
    if result == "failure":
        assert ("error", True) in {
            (name, "test_greets" in said or "imported" in said) for name, said in commands_in(job.log)
        }
        assert f"file=exercises/{W1}/app.py" in job.log


# -- a class, every night


def test_the_class_is_graded_where_only_staff_sees_it(course: Hosted, tmp_path: Path, walled: None) -> None:
    pytest.importorskip("sqlalchemy")
    everybody = tmp_path / "course"
    shutil.copytree(course.repository.folder, everybody, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    handed_in(everybody, two_exercises.app(LENGTH))
    bo = everybody / "submitted" / "bo" / W1
    bo.mkdir(parents=True)
    (bo / "app.py").symlink_to("../../ada/w1_greeting/app.py")
    runner = Runner(
        tmp_path / "run", {"schedule": "17 3 * * *"}, {"repository": PRIVATE}, {PRIVATE: course.private, COURSE: everybody},
        vars={"GRADER_COURSE_REPOSITORY": COURSE},
    )  # fmt: skip
    job = runner.run(ROOT / "grader" / "hosts" / "templates" / "class-run.yml")["class"]
    assert job.result == "success", job.log
    grades = (runner.artefacts / "grades" / "grades.csv").read_text(encoding="utf-8")
    assert [line.split(",")[0].strip('"') for line in grades.splitlines()[1:]] == ["ada", "bo"]
    assert sorted(path.name for path in (runner.artefacts / "grades" / "feedback").iterdir()) == ["ada.html", "bo.html"]
    assert "100/100" in job.summary
    assert "leak-marker" not in job.log + job.summary + texts(runner.artefacts)
