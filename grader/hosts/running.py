"""Grades on a CI host: each exercise by ``grader grade`` in a process that gets little of the job's environment.

What that process says on standard error is for staff; of it the log of a job gets what tells nothing of the private half.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course
from grader.directories import STARTER
from grader.errors import UsageError
from grader.hosts.handing_over import DOCUMENTS, PAGES
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Exercise
from grader.output import writable_folder
from grader.printable import printable
from grader.submissions import read_submission

NEEDED = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|VIRTUAL_ENV|PYTHON(PATH|UTF8|HOME|DONTWRITEBYTECODE|PYCACHEPREFIX)"
    r"|COLUMNS|GRADER_LANG|GITHUB_(ACTIONS|STEP_SUMMARY|OUTPUT|WORKSPACE)|CI_PROJECT_DIR|LD_LIBRARY_PATH",
    re.IGNORECASE,
)
"""Variables that a grading gets; no token of a host and no secret has such a name."""
MOST_SAID = 100
"""Lines of standard error that are shown."""
PRIVATE = "(private half)"
TELLING = re.compile(r"tests[/\\]hidden|solutions[/\\]|leak.marker", re.IGNORECASE)
DAMAGED = "a file of the private half is no Python file, or a leak marker in it is too short; run grader leaks where it is kept"
FAULT = (
    "{exercise}: no score, and the fault is not the submission's; a step with grader doctor says what this runner lacks"
)
FOR_STAFF = "{count} lines are left out here, for they may tell something of the private half; grade there to see them"


@dataclass(frozen=True)
class Grading:
    """How a host grades: the course, the private half if hidden tests are to be run, and options of ``grader grade``.

    ``reports`` is the folder for documents and pages, if they are wanted. ``show`` gets what a grading prints, unless a fault of
    ours is in it, which may name places; ``say`` gets lines about the run.
    """

    course: Course
    private: Path | None
    options: tuple[str, ...] = ()
    reports: Path | None = None
    show: Callable[[bytes], object] = lambda text: sys.stdout.buffer.write(text)
    say: Callable[[str], None] = print
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        try:
            secrets = secrets_of(self.course.folder, self.private or self.course.folder)
        except UsageError:
            raise UsageError(DAMAGED) from None  # its own words say where the private half is, and what is in it
        object.__setattr__(self, "guard", Guard(secrets))

    def all(self, paths: list[Path]) -> int:
        """Grade what lies at some paths, each named like its exercise; return the greatest exit code."""
        found = [(path, self.course.find(path.absolute().name)) for path in paths]
        if self.private:
            for _, exercise in found:
                check_private_half(exercise)
        return max((self.one(path, exercise) for path, exercise in found), default=0)

    def one(self, path: Path, exercise: Exercise) -> int:
        """Grade one; return the exit code."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "grader", "grade", str(path), "--exercise", exercise.name, *self.words(exercise)],
            env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        code = done.returncode if done.returncode in (0, 1, 2) else 3
        if code == 3:
            self.say(FAULT.format(exercise=exercise.name))
        else:
            self.show(done.stdout)
        for line in self.sayable(done.stderr.decode("utf-8", "replace")):
            self.say(line)
        return code

    def words(self, exercise: Exercise) -> Iterator[str]:
        """Yield the options."""
        yield from ("--course", str(self.course.folder), "--no-store", *self.options)
        if self.private:
            yield from ("--private", str(self.private), "--walls-only")
        if self.reports:
            yield from ("--out", str(writable_folder(self.reports / DOCUMENTS / exercise.name)))
            yield from ("--markdown", str(writable_folder(self.reports / PAGES) / f"{exercise.name}.md"))

    def sayable(self, text: str) -> Iterator[str]:
        """Yield what may stand in a log that students read, and how much is left out."""
        left_out = 0
        for line in text.splitlines():
            shown = self.without_places(line)
            if not shown.strip():
                continue
            if TELLING.search(shown) or self.guard.check(shown, ""):
                left_out += 1
            else:
                yield printable(shown, 1000)
        if left_out:
            yield FOR_STAFF.format(count=left_out)

    def without_places(self, line: str) -> str:
        """Return a line that does not say where the private half is."""
        for place in (
            {str(self.private), str(self.private.absolute()), str(self.private.resolve())} if self.private else ()
        ):
            line = line.replace(place, PRIVATE)
        return line


def environment() -> dict[str, str]:
    """Return what a grading gets of this process's environment."""
    return {name: value for name, value in os.environ.items() if NEEDED.fullmatch(name)}


def check_private_half(exercise: Exercise) -> None:
    """Find out whether the private half is that of this course: a grading without it would be about public tests only.

    Raises:
        UsageError: it is not.
    """
    if not exercise.hidden:
        return
    remedy = "give the job a release of the private half that was made together with this course"
    if exercise.hidden_folder is None or exercise.reference_folder is None:
        raise UsageError(f"the private half has no hidden tests or no reference of {exercise.name}; {remedy}")
    wanted = {row.id.partition("[")[0] for row in exercise.hidden if "." not in row.id}
    found = {name for path in exercise.hidden_folder.rglob("test_*.py") for name in tests_in(path)}
    if wanted != found or any(origin.hidden and origin.hidden_folder is None for origin in exercise.origins):
        raise UsageError(f"the private half has other hidden tests of {exercise.name} than the course; {remedy}")


def tests_in(path: Path) -> Iterator[str]:
    """Yield the names of the tests in a module, without importing it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


def begun(course: Course) -> list[Path]:
    """Return the folders of the exercises that a student began: any file is not what was given out.

    In a course that keeps no copy of what it gave out these are all of them.
    """
    return [exercise.folder for exercise in course.exercises.values() if is_begun(exercise)]


def is_begun(exercise: Exercise) -> bool:
    """Tell whether a student began an exercise."""
    given = exercise.folder / STARTER
    if not given.is_dir():
        return True
    return read_submission(exercise.folder, exercise).files != read_submission(given, exercise).files
