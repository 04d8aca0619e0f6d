"""What `nbgrader autograde` waits for: the engine grades all submissions of a command in a process of its own, ahead of nbgrader.

Nothing of the engine is imported here: it would have to wait for that. See `grader.nbgrader.ahead` for what the process does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import EngineFault, UsageError

PATIENCE = 3
"""Processes that may end one after the other without a single result."""
BLOCK = 1 << 16


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

    ``say`` gets what staff should read, a line at a time. Of ``new`` ones none has been graded yet, as far as anybody knows:
    then everything is made ready for that at once.
    """

    course_folder: Path
    exercise: str
    folders: dict[str, Path]
    say: Callable[[str], None]
    new: bool = False
    results: dict[str, Graded] = field(default_factory=dict)
    process: Gradings | None = None
    refusal: str = ""
    trouble: str = "the process that grades was ended"
    told: int = 0
    vain: int = 0

    def __post_init__(self) -> None:
        self.students = frozenset(self.folders)

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
            submissions = [[student, str(folder)] for student, folder in self.folders.items()]
            order = {
                "course": str(self.course_folder), "exercise": self.exercise, "submissions": submissions, "new": self.new,
            }  # fmt: skip
            try:
                self.process = Gradings(json.dumps(order).encode() + b"\n", self.course_folder)
            except (OSError, RuntimeError) as error:
                raise EngineFault(f"the gradings of {self.exercise} could not be started: {error}") from None

    def read(self) -> bool:
        """Read one line of what the gradings say; return whether there may be more."""
        if self.process is None:
            return False
        line = self.process.lines.get()
        if line is None:
            self.end()
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

    def end(self) -> None:
        """End the process, if there is one."""
        if self.process:
            self.process.end()
            self.process = None


class Gradings:
    """The process that grades. It goes when its input is closed, as the end of this process does.

    A thread takes what it says: else it would have to wait while nbgrader is busy with what it said before.
    """

    def __init__(self, order: bytes, folder: Path) -> None:
        """Start it.

        Raises:
            OSError: no process can be started.
            RuntimeError: no thread can be started.
        """
        self.lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.nbgrader.ahead"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.thread = threading.Thread(target=self.listen, args=(order,), daemon=True)
        try:
            self.thread.start()
        except RuntimeError:
            self.process.kill()
            self.process.communicate()
            raise

    def listen(self, order: bytes) -> None:
        """Give the order, and put every whole line into the queue, then None."""
        assert self.process.stdin
        assert self.process.stdout
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(order)
            self.process.stdin.flush()
        rest = b""
        while data := os.read(self.process.stdout.fileno(), BLOCK):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.lines.put(line)
        self.lines.put(None)

    def end(self) -> None:
        """Have it leave, and wait until it has."""
        assert self.process.stdin
        assert self.process.stdout
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.thread.join()
        self.process.stdout.close()
        self.process.wait()
