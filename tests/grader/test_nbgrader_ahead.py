"""The process that grades ahead of `nbgrader autograde`: it begins early, and never outlives the command."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import load_course
from grader.models import Exercise
from grader.nbgrader.names import notebook_file
from grader.nbgrader.waiting import BLOCK, Waiting
from grader.samples import load_samples
from tests.grader.conftest import ROOT, skip
from tests.grader.nbgrader_class import Class
from tests.grader.nbgrader_commands import Commands
from tests.grader.nbgrader_identity import hand_in
from tests.grader.process_tree import below, children_of, orphanage, roles_below, wait_for, words_of

A1 = load_course(ROOT).find("a1")
STUDENTS = ("reference", "starter", "text_body")
PROGRAM = "grader.nbgrader.ahead"


@pytest.fixture(scope="module", autouse=True)
def installed(full: None) -> None:
    """Ask for nbgrader, and for walls."""
    if importlib.util.find_spec("nbgrader") is None:
        skip("nbgrader is not installed", "uv sync --group ci")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """What runs nbgrader's commands."""
    with Commands(tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def handed_in(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a course in which three students have handed in; its store is not there yet."""
    folder = tmp_path_factory.mktemp("handed-in")
    made = Class.made(folder / "course", ROOT, "files", (A1,), folder / "store.db", commands=commands)
    hand_in(made, A1, "files", [one for one in load_samples(ROOT, A1) if one.name in STUDENTS])
    return folder


@pytest.fixture
def course(handed_in: Path, commands: Commands, tmp_path: Path) -> Class:
    """A copy of that course."""
    copy = Class(Path(shutil.copytree(handed_in / "course", tmp_path / "course")), commands)
    settings = copy.folder / "grader.toml"
    text = settings.read_text(encoding="utf-8")
    assert str(handed_in) in text
    settings.write_text(text.replace(str(handed_in), str(tmp_path)), encoding="utf-8")
    return copy


def gradings_below(command: int) -> list[int]:
    """Return the processes that grade for a command."""
    return [child.pid for child in children_of(command) if PROGRAM in words_of(child.pid)]


@pytest.mark.parametrize(
    ("how", "when"),
    [
        (signal.SIGINT, "as soon as it is started"),
        (signal.SIGINT, "while a worker starts"),
        (signal.SIGKILL, "while a worker starts"),
    ],
)
def test_nothing_outlives_a_command_that_is_stopped_and_the_next_one_goes_on(
    course: Class, tmp_path: Path, how: signal.Signals, when: str
) -> None:
    around = {**os.environ, "HOME": str(tmp_path), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    with orphanage() as orphans, (tmp_path / "said").open("wb") as said:
        command = subprocess.Popen([sys.executable, "-m", "nbgrader", "autograde", A1.name], cwd=course.folder, env=around,
                                   stdout=said, stderr=said)  # fmt: skip
        wait_for(lambda: gradings_below(command.pid), 60)
        (gradings,) = gradings_below(command.pid)
        if when == "while a worker starts":
            wait_for(lambda: roles_below(gradings)["worker"], 60)
        assert not (course.folder / "autograded").exists() or not graded_notebooks(course)
        found = below(command.pid)
        command.send_signal(how)
        command.wait(60)
        assert command.returncode
        wait_for(lambda: not [process for process in found if process.alive()] and not orphans(), 60)
    assert "Fatal" not in (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    done = course.nbgrader("autograde", A1.name)
    assert (done.failed(), done.code) == (set(), 0), done.said[-2000:]
    assert course.stored(A1).keys() == set(STUDENTS)


def graded_notebooks(course: Class) -> list[Path]:
    """Return the notebooks that have been autograded and written."""
    return [
        path for path in (course.folder / "autograded").glob("*/*/*.ipynb") if b"execute_result" in path.read_bytes()
    ]


def test_gradings_do_not_wait_until_somebody_reads_what_they_say(course: Class, tmp_path: Path) -> None:
    many = {f"{student}-{number}": course.place(student, A1) for student in STUDENTS for number in range(8)}
    waiting = Waiting(course.folder, A1.name, dict(many), lambda _: None)
    waiting.begin()
    assert waiting.process
    assert waiting.process.process.wait(300) == 0
    said = waiting.process.lines
    wait_for(lambda: said.qsize() == len(many) + 1)
    results = {student: waiting.result(student) for student in many}
    assert sum(len(cell.text) for result in results.values() for cell in result.cells.values()) > BLOCK
    assert {sum(cell.earned for cell in results[f"reference-{number}"].cells.values()) for number in range(8)} == {100}
    assert waiting.process is None


def test_gradings_that_nobody_waits_for_any_more_are_ended(course: Class) -> None:
    waiting = Waiting(course.folder, A1.name, {"ada": course.place("reference", A1)}, lambda _: None)
    waiting.begin()
    assert waiting.process
    process = waiting.process.process
    wait_for(lambda: roles_below(process.pid)["worker"], 60)
    found = below(process.pid)
    waiting.end()
    assert process.returncode == 1
    wait_for(lambda: not [one for one in found if one.alive()])


def notebook_of(course: Class, student: str, exercise: Exercise = A1) -> Path:
    """Return where a student's autograded notebook is."""
    return course.place(student, exercise, "autograded") / notebook_file(exercise.name)


def test_submissions_that_nbgrader_takes_for_a_reason_of_its_own_are_graded_too(course: Class) -> None:
    assert course.nbgrader("autograde", A1.name).code == 0
    for student in STUDENTS[1:]:
        notebook_of(course, student).unlink()
    done = course.nbgrader("autograde", A1.name, "--notebook", notebook_file(A1.name).removesuffix(".ipynb"))
    assert (done.failed(), done.code) == (set(), 0), done.said[-2000:]
    assert all(notebook_of(course, student).exists() for student in STUDENTS)


@pytest.mark.parametrize("left", ["rebuilt", "copied"])
def test_what_a_command_that_was_killed_did_not_finish_is_graded_by_the_next_one(course: Class, left: str) -> None:
    assert course.nbgrader("autograde", A1.name).code == 0
    before = course.stored(A1)
    notebook, finished = notebook_of(course, "text_body"), notebook_of(course, "starter").read_bytes()
    notebook.unlink()
    if left == "rebuilt":
        shutil.copyfile(course.released(A1), notebook)
    course.change("UPDATE grade SET auto_score = NULL, needs_manual_grade = 1")
    done = course.nbgrader("autograde", A1.name)
    assert (done.failed(), done.code) == (set(), 0), done.said[-2000:]
    now = course.stored(A1)
    assert now["text_body"] == before["text_body"]
    assert {cell.auto for cell in now["starter"].values()} == {None}, "that was finished, and is left alone"
    assert notebook_of(course, "starter").read_bytes() == finished
