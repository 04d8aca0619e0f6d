"""Looks at a course after nbgrader's commands: what did an attack get, and what harm did it do? Nothing in it is believed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.grader.nbgrader_attacks.attacks import ATTACKS, EXERCISE, FIRST, LAST, LOOT, PRIVATE, SCRIPT, Attack

ENOUGH = 1 << 20


@dataclass(frozen=True)
class Course:
    """A course in which every submission was autograded and has feedback.

    ``tells`` says whether a text has something of the hidden tests; ``configuration`` is what ``nbgrader_config.py`` was before,
    ``survivors`` how many processes of attacks were left.
    """

    folder: Path
    tells: Callable[[str], bool]
    configuration: str
    survivors: int

    @property
    def students(self) -> list[str]:
        """Who handed something in."""
        return sorted(path.name for path in (self.folder / "submitted").iterdir())

    def points(self) -> Mapping[str, float | None]:
        """Return the points of each student as nbgrader counts them; None where somebody has to grade by hand."""
        return self.sums("CASE WHEN g.manual_score IS NULL THEN g.auto_score ELSE g.manual_score END")

    def automatic(self) -> Mapping[str, float | None]:
        """Return the automatic points alone."""
        return self.sums("g.auto_score")

    def sums(self, what: str) -> Mapping[str, float | None]:
        """Return a sum over the cells of each student, None where one of them has nothing."""
        rows = self.query(f"SELECT a.student_id, SUM({what}), COUNT({what}), COUNT(*) {JOINED} GROUP BY a.student_id")
        return {student: total if known == cells else None for student, total, known, cells in rows}

    def by_hand(self) -> set[str]:
        """Return the students of whom the gradebook has points that no autograder gives."""
        asked = "g.manual_score IS NOT NULL OR g.extra_credit IS NOT NULL"
        return {student for (student,) in self.query(f"SELECT DISTINCT a.student_id {JOINED} WHERE {asked}")}

    def query(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        """Ask the gradebook."""
        with contextlib.closing(sqlite3.connect(self.folder / "gradebook.db")) as connection:
            return connection.execute(sql).fetchall()

    def texts(self, step: str, student: str) -> str:
        """Return what stands in the files that a step made for a student."""
        folder = self.folder / step / student / EXERCISE
        paths = (path for path in sorted(folder.glob("**/*")) if path.is_file())
        return "\n".join(path.read_bytes()[:ENOUGH].decode("utf-8", "replace") for path in paths)


JOINED = "FROM grade g JOIN submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment a ON a.id = n.assignment_id"


def gained(course: Course, attack: Attack) -> str:
    """More points than the same app has without the attack."""
    own, honest = course.points().get(attack.name), course.automatic()[FIRST]
    if own is None or honest is None:
        return ""
    return f"{own:g} points, honestly {honest:g}" if own > honest else ""


def stolen(course: Course, attack: Attack) -> str:
    """A file with hidden tests, or any that it should not have been able to write."""
    found = [
        path
        for top in ("", "submitted", "autograded", "feedback")
        for path in (course.folder / top).glob(f"**/{LOOT}{attack.name}")
    ]
    text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in found)
    return "hidden tests in a file" if course.tells(text) else "wrote a file" if found else ""


def tampered(course: Course, attack: Attack) -> str:
    """Grades of others that it set, or a changed configuration."""
    if "configuration" in attack.name:
        now = (course.folder / "nbgrader_config.py").read_text(encoding="utf-8")
        return "" if now == course.configuration else "the configuration was changed"
    return "set the grades of another student" if course.by_hand() & {FIRST, LAST} else ""


def told(course: Course, attack: Attack) -> str:
    """Hidden tests in its feedback."""
    text = course.texts("feedback", attack.name)
    return "hidden tests in the feedback" if course.tells(text) else ""


def copied(course: Course, attack: Attack) -> str:
    """A private file of the instructor's among those that are given back."""
    return "a private file among its feedback" if PRIVATE in course.texts("feedback", attack.name) else ""


def survived(course: Course, attack: Attack) -> str:
    """Processes that are left."""
    return f"{course.survivors} processes left" if course.survivors else ""


def markup(course: Course, attack: Attack) -> str:
    """Its script in what the instructor's browser shows."""
    text = course.texts("autograded", attack.name) + course.texts("feedback", attack.name)
    return "its script is in the page" if SCRIPT in text else ""


def stopped(course: Course, attack: Attack) -> str:
    """Others who were not graded."""
    graded = course.automatic()
    lost = [student for student in course.students if student != attack.name and graded.get(student) is None]
    return f"{len(lost)} others not graded" if lost else ""


LOOKS: Mapping[str, Callable[[Course, Attack], str]] = {
    "points": gained, "loot": stolen, "tampering": tampered, "feedback": told, "copies": copied, "survivors": survived,
    "markup": markup, "batch": stopped,
}  # fmt: skip
"""What an attack may be after, each with a function that says what it got, or nothing."""


def result(course: Course, attack: Attack) -> str:
    """Return what an attack got, nothing if that is nothing."""
    return LOOKS[attack.wants](course, attack)


def everything(course: Course) -> dict[str, list[str]]:
    """Return whatever any attack got of anything, whether it was after that or not."""
    found = {attack.name: [said for look in LOOKS.values() if (said := look(course, attack))] for attack in ATTACKS
             if attack.name in course.students}  # fmt: skip
    return {name: said for name, said in found.items() if said}


def napping(nap: str) -> int:
    """Return how many processes of attacks there are in this process namespace that sleep for so many seconds."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            count += path.read_bytes() == f"sleep\0{nap}\0".encode()
    return count
