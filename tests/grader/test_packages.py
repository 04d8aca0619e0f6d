"""Packages are graded like files: feedback names their lines, what stands in them reaches nobody, and students test them too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.directories import MOST_FILES
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation, Outcome, Submission, Verdict
from tests.grader.package_course import NAME, RIGHT, of_count, put, tarred, write, zipped
from tests.grader.test_cli import attempts, run
from tests.grader.test_plain_run import run_pytest


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return write(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def grader(course: Course, full: None) -> Iterator[Grader]:
    made = Grader(course, course.folder, Isolation.FULL, seed=1, brief=False)
    yield made
    made.close()


def grade(grader: Grader, changes: dict[str, bytes | None]) -> Attempt:
    """Grade the reference with other files in it, None for one that is not there."""
    files = {name: content for name, content in {**RIGHT, **changes}.items() if content is not None}
    return grader.grade(Submission(NAME, "ada", "work", files))


def happened(attempt: Attempt, name: str = "test_page") -> str:
    """Return what happened in a test."""
    (result,) = [result for result in attempt.results if result.info.id == name]
    assert result.feedback
    return result.feedback.happened["en"] + " / " + result.feedback.look_at["en"]


@pytest.mark.parametrize("archive", [zipped(RIGHT), tarred({f"hw/{n}": c for n, c in RIGHT.items()})])
def test_an_archive_with_a_package_earns_what_the_package_is_worth(grader: Grader, archive: bytes) -> None:
    attempt = grader.grade(Submission(NAME, "ada", "work.zip", archive=archive))
    assert attempt.outcome is Outcome.GRADED
    assert attempt.score
    assert attempt.score.percent == 100, [(r.info.id, r.staff) for r in attempt.results]


def test_feedback_names_the_line_of_the_file_in_the_package_that_raised(grader: Grader) -> None:
    broken = RIGHT["watchlist/db.py"].replace(b"    app.cli.add_command", b"    1 / 0\n    app.cli.add_command")
    line = broken[: broken.index(b"1 / 0")].count(b"\n") + 1
    said = happened(grade(grader, {"watchlist/db.py": broken}))
    assert f"raised ZeroDivisionError: \"division by zero\" (line {line} of watchlist/db.py)" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"\n\n{{ 1 // 0 }}\n", "raised ZeroDivisionError"), (b"\n\n{% endblock %}\n", "unknown tag 'endblock'")],
)
def test_feedback_names_the_line_of_a_template(grader: Grader, text: bytes, said: str) -> None:
    attempt = grade(grader, {"watchlist/templates/films/list.html": text})
    assert said in happened(attempt)
    assert "line 3 of watchlist/templates/films/list.html" in happened(attempt)


def test_feedback_names_a_file_that_cannot_be_imported(grader: Grader) -> None:
    said = happened(grade(grader, {"watchlist/site.py": b"\n\ndef broken(:\n"}))
    assert "SyntaxError" in said
    assert "line 3 of watchlist/site.py" in said


HOSTILE: dict[str, dict[str, bytes]] = {
    name: {f"watchlist/{name}": b"raise SystemError\n"}
    for name in ("flask.py", "conftest.py", "sitecustomize.py", "test_public.py", "usercustomize.py", "sqlite3.py")
} | {
    "settings of pytest": {
        "watchlist/pytest.ini": b"[pytest]\naddopts = --collect-only\n", "watchlist/pyproject.toml": b"[tool.pytest]",
        "watchlist/exercise.toml": b'kind = "graded"\n',
    },
    "two hundred files": {f"watchlist/more/{number}.py": b"raise SystemError\n" for number in range(193)},
    "a deep tree": {f"watchlist/{'a/' * 8}x.py": b"raise SystemError\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_a_directory_reaches_the_judge_or_the_libraries(grader: Grader, name: str) -> None:
    attempt = grade(grader, dict(HOSTILE[name]))
    assert attempt.score
    assert attempt.score.percent == 100, [(r.info.id, r.staff) for r in attempt.results]


def test_a_package_that_forges_and_looks_around_earns_nothing_by_it(grader: Grader) -> None:
    code = (
        b"import os, sys\nfrom . import conftest\n\n\ndef create_app(config=None):\n"
        b"    assert not os.path.exists('../../tests'), 'the hidden tests'\n    os._exit(0)\n"
    )
    attempt = grade(grader, {"watchlist/__init__.py": code, "watchlist/conftest.py": b"import pytest\n"})
    assert attempt.score
    assert attempt.score.earned == 0
    assert Verdict.PASSED not in {result.verdict for result in attempt.results}


def test_a_directory_that_is_refused_has_a_reason_in_both_languages(
    course: Course, tmp_path: Path, full: None
) -> None:
    put(tmp_path / "class" / "ada", {**RIGHT, **of_count(MOST_FILES)})
    put(tmp_path / "class" / "bo", {"README.txt": b"", "x.py": b""})
    words = ("grade", tmp_path / "class", "--course", course.folder, "--exercise", NAME)
    many, missing = attempts(run(*words, "--format", "json"))
    assert (many["verdict"], many["score"]["earned"]) == ("bad_submission", 0)
    assert (missing["verdict"], missing["detail"]["file"]) == ("missing_file", "watchlist/")
    assert "holds more than 200 files" in json.dumps(many)
    assert "watchlist/ 里的文件超过 200 个" in run(*words, "--lang", "zh-CN").output


# -- a student's own run


def test_a_student_tests_the_package_with_pytest(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    shutil.copytree(course.folder, folder, ignore=shutil.ignore_patterns("tests", "solutions"))
    work = folder / "exercises" / NAME
    starter = run_pytest(work)
    assert "public 0/40 points" in starter.stdout, starter.stdout + starter.stderr
    assert "line 5 of watchlist/__init__.py" in starter.stdout
    assert "SystemError" not in starter.stdout + starter.stderr
    put(work, RIGHT)
    assert "public 40/40 points" in run_pytest(work).stdout
    archive = put(tmp_path, {"work.zip": zipped(RIGHT)}) / "work.zip"
    for handed_in in (archive, work / "watchlist"):
        assert "public 40/40 points" in run_pytest(work, "--submission", handed_in).stdout
