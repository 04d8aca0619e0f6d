"""Has the engine grade all waiting submissions of an assignment, in parallel and ahead of nbgrader, which takes them one by one.

The gradings are done by a process of their own (run this module as a program): nbgrader may be running inside a Jupyter
server. It reads one order as JSON, grades into the store what is not there yet, and writes a line of JSON for each attempt.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from grader.catalogues import catalogue_of
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.grading.pool import Pool, lanes_for
from grader.grading.run import InStore, Job, Wanted, grade_class
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Attempt, Submission
from grader.nbgrader.course import settings
from grader.nbgrader.handed import found
from grader.nbgrader.showing import as_text
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport

PATIENCE = 3
"""Processes that may end one after the other without a single result."""
Tell = Callable[..., None]


@dataclass(frozen=True)
class Cell:
    """What the grade cell of a category gets: points, and the report as `grader.nbgrader.showing` writes it."""

    earned: int
    possible: int
    text: str


@dataclass(frozen=True)
class Graded:
    """What became of a submission: a cell for each category that has points; or ``fault``, and then there is no score."""

    cells: Mapping[str, Cell]
    fault: str = ""


@dataclass
class Waiting:
    """The submissions of one assignment that a command of nbgrader is about: folders by student, in nbgrader's order.

    ``say`` gets what staff should read, a line at a time.
    """

    course_folder: Path
    exercise: str
    folders: dict[str, Path]
    say: Callable[[str], None]
    results: dict[str, Graded] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    refusal: str = ""
    trouble: str = "the process that grades was ended"
    told: int = 0
    vain: int = 0

    def result(self, student: str) -> Graded:
        """Return what became of a student's submission, once; whoever asks first has all of them graded.

        Raises:
            UsageError: the course is wrong, and nothing can be graded.
            EngineFault: there is none, and the fault is ours.
        """
        self.begin()
        while student not in self.results and self.read():
            pass
        self.folders.pop(student, None)
        while not self.folders and self.read():
            pass  # until the process has ended
        if student in self.results:
            return self.results.pop(student)
        if self.refusal:
            raise UsageError(self.refusal)
        raise EngineFault(f"{self.exercise} of {student} has no result ({self.trouble}); autograde it again")

    def begin(self) -> None:
        """Have what is not graded yet graded by a process; whoever asks for an attempt waits for it.

        Raises:
            EngineFault: it cannot be started.
        """
        if self.process is None and self.folders and not self.refusal and self.vain < PATIENCE:
            self.told = 0
            self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process."""
        submissions = [[student, str(folder)] for student, folder in self.folders.items()]
        order = {"course": str(self.course_folder), "exercise": self.exercise, "submissions": submissions}
        command = [sys.executable, "-P", "-m", "grader.nbgrader.waiting"]
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert process.stdin
            with process.stdin:
                process.stdin.write(json.dumps(order).encode())
        except OSError as error:
            raise EngineFault(f"the gradings of {self.exercise} could not be started: {error}") from None
        return process

    def read(self) -> bool:
        """Read one line of what the gradings say; return whether there may be more."""
        if self.process is None:
            return False
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line.endswith(b"\n"):
            self.process.stdout.close()
            self.process.wait()
            self.process = None
            self.vain = 0 if self.told else self.vain + 1
            return False
        said = json.loads(line)
        if "student" in said:
            cells = {name: Cell(**cell) for name, cell in said["cells"].items()}
            self.results[said["student"]] = Graded(cells, said["fault"])
            self.folders.pop(said["student"], None)
            self.told += 1
        elif "refused" in said:
            self.refusal = said["refused"]
        elif "trouble" in said:
            self.trouble = said["trouble"]
        else:
            self.say(said["say"])
        return True


# -- the process that grades


@dataclass
class Inspecting:
    """The inspection of attempts before anybody sees them; a thread makes it while the first worker starts."""

    thread: ThreadPoolExecutor
    make: Callable[[], Inspection]
    made: Future[Inspection] | None = None

    def begin(self) -> None:
        """Have it made, once."""
        self.made = self.made or self.thread.submit(self.make)

    def __call__(self, attempt: Attempt, submission: Submission) -> str:
        """Return why an attempt must not be shown, or nothing."""
        assert self.made
        return self.made.result()(attempt, submission)


@dataclass(kw_only=True)
class Ahead(InStore):
    """Keeps attempts in a store; ``begin`` is called when something has to be graded."""

    begin: Callable[[], None]

    def known(self, number: int, submission: Submission) -> Attempt | None:
        """Return an attempt that still holds."""
        attempt = super().known(number, submission)
        if attempt is None:
            self.begin()
        return attempt


def grade(order: Mapping[str, Any], tell: Tell) -> None:
    """Grade what an order names; ``tell`` gets each result, and what staff should read, by name.

    Raises:
        UsageError: the course, the settings or the store cannot be used.
        EngineFault: an attempt cannot be kept.
    """
    from grader.store.store import open_store

    chosen = settings(Path(order["course"]))
    course = chosen.load()
    exercise = course.find(order["exercise"])
    style = chosen.style_of(exercise.name)
    work = [found(Path(folder), style, exercise, student) for student, folder in order["submissions"]]
    report = TerminalReport(catalogue_of(exercise), chosen.language)
    least = chosen.min_isolation
    with ThreadPoolExecutor(1) as thread:
        secrets = partial(secrets_of, course.folder, chosen.private)
        inspecting = Inspecting(thread, lambda: Inspection(Guard(secrets()), lambda line: tell(say=line)))
        pool: Pool[Job] = Pool(
            lambda: Grader(course, chosen.private, least, None, inspecting), lanes_for(len(work), chosen.workers)
        )
        with open_store(chosen.store, writing=True, alone=False) as store, pool:
            keeper = Ahead(store, store.begin_run(), work, Wanted(least), begin=inspecting.begin)
            grade_class(work, pool, keeper, lambda attempt: tell(**result(attempt, report)))


def result(attempt: Attempt, report: TerminalReport) -> dict[str, Any]:
    """Return what is told of an attempt."""
    fault = f"{attempt.outcome}: {attempt.detail.get('message', '')}" if attempt.score is None else ""
    cells = {
        name: {"earned": score.earned, "possible": score.possible, "text": as_text(attempt, name, report)}
        for name, score in attempt.categories.items() if score.possible and not fault
    }  # fmt: skip
    return {"student": attempt.student, "cells": cells, "fault": fault}


def tell(out: IO[bytes], **message: object) -> None:
    """Write a line."""
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()


def main() -> int:
    """Grade what standard input orders; whatever goes wrong for all is said, for each attempt says what went wrong for it."""
    out = sys.stdout.buffer
    try:
        grade(json.load(sys.stdin), lambda **message: tell(out, **message))
    except UsageError as error:
        tell(out, refused=str(error))
    except EngineFault as error:
        tell(out, trouble=str(error))
    except (BrokenPipeError, KeyboardInterrupt):
        return 1  # nbgrader was stopped; what was graded is kept
    return 0


if __name__ == "__main__":
    sys.exit(main())
