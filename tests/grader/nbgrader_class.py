"""An nbgrader course with students who hand in, nbgrader's own commands, and what they leave in the gradebook."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.models import Exercise, Submission
from grader.nbgrader import solutions
from grader.nbgrader.handed import HandedIn
from grader.nbgrader.making import Wishes, make
from grader.nbgrader.names import notebook_file, solution_cell
from tests.grader.nbgrader_commands import Commands

LIMIT = 3600
STORED = """
    SELECT s.student_id AS student, c.name AS cell, g.auto_score AS auto, g.manual_score AS manual, p.max_score AS most,
           g.needs_manual_grade AS needs, n.late_submission_penalty AS penalty
    FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id JOIN submitted_assignment s ON n.assignment_id = s.id
    JOIN assignment a ON s.assignment_id = a.id JOIN base_cell c ON g.cell_id = c.id JOIN grade_cells p ON p.id = c.id
    WHERE a.name = ?
"""


@dataclass(frozen=True)
class Done:
    """What a command of nbgrader left: its exit code, and all that it said."""

    code: int
    said: str

    def failed(self) -> set[str]:
        """Return for which students something went wrong."""
        return set(re.findall(r"There was an error processing assignment '\S+' for student '(.*)'", self.said))


@dataclass(frozen=True)
class Stored:
    """What a gradebook holds for one cell of a student's."""

    auto: float | None
    manual: float | None
    most: float
    needs: bool
    penalty: float | None


@dataclass(frozen=True)
class Class:
    """An nbgrader course in a folder. With ``commands`` they are quicker than each in a process of its own."""

    folder: Path
    commands: Commands | None = None

    @classmethod
    def made(
        cls, folder: Path, root: Path, style: str, exercises: tuple[Exercise, ...], store: Path,
        edit: Callable[[dict[str, Any]], object] | None = None, commands: Commands | None = None,
    ) -> Class:  # fmt: skip
        """Make a course with a store of its own, and generate its assignments; ``edit`` changes the notebooks before."""
        make(folder, Wishes(root, None, tuple(one.name for one in exercises), "en", style))
        text = (folder / "grader.toml").read_text(encoding="utf-8")
        (folder / "grader.toml").write_text(f"store = {json.dumps(str(store))}\n{text}", encoding="utf-8")
        made = cls(folder, commands)
        for exercise in exercises:
            if edit:
                changed(folder / "source" / exercise.name / notebook_file(exercise.name), edit)
            done = made.nbgrader("generate_assignment", exercise.name)
            assert done.code == 0, done.said
        return made

    def nbgrader(self, *arguments: str) -> Done:
        """Run a command of nbgrader."""
        if self.commands:
            done = self.commands.run(self.folder, *arguments)
            return Done(done.returncode, done.stdout)
        return self.alone(*arguments)

    def alone(self, *arguments: str) -> Done:
        """Run a command of nbgrader by the interpreter that is `sys.executable` now."""
        programs = str(Path(sys.executable).parent)
        around = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments], cwd=self.folder, env=around, timeout=LIMIT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"))

    def place(self, student: str, exercise: Exercise, step: str = "submitted") -> Path:
        """Return where a student's work lies."""
        return self.folder / step / student / exercise.name

    def hand_in(self, student: str, exercise: Exercise, make: Callable[[Path], object] | None = None) -> Path:
        """Hand in what a function makes in the folder, and the released notebook if it makes none."""
        place = self.place(student, exercise)
        place.mkdir(parents=True)
        if make:
            make(place)
        self.add_notebook(place, exercise)
        return place

    def add_notebook(self, place: Path, exercise: Exercise) -> None:
        """Put the released notebook into a folder that has none."""
        if not os.path.lexists(place / notebook_file(exercise.name)):
            shutil.copy(self.released(exercise), place)

    def write_in_cell(self, student: str, exercise: Exercise, text: str) -> Path:
        """Hand in a notebook with a module in its solution cell."""
        place = self.hand_in(student, exercise)
        source = solutions.solution_cell(exercise.files[0], text)
        changed(
            place / notebook_file(exercise.name),
            lambda content: cell_of(content, solution_cell(exercise.module)).update(source=source),
        )
        return place

    def released(self, exercise: Exercise) -> Path:
        """Return the released notebook."""
        return self.folder / "release" / exercise.name / notebook_file(exercise.name)

    def submission(self, student: str, exercise: Exercise, style: str) -> Submission:
        """Return what was handed in as the engine reads it."""
        place = self.place(student, exercise)
        return HandedIn(place, style).read(place, exercise, student)

    def stored(self, exercise: Exercise) -> dict[str, dict[str, Stored]]:
        """Return what the gradebook holds of an assignment, by student and grade id."""
        found: dict[str, dict[str, Stored]] = {}
        with sqlite3.connect(f"file:{self.folder / 'gradebook.db'}?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            rows = [dict(row) for row in database.execute(STORED, (exercise.name,))]
        database.close()
        for row in rows:
            student, cell = row.pop("student"), row.pop("cell")
            found.setdefault(student, {})[cell] = Stored(**{**row, "needs": bool(row["needs"])})
        return found

    def change(self, query: str, *values: object) -> None:
        """Change something in the gradebook, as whoever grades by hand does."""
        with sqlite3.connect(self.folder / "gradebook.db") as database:
            database.execute(query, values)
        database.close()


def changed(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change a notebook."""
    content = json.loads(path.read_bytes())
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def cell_of(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the cell with a grade id."""
    cells: list[dict[str, Any]] = notebook["cells"]
    return next(cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
