"""The repository's own course: manifests, points, and the public list of hidden tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import load_course
from grader.grading.workers import Worker
from grader.models import Exercise, Visibility

ROOT = Path(__file__).parents[2]
EXERCISES = list(load_course(ROOT).exercises.values())


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_public_list_of_hidden_tests_is_what_the_tests_say(exercise: Exercise, full: None) -> None:
    worker = Worker(exercise, ROOT)
    worker.stop()
    rows = worker.ready.rows
    hidden = [row for row in rows if row.visibility is Visibility.HIDDEN]
    listed = [(row.id, row.category, row.points, dict(row.title)) for row in exercise.hidden]
    assert listed == [(row.id, row.category, row.points, dict(row.title)) for row in hidden]
    assert sum(row.points for row in hidden) == 60
    assert sum(row.points for row in rows) == 100


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_tree_has_the_exercise(exercise: Exercise) -> None:
    for name in ("README.md", "README.zh-CN.md", "hints.md", "hints.zh-CN.md", *exercise.files):
        assert (exercise.folder / name).is_file(), name
    assert exercise.reference_folder
    assert exercise.hidden_folder
    assert list((ROOT / "tests" / "submissions" / exercise.name).glob("*/expected.toml"))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_hidden_modules_carry_a_leak_marker_and_public_files_do_not(exercise: Exercise) -> None:
    assert exercise.hidden_folder
    for path in exercise.hidden_folder.glob("test_*.py"):
        assert "LEAK_MARKER = " in path.read_text(encoding="utf-8")
    for path in (ROOT / "exercises").rglob("*.*"):
        if path.suffix in {".py", ".md", ".toml", ".po"}:
            assert "leak-marker" not in path.read_text(encoding="utf-8")
