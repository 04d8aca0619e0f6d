"""The peers that are installed: gradescope-utils, otter and nbgrader, each as its own documentation sets it up, no more.

All of them call the same tests by `tests.bench.checks`, in the process that has imported the submission: none isolates.
"""

from __future__ import annotations

import atexit
import json
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from grader.errors import UsageError
from tests.bench.checks import ROOT, names_of
from tests.bench.contestants import Work, dealt, one_each, processors, surroundings
from tests.bench.environments import Environment, environment
from tests.bench.handed_in import HandedIn
from tests.bench.meter import Command


class Peer:
    """What the peers share: an environment of their own."""

    requirements: ClassVar[tuple[str, ...]]
    name: str
    isolates = "nothing"

    @cached_property
    def environment(self) -> Environment:
        """Its environment, made when it is wanted first."""
        return environment(self.requirements[0], self.requirements)

    @property
    def versions(self) -> Mapping[str, str]:
        """The packages in there."""
        return self.environment.versions

    def surroundings(self, place: Path) -> dict[str, str]:
        """Return the environment variables: its own programs first, and the place of the checks."""
        found = surroundings(place, PYTHONPATH=str(ROOT))
        return {**found, "PATH": f"{self.environment.folder / 'bin'}:{found['PATH']}"}


GRADESCOPE = """
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner
from tests.bench.checks import Checks

checks = Checks({exercise!r})


class Test(unittest.TestCase):
    pass


def method(name):
    return weight(1)(lambda self: checks.run(name))


for name in checks.functions:
    setattr(Test, name, method(name))

with open("results.json", "w") as file:
    JSONTestRunner(visibility="visible", stream=file).run(unittest.defaultTestLoader.loadTestsFromTestCase(Test))
"""


class GradescopeUtils(Peer):
    """``python run_tests.py`` beside each submission, which is all that Gradescope's container does with it."""

    name = "gradescope-utils"
    requirements = ("gradescope-utils",)

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Write the submissions and the runner."""
        class_.write(place)
        runner = place / "run_tests.py"
        runner.write_text(GRADESCOPE.format(exercise=class_.exercise.name), encoding="utf-8")
        return one_each(class_, place, (self.environment.program("python"), str(runner)), self.surroundings(place))

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:
        """Count in the files for Gradescope."""
        return counted(class_, place, "results.json")


OTTER_HEAD = """
from otter.test_files import test_case
from tests.bench.checks import Checks

OK_FORMAT = False
name = "checks"
checks = Checks({exercise!r})
"""
OTTER_CASE = """

@test_case(points=1)
def {name}(env):
    checks.run("{name}")
"""


class OtterRun(Peer):
    """``otter run`` on an archive of the submission and a notebook that imports it."""

    name = "otter"
    requirements = ("otter-grader", "ipykernel")

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Write an archive for each submission, and the one with the tests."""
        class_.write(place)
        book = json.dumps(notebook([code(f"import {Path(class_.file).stem}")]))
        for student, content in class_.files.items():
            with zipfile.ZipFile(place / student / class_.exercise.name / "submission.zip", "w") as archive:
                archive.writestr(class_.file, content)
                archive.writestr("notebook.ipynb", book)
        names = names_of(class_.exercise)
        text = OTTER_HEAD.format(exercise=class_.exercise.name) + "".join(
            OTTER_CASE.format(name=name) for name in names
        )
        with zipfile.ZipFile(place / "autograder.zip", "w") as archive:
            archive.writestr("otter_config.json", "{}")
            archive.writestr("tests/checks.py", text)
        words = (
            self.environment.program("otter"),
            "run",
            "submission.zip",
            "-a",
            str(place / "autograder.zip"),
            "--no-logo",
        )
        return one_each(class_, place, words, self.surroundings(place))

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:
        """Count in the files for Gradescope."""
        return counted(class_, place, "results.json")


def counted(class_: HandedIn, place: Path, name: str) -> dict[str, int]:
    """Return the sums of scores in files of Gradescope's format; every test is worth one point."""
    found = {}
    for student in class_.files:
        path = place / student / class_.exercise.name / name
        if path.is_file():
            tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
            found[student] = round(sum(test.get("score", 0) for test in tests))
    return found


