"""A new exercise runs as it is: it is complete in every tree, its reference earns everything, its starter nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.errors import UsageError
from grader.grading.grade import Grader
from grader.models import Isolation, Visibility
from grader.proving.scaffold import KINDS, MARK, TREES, marks, new_exercise
from grader.samples import differences, load_samples
from grader.statement import promises
from grader.submissions import read_submission
from tests.grader.conftest import IN_CI, ROOT
from tests.grader.test_plain_run import run_pytest

TITLES = {"en": 'The "odd" title \\o/', "zh-CN": "奇怪的“题目”"}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A course without exercises."""
    (tmp_path / "exercises").mkdir()
    return tmp_path


def everything(folder: Path) -> list[str]:
    """Return all that is in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a new exercise of each kind."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "exercises").mkdir()
    for number, kind in enumerate(KINDS):
        new_exercise(folder, f"z{number}_a_{kind}_thing", kind=kind, titles=TITLES)
    return folder


@pytest.mark.parametrize("number", range(len(KINDS)) if IN_CI else [0])
def test_a_new_exercise_is_graded(three: Path, walled: None, number: int) -> None:
    course = load_course(three)
    exercise = course.find(f"z{number}")
    assert exercise.reference_folder
    grader = Grader(course, three, Isolation.CONFINED, seed=0)
    try:
        rows = grader.worker(exercise).ready.rows
        right = grader.grade(read_submission(exercise.reference_folder, exercise))
        starter = grader.grade(read_submission(exercise.folder, exercise))
        wrong = [
            (sample.name, differences(sample, grader.grade(read_submission(sample.folder, exercise))))
            for sample in load_samples(three, exercise)
        ]
    finally:
        grader.close()
    points = {kind: sum(row.points for row in rows if row.visibility is kind) for kind in Visibility}
    assert points == {Visibility.PUBLIC: 40, Visibility.HIDDEN: 60}
    hidden = [row for row in rows if row.visibility is Visibility.HIDDEN]
    assert [(row.id, row.category, row.points, dict(row.title)) for row in hidden] == [
        (row.id, row.category, row.points, dict(row.title)) for row in exercise.hidden
    ]
    assert {row.statement for row in rows} <= set(promises(exercise))
    assert right.score
    assert right.score.percent == 100
    assert starter.score
    assert starter.score.earned <= 10
    assert [found for found in wrong if found[1]] == []
    assert len(wrong) == 4


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_what_a_new_exercise_says_is_there_in_both_languages(three: Path, number: int) -> None:
    exercise = load_course(three).find(f"z{number}")
    assert exercise.title == TITLES
    for sentence in promises(exercise).values():
        assert set(sentence) == {"en", "zh-CN"}
        assert re.search("[\u4e00-\u9fff]", sentence["zh-CN"])
    for row in exercise.hidden:
        assert re.search("[\u4e00-\u9fff]", row.title["zh-CN"])


def test_a_student_runs_the_public_tests_of_a_new_exercise(three: Path) -> None:
    done = run_pytest("exercises/z0_a_raw_thing", "--rootdir", three, cwd=three)
    assert done.returncode == 1
    assert "z0: public 0/40 points" in done.stdout, done.stdout


def test_nothing_but_marks_is_left_to_write(three: Path) -> None:
    for exercise in load_course(three).exercises.values():
        files = {path.name for path, _, line in marks(exercise, three) if MARK in line}
        assert {"README.md", "README.zh-CN.md", "hints.md", "test_contract.py", "expected.toml"} <= files
        assert "exercise.toml" not in files, "both titles were given"
        written = [path for path in three.rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert not [path for path in written if "{{" in path.read_text(encoding="utf-8")]


def test_titles_that_are_not_given_are_marked(empty: Path) -> None:
    new_exercise(empty, "z1_films_of_a_day")
    exercise = load_course(empty).find("z1")
    assert exercise.title == {"en": f"{MARK} films of a day", "zh-CN": f"{MARK} 题目"}
    assert "exercise.toml" in {path.name for path, _, _ in marks(exercise, empty)}


def test_every_new_exercise_has_a_leak_marker_of_its_own(empty: Path) -> None:
    for name in ("z1_one", "z2_other"):
        new_exercise(empty, name)
    markers = {
        line
        for path in (empty / "tests" / "hidden").rglob("test_*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("LEAK_MARKER")
    }
    assert len(markers) == 2


def test_the_public_half_has_no_line_of_what_is_hidden_in_a_new_exercise(three: Path) -> None:
    public = {
        line.strip()
        for path in (ROOT / "grader" / "proving" / "templates").rglob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    hidden = {
        line.strip()
        for path in (three / "tests" / "hidden").rglob("test_*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "assert" in line
    }
    assert hidden
    assert not hidden & public


def test_the_private_half_may_be_elsewhere(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    private = tmp_path_factory.mktemp("private")
    places = new_exercise(empty, "z1_one", private=private)
    assert {tree for tree, place in places.items() if place.is_relative_to(private)} == set(TREES) - {"exercises"}
    assert all(place.is_dir() for place in places.values())
    assert load_course(empty, private).find("z1").reference_folder == private / "solutions" / "z1_one"
    assert sorted(path.name for path in (*empty.iterdir(), *private.iterdir())) == ["exercises", "solutions", "tests"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a1", "is no name for an exercise"),
        ("a1-films", "is no name for an exercise"),
        ("A1_films", "is no name for an exercise"),
        ("../a1_films", "is no name for an exercise"),
        ("a1_films/x", "is no name for an exercise"),
        ("a1_films\n", "is no name for an exercise"),
        ("a1_" + "x" * 100, "60 characters at most"),
        ("a7_other", "a7_there has the short id a7 already"),
        ("a7_there", "is there already"),
        ("a8_half", "is there already"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(empty: Path, name: str, words: str) -> None:
    new_exercise(empty, "a7_there")
    (empty / "tests" / "submissions" / "a8_half").mkdir()
    before = everything(empty)
    with pytest.raises(UsageError, match=words):
        new_exercise(empty, name)
    assert everything(empty) == before


@pytest.mark.parametrize("title", ["", " ", "two\nlines", "x" * 61, "{{name}}", "bell\a"])
def test_a_title_that_is_none_is_refused(empty: Path, title: str) -> None:
    with pytest.raises(UsageError, match="is no title"):
        new_exercise(empty, "a7_there", titles={"en": title})
    assert everything(empty) == ["exercises"]


def test_a_folder_without_a_course_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"is no course, for it has no folder exercises/; make one there, or use --course"
    ):
        new_exercise(tmp_path, "a7_there")
    assert everything(tmp_path) == []


def test_nothing_is_half_written(empty: Path) -> None:
    (empty / "tests").mkdir()
    (empty / "tests" / "submissions").write_text("a file where a folder has to be")
    before = everything(empty)
    with pytest.raises(UsageError, match=r"a7_there cannot be written: .*nothing of it is there"):
        new_exercise(empty, "a7_there")
    left = everything(empty)
    assert [path for path in left if "a7" in path or "grader-new" in path] == []
    assert set(before) <= set(left)


def test_the_command_says_what_it_made_and_what_is_next(empty: Path) -> None:
    words = ["a7_there", "--course", str(empty), "--title-en", "There", "--title-zh", "那里", "--kind", "flask"]
    done = CliRunner().invoke(main, ["new", *words])
    assert done.exit_code == 0, done.output
    assert [line for line in done.stdout.splitlines() if line.startswith("made ")] == [
        f"made {empty / tree / 'a7_there'}" for tree in TREES
    ]
    again = CliRunner().invoke(main, ["new", *words])
    assert again.exit_code == 2
    assert "is there already" in again.output
