"""The points of exercises by category, read from their tests, public and hidden, in a process of its own.

Run as a module it prints them: pytest leaves traces in the process that it runs in. No submission is near.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.course import load_exercise
from grader.errors import EngineFault, UsageError
from grader.grading.session import Session
from grader.grading.surroundings import surroundings
from grader.models import CATEGORIES, Exercise, TestInfo, Visibility
from grader.sandbox.view import ENGINE

PATIENCE = 300.0
"""Seconds that the tests of a course may take to be read."""
LONGEST = 4000
"""Characters of what such a process says in the end."""
WRONG = 2
"""The exit code that says that the course is wrong."""


@dataclass(frozen=True)
class Group:
    """The tests of one category: their points, and how many of the tests are hidden."""

    category: str
    public: int
    hidden: int
    hidden_tests: int

    @property
    def points(self) -> int:
        """What the category is worth, public and hidden tests together."""
        return self.public + self.hidden


def groups(rows: Iterable[TestInfo]) -> tuple[Group, ...]:
    """Return the categories that have points, in the order of `CATEGORIES`."""
    found = []
    for category in CATEGORIES:
        public, hidden = (
            [row.points for row in rows if row.category == category and row.visibility is visibility]
            for visibility in (Visibility.PUBLIC, Visibility.HIDDEN)
        )
        if sum(public) + sum(hidden):
            found.append(Group(category, sum(public), sum(hidden), len(hidden)))
    return tuple(found)


def read_groups(exercises: Iterable[Exercise], private: Path) -> dict[str, tuple[Group, ...]]:
    """Return the categories of several exercises by name; ``private`` is the folder with the private half.

    Raises:
        UsageError: the tests of one are wrong, or it has no hidden ones here.
        EngineFault: they could not be read.
    """
    wanted = list(exercises)
    for exercise in wanted:
        if exercise.hidden and exercise.hidden_folder is None:
            raise UsageError(
                f"{private}: there are no hidden tests of {exercise.name} here, and points are read from tests; "
                "say with --private which folder holds tests/ and solutions/"
            )
    folders = [str(exercise.folder.resolve()) for exercise in wanted]
    command = [sys.executable, "-P", "-m", "grader.nbgrader.rubrics", str(private.resolve()), *folders]
    around = surroundings(str(ENGINE.parent)) | {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False, env=around)
    except subprocess.TimeoutExpired:
        raise EngineFault(f"the tests could not be read within {PATIENCE:.0f} seconds") from None
    said = done.stderr.decode("utf-8", "replace").strip()[-LONGEST:]
    if done.returncode == WRONG:
        raise UsageError(said)
    if done.returncode:
        raise EngineFault(f"the tests could not be read: {said or 'the process ended without a word'}")
    found = json.loads(done.stdout)
    return {name: tuple(Group(**group) for group in found[name]) for name in found}


class Reading(Session):
    """Collects the tests and runs none."""

    found: tuple[Group, ...] = ()
    wrong: Exception | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the rubric instead of running tests."""
        try:
            self.found = groups(self.collected(session).rows.values())
        except (EngineFault, UsageError) as error:
            self.wrong = error
        return True

    def groups(self) -> tuple[Group, ...]:
        """Run pytest, and return what was found.

        Raises:
            UsageError: the course is wrong.
            EngineFault: something of ours is.
        """
        self.run()
        if self.wrong:
            raise self.wrong
        return self.found


def main(private: str, *folders: str) -> int:
    """Print the categories of exercises as JSON, by name; what tests print while they are read goes to standard error."""
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        exercises = [load_exercise(Path(folder), Path(private)) for folder in folders]
        found = {exercise.name: [vars(group) for group in Reading(exercise).groups()] for exercise in exercises}
    except (EngineFault, UsageError) as error:
        sys.stderr.write(str(error))
        return WRONG if isinstance(error, UsageError) else 1
    with os.fdopen(out, "w", encoding="utf-8") as file:
        json.dump(found, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