# -- nbgrader

NBGRADER_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "bench"
c.CourseDirectory.root = {root!r}
c.Execute.shutdown_kernel = "immediate"
"""
SCORES = """
    SELECT student_id, SUM(COALESCE(grade.auto_score, 0))
    FROM submitted_assignment JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN grade ON grade.notebook_id = submitted_notebook.id WHERE grade.auto_score IS NOT NULL GROUP BY student_id
"""


class Nbgrader(Peer):
    """``nbgrader autograde`` for a class: once for all as it is meant, or a course for each processor (``split``)."""

    requirements = ("nbgrader", "setuptools")

    def __init__(self, *, split: bool = False) -> None:
        self.split = split
        self.name = "nbgrader-split" if split else "nbgrader"
        self.released: Path | None = None

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Make courses, release the assignment, and hand in."""
        env = self.surroundings(place) | {"IPYTHONDIR": str(place / "ipython")}
        commands = []
        for number, students in enumerate(dealt(list(class_.files), processors() if self.split else 1)):
            course = place / f"course{number}"
            self.set_up(class_, course, env)
            released = course / "release" / class_.exercise.name / f"{class_.exercise.name}.ipynb"
            for student in class_.write(course / "submitted", students).iterdir():
                shutil.copy(released, student / class_.exercise.name)
            words = (self.environment.program("nbgrader"), "autograde", class_.exercise.name)
            commands.append(Command(words, str(course), env))
        return Work(tuple(commands), len(commands))

    def set_up(self, class_: HandedIn, course: Path, env: Mapping[str, str]) -> None:
        """Make a course with the released assignment, a copy of the first one of this run."""
        if self.released is None:
            self.released = Path(tempfile.mkdtemp(prefix="grader-bench-")) / "course"
            atexit.register(shutil.rmtree, self.released.parent, ignore_errors=True)
            self.release(class_, self.released, env)
        shutil.copytree(self.released, course)
        (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG.format(root=str(course)), encoding="utf-8")

    def release(self, class_: HandedIn, course: Path, env: Mapping[str, str]) -> None:
        """Write the assignment and have nbgrader release it."""
        name = class_.exercise.name
        source = course / "source" / name
        source.mkdir(parents=True)
        (course / "nbgrader_config.py").write_text(NBGRADER_CONFIG.format(root=str(course)), encoding="utf-8")
        head = code(f"from tests.bench.checks import Checks\nchecks = Checks({name!r})", read_only("load"))
        cells = [code(f'checks.run("{test}")', graded(test)) for test in names_of(class_.exercise)]
        (source / f"{name}.ipynb").write_text(json.dumps(notebook([head, *cells])), encoding="utf-8")
        words = [self.environment.program("nbgrader"), "generate_assignment", name]
        done = subprocess.run(words, cwd=course, env=dict(env), capture_output=True, text=True, check=False)
        if done.returncode:
            raise UsageError(f"nbgrader could not release the assignment: {done.stderr[-2000:]}")

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:  # noqa: ARG002 - the class is in the gradebook
        """Read the gradebooks; each test is a cell of one point."""
        found: dict[str, int] = {}
        for path in place.glob("course*/gradebook.db"):
            with closing(sqlite3.connect(path)) as gradebook:
                found |= {student: round(score) for student, score in gradebook.execute(SCORES)}
        return found


def code(source: str, metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a cell (nbformat 4.5); its id follows from its text."""
    name = f"c{zlib.crc32(source.encode()):08x}"
    return {"cell_type": "code", "id": name, "source": source, "metadata": dict(metadata or {}), "outputs": [],
            "execution_count": None}  # fmt: skip


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a notebook of Python."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def graded(name: str) -> dict[str, Any]:
    """Return the metadata of an autograder cell worth one point (nbgrader's schema 3)."""
    return {"nbgrader": {**read_only(name)["nbgrader"], "grade": True, "points": 1}}


def read_only(name: str) -> dict[str, Any]:
    """Return the metadata of a cell that nbgrader restores before it grades."""
    return {"nbgrader": {"grade_id": name, "grade": False, "solution": False, "locked": True, "task": False,
                         "schema_version": 3, "cell_type": "code"}}  # fmt: skip
