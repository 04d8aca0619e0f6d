"""What cheats or harms whoever grades with nbgrader gets nothing of our path: one class of attackers, one command of nbgrader.

That each attack succeeds where nothing stands in its way is shown by ``python -m tests.grader.nbgrader_attacks``.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.leaks.secrets import secrets_of
from tests.grader.nbgrader_attacks import ours
from tests.grader.nbgrader_attacks.attacks import ATTACKS, EXERCISE, FIRST, LAST, LOOT, PRIVATE, SCRIPT, Attack, graded
from tests.grader.nbgrader_attacks.look import LOOKS, Course, everything, result
from tests.grader.nbgrader_attacks.ours import ROOT
from tests.grader.nbgrader_attacks.stock import FULL
from tests.grader.nbgraders import needs_nbgrader

NAMES = [attack.name for attack in ATTACKS]
Made = tuple[Course, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, full: None) -> Made:
    """A course in which all attackers and two honest students were graded by one command, and what that said."""
    needs_nbgrader()
    return ours.attack(tmp_path_factory.mktemp("attacks") / "course")


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_an_attack_gets_nothing(made: Made, attack: Attack) -> None:
    course, said = made
    assert result(course, attack) == "", said[-3000:]


def test_no_attack_gets_anything_that_another_is_after(made: Made) -> None:
    course, _ = made
    assert everything(course) == {}


def test_everybody_is_graded_and_has_feedback(made: Made) -> None:
    course, said = made
    points = course.points()
    assert sorted(points) == sorted([FIRST, LAST, *NAMES])
    assert None not in points.values(), said[-3000:]
    assert points[LAST] == FULL
    for student in points:
        assert (course.folder / "feedback" / student / EXERCISE / f"{EXERCISE}.html").is_file()


def test_no_attack_has_other_points_than_its_app_has_honestly(made: Made) -> None:
    course, _ = made
    points = course.points()
    assert 0 < (points[FIRST] or 0) < FULL, "an app that fails to load would be worth nothing"
    assert {name: points[name] for name in NAMES if points[name] != points[FIRST]} == {}


def test_the_autograded_notebooks_are_the_released_one(made: Made) -> None:
    course, _ = made
    released = json.loads((course.folder / "release" / EXERCISE / f"{EXERCISE}.ipynb").read_text(encoding="utf-8"))
    wanted = [
        (cell["metadata"]["nbgrader"]["grade_id"], cell["metadata"]["nbgrader"]["points"]) for cell in graded(released)
    ]
    for student in course.students:
        path = course.folder / "autograded" / student / EXERCISE / f"{EXERCISE}.ipynb"
        found = json.loads(path.read_text(encoding="utf-8"))
        cells = graded(found)
        assert [(c["metadata"]["nbgrader"]["grade_id"], c["metadata"]["nbgrader"]["points"]) for c in cells] == wanted
        assert len(found["cells"]) == len(released["cells"])
        assert [cell["metadata"].get("tags") for cell in found["cells"]] == [
            cell["metadata"].get("tags") for cell in released["cells"]
        ]


HARM: dict[str, Callable[[Path, str], None]] = {
    "points": lambda folder, _: set_grades(folder, NAMES[0], "auto_score = 12"),
    "loot": lambda folder, secret: add(folder / "submitted" / f"{LOOT}reads_its_notebook", secret),
    "tampering": lambda folder, _: set_grades(folder, FIRST, "extra_credit = -1"),
    "feedback": lambda folder, secret: add(page(folder, "feedback", "reads_its_feedback"), secret),
    "copies": lambda folder, _: add(page(folder, "feedback", "links_to_a_file").with_name("notes.txt"), PRIVATE),
    "markup": lambda folder, _: add(page(folder, "autograded", "script_in_markdown"), SCRIPT),
    "batch": lambda folder, _: set_grades(folder, LAST, "auto_score = NULL"),
}
"""What stands for the success of an attack, done by hand."""


@pytest.mark.parametrize("wants", LOOKS)
def test_what_an_attack_is_after_would_be_seen(made: Made, tmp_path: Path, wants: str) -> None:
    course, _ = made
    attack = next(attack for attack in ATTACKS if attack.wants == wants)
    shutil.copytree(course.folder, tmp_path / "harmed", symlinks=True)
    harmed = replace(course, folder=tmp_path / "harmed", survivors=3 if wants == "survivors" else 0)
    assert result(replace(harmed, survivors=0), attack) == ""
    if wants != "survivors":
        HARM[wants](harmed.folder, next(one.text for one in secrets_of(ROOT, ROOT) if course.tells(one.text)))
    assert result(harmed, attack) != ""


def test_a_changed_configuration_would_be_seen(made: Made) -> None:
    course, _ = made
    attack = next(attack for attack in ATTACKS if attack.name == "changes_the_configuration")
    assert result(replace(course, configuration=course.configuration + "#"), attack) == "the configuration was changed"


def page(folder: Path, step: str, student: str) -> Path:
    return folder / step / student / EXERCISE / (EXERCISE + (".html" if step == "feedback" else ".ipynb"))


def add(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def set_grades(folder: Path, student: str, change: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as connection, connection:
        connection.execute(
            f"UPDATE grade SET {change} WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
            "JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = ?)",
            [student],
        )


def test_what_was_autograded_is_what_the_store_would_bring_in(made: Made) -> None:
    course, _ = made
    said = ours.run("grader", "nbgrader", "sync", str(course.folder), "--dry-run", folder=course.folder)
    assert said == "would be changed: scores of 0 submissions in, 0 decisions and 0 comments out; 0 left out\n"


def test_every_kind_of_attack_is_tried() -> None:
    assert {attack.wants for attack in ATTACKS} == set(LOOKS)
