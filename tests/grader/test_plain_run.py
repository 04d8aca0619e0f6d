"""A student's own run: plain pytest on an exercise's folder, with the same fixtures and the same feedback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_pytest(*words: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a student does; a fixed width keeps the lines whole."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, words)], capture_output=True, text=True,
        cwd=cwd, check=False, timeout=60, encoding="utf-8",
        env={**os.environ, "COLUMNS": "200", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "GRADER_LANG": "en", **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", sorted((ROOT / "exercises").glob("*/exercise.toml")), ids=lambda path: path.parent.name
)
def test_every_reference_passes_and_every_starter_fails_the_public_tests(path: Path) -> None:
    folder = path.parent
    graded = 'kind = "graded"' in path.read_text(encoding="utf-8")
    right = run_pytest(folder, "--submission", ROOT / "solutions" / folder.name)
    assert right.returncode == 0, right.stdout
    assert re.search("public 40/40 points" if graded else r" (\d+) of \1 questions answered, no points", right.stdout)
    starter = run_pytest(folder)
    assert starter.returncode == 1
    earned = re.search(
        r"public (\d+)/40 points" if graded else r" (\d+) of \d+ questions answered, no points", starter.stdout
    )
    assert earned
    assert int(earned[1]) <= (10 if graded else 0)


def test_a_failure_is_said_in_four_lines_without_a_traceback() -> None:
    sample = ROOT / "tests" / "submissions" / "a1_hello_wsgi" / "length_is_int"
    done = run_pytest("exercises/a1_hello_wsgi", "--submission", sample)
    for label in (
        "WHAT HAPPENED",
        "WHAT WAS EXPECTED",
        "WHY",
        "LOOK AT",
        "TRACE   called > start_response('200 OK', 2 headers)",
    ):
        assert label in done.stdout
    assert "def test_" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_summary_says_what_still_runs_at_grading() -> None:
    done = run_pytest("exercises/a1_hello_wsgi", "--submission", "solutions/a1_hello_wsgi")
    assert (
        "8 hidden tests worth 60 points run at grading; categories: protocol 40, robustness 12, design 8" in done.stdout
    )


def test_feedback_speaks_chinese_on_request_and_where_the_system_does() -> None:
    words = ("exercises/a1_hello_wsgi", "--submission", "tests/submissions/a1_hello_wsgi/raises")
    for done in (run_pytest(*words, "--lang", "zh-CN"), run_pytest(*words, GRADER_LANG="zh_CN.UTF-8")):
        for label in ("发生了什么", "应该怎样", "为什么", "看这里"):
            assert label in done.stdout


def test_it_works_in_a_folder_of_the_students_own_with_spaces_and_chinese(tmp_path: Path) -> None:
    home = tmp_path / "我的 课程"
    shutil.copytree(ROOT / "exercises", home / "exercises", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "solutions" / "a1_hello_wsgi" / "app.py", home / "exercises" / "a1_hello_wsgi")
    done = run_pytest("exercises/a1_hello_wsgi", cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_hanging_submission_ends_and_the_process_is_gone(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def application(environ, start_response):\n    while True: pass\n")
    done = run_pytest("exercises/a1_hello_wsgi", "--submission", tmp_path, "-k", "says_hello")
    assert done.returncode == 1
    assert "did not come to an end while it was called" in done.stdout


def test_missing_work_is_a_clear_error(tmp_path: Path) -> None:
    done = run_pytest("exercises/a1_hello_wsgi", "--submission", tmp_path)
    assert done.returncode == 4
    assert "app.py is missing" in done.stdout + done.stderr


def test_other_tests_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_one():\n    assert 1 == 2, 'plain'\n")
    done = run_pytest(tmp_path, "--rootdir", tmp_path, cwd=tmp_path)
    assert "assert 1 == 2" in done.stdout
    assert "points" not in done.stdout


def test_fixtures_outside_an_exercise_say_what_they_are_for(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_one(submission):\n    pass\n")
    done = run_pytest(tmp_path, "--rootdir", tmp_path, cwd=tmp_path)
    assert "marker points" in done.stdout


def test_samples_are_never_collected(tmp_path: Path) -> None:
    planted = tmp_path / "tests" / "submissions" / "a1_hello_wsgi" / "planted"
    planted.mkdir(parents=True)
    for name in ("conftest.py", "test_planted.py"):
        (planted / name).write_text("open('/nowhere/ran', 'w')\nraise SystemExit('planted code ran')\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "grader").mkdir()
    (tmp_path / "tests" / "grader" / "test_one.py").write_text("def test_one():\n    assert True\n")
    done = run_pytest(cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "planted" not in done.stdout
    done = run_pytest("tests", cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_level_none_needs_no_module_that_only_posix_systems_have() -> None:
    source = (
        "import sys\n"
        "for name in ('resource', 'fcntl', 'pwd', 'grp', 'termios'): sys.modules[name] = None\n"
        "import grader.cli, grader.grading.worker, grader.testing.plain_run, grader.sandbox.inside.student\n"
        "grader.cli.commands()\n"
        "from grader.sandbox.isolation import enter\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
