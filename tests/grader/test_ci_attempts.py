"""``--max-attempts`` of `grader grade`: how often a student's work is judged, and what costs nobody an attempt."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader import hashing
from grader.cli import main
from tests.grader import two_exercises
from tests.grader.conftest import skip
from tests.grader.two_exercises import LENGTH, W1

pytest.importorskip("sqlalchemy")
NONE = two_exercises.app(body='b"bye\\n"')
HALF, FULL = two_exercises.app(), two_exercises.app(LENGTH)
Handed = Callable[..., tuple[Result, dict[str, int | None]]]


@pytest.fixture
def handed(tmp_path: Path, walled: None) -> Handed:
    """Hand in what students wrote and grade it; return the result and the scores that are shown, by student."""
    if sys.platform == "win32":
        skip("hidden tests are graded behind walls", "run this module on Linux")
    course = two_exercises.write(tmp_path / "course")

    def grade(*words: str, **works: str) -> tuple[Result, dict[str, int | None]]:
        for student, source in works.items():
            folder = tmp_path / "submitted" / student / W1
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "app.py").write_text(source)
        result = CliRunner().invoke(
            main, ["grade", str(tmp_path / "submitted"), "--course", str(course), "--format", "json", *words],
            env={"COLUMNS": "200", "LANG": "C.UTF-8", "GRADER_LANG": "en"},
        )  # fmt: skip
        shown = json.loads(result.stdout) if result.exit_code == 0 else []
        return result, {one["student"]: one["score"] and one["score"]["earned"] for one in shown}

    return grade


def exported(tmp_path: Path) -> dict[str, object]:
    result = CliRunner().invoke(main, ["export", "--format", "json", "--course", str(tmp_path / "course")])
    return {one["student"]: one["points"] for one in json.loads(result.stdout)}


def test_work_after_the_last_attempt_is_not_graded_and_the_last_one_stands(handed: Handed, tmp_path: Path) -> None:
    most = ("--max-attempts", "2")
    assert handed(*most, ada=NONE, bo=FULL)[1] == {"ada": 0, "bo": 100}
    assert handed(*most, ada=HALF)[1] == {"ada": 40, "bo": 100}
    result, scores = handed(*most, ada=FULL, bo=FULL)
    assert scores == {"ada": 40, "bo": 100}
    assert (
        "ada: all 2 attempts at w1_greeting are used up; this work is not graded, and the last attempt stands\n"
        in result.stderr
    )
    assert "bo: all" not in result.stderr
    assert float(str(exported(tmp_path)["ada"])) == 40
    result, scores = handed(*most, "--lang", "zh-CN", ada=FULL)
    assert "ada：w1_greeting 的 2 次评分机会已经用完；这次提交没有评分，仍以最后一次评分为准" in result.stderr
    assert handed(ada=FULL)[1]["ada"] == 100  # staff says nothing of attempts, and grades


def test_what_was_judged_before_may_be_judged_again(handed: Handed, tmp_path: Path) -> None:
    most = ("--max-attempts", "1")
    assert handed(*most, ada=HALF)[1] == {"ada": 40}
    hidden = tmp_path / "course" / "tests" / "hidden" / W1 / "test_length.py"
    hidden.write_text(hidden.read_text() + "\n# Changed.\n")
    hashing.first_hash.cache_clear()
    result, scores = handed(*most, ada=HALF)
    assert (scores, "used up" in result.stderr) == ({"ada": 40}, False)
    assert "graded before in another way" in result.stderr
    assert "used up" in handed(*most, ada=FULL)[0].stderr


def test_files_that_were_missing_cost_no_attempt(handed: Handed, tmp_path: Path) -> None:
    most = ("--max-attempts", "1")
    (tmp_path / "submitted" / "ada" / W1).mkdir(parents=True)
    assert handed(*most)[1] == {"ada": 0}
    assert handed(*most, ada=HALF)[1] == {"ada": 40}


@pytest.mark.usefixtures("no_walls")
def test_a_fault_of_ours_costs_no_attempt(handed: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    most = ("--max-attempts", "1")
    assert handed(*most, "--walls-only", ada=NONE)[0].exit_code == 3
    monkeypatch.undo()
    assert handed(*most, ada=HALF)[1] == {"ada": 40}


@pytest.mark.parametrize("word", ["--no-store", "alone"])
def test_attempts_are_counted_in_a_store_or_not_at_all(word: str, handed: Handed, tmp_path: Path) -> None:
    if word == "alone":
        (tmp_path / "submitted" / W1).mkdir(parents=True)
        (tmp_path / "submitted" / W1 / "app.py").write_text(HALF)
        result = CliRunner().invoke(
            main, ["grade", str(tmp_path / "submitted" / W1), "--course", str(tmp_path / "course"), "--max-attempts", "1"]
        )  # fmt: skip
    else:
        result, _ = handed("--max-attempts", "1", word, ada=HALF)
    assert result.exit_code == 2
    assert "--max-attempts counts the attempts of students in a store" in result.output
