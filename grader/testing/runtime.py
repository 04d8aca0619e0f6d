"""The student processes of one grading: one per test module, one per ``fresh`` test, a new one after a death."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping
from typing import Protocol

from grader.channel.remote import StudentGone
from grader.models import Exercise
from grader.sandbox.process import Student, StudentProcess
from grader.testing.outcome import NeedsIsolation, NotRun
from grader.testing.serve import Listener
from grader.testing.submission import Submission


class Spawner(Protocol):
    """Starts student processes: a box, or a plain subprocess."""

    def spawn(self, files: Mapping[str, bytes], listener: socket.socket | None = None) -> StudentProcess:
        """Start a process with these files."""


class Runtime:
    """What the fixtures need to know of the grading that is going on.

    ``serving`` names the modules with tests that serve, where the box has no network of its own to serve on.
    """

    def __init__(
        self,
        spawner: Spawner,
        exercise: Exercise,
        files: Mapping[str, bytes],
        seed: int = 0,
        serving: frozenset[str] | None = None,
    ) -> None:
        self.spawner = spawner
        self.exercise = exercise
        self.files = files
        self.seed = seed
        self.serving = serving
        self.deaths = 0
        self.ports: set[int] = set()
        self.deadline = time.monotonic() + exercise.limits.attempt
        self.shared: dict[str, Student] = {}
        self.own: list[Student] = []
        self.listeners: dict[Student, Listener] = {}
        self.output = b""

    def random(self, test: str) -> random.Random:
        """Return the random numbers of one test: the same for the same seed."""
        return random.Random(f"{self.seed}:{test}")  # noqa: S311 - chooses test data

    def submission(
        self, module: str, *, fresh: bool = False, loopback: bool = False, probes: bool = False
    ) -> Submission:
        """Return the submission for one test of a module.

        ``loopback`` says that it must be able to open servers, ``probes`` that probes are installed before its import.

        Raises:
            NotRun: it died too often, or its time is up, or it has no loopback here.
        """
        if self.deaths >= self.exercise.limits.deaths:
            raise NotRun("your code ended too many times in the tests before")
        if time.monotonic() > self.deadline:
            raise NotRun("the time for this submission was used up")
        fresh = fresh or self.exercise.fresh
        student = None if fresh else self.shared.get(module)
        if student and (student.peer.gone or (probes and student.outline is not None and not student.probed)):
            self.discard(self.shared.pop(module))
            student = None
        if student is None:
            student = self.spawn(module)
            if fresh:
                self.own.append(student)
            else:
                self.shared[module] = student
        if loopback and not student.process.loopback:
            raise NeedsIsolation
        student.process.begin_test()
        if probes and not student.probed:
            student.probed = True
            student.peer.ask("start", "install", 0)
        return Submission(
            student, self.exercise.module, lambda: self.submission(module, fresh=True, probes=probes),
            self.listeners.get(student), self.ports,
        )  # fmt: skip

    def spawn(self, module: str) -> Student:
        """Start a student process, with a socket to serve on if a test of the module wants one."""
        listener = Listener() if self.serving and module in self.serving else None
        student = Student(self.spawner.spawn(self.files, listener.socket if listener else None))
        if listener:
            self.listeners[student] = listener
        return student

    def end_test(self) -> None:
        """Drop the references of the test that ended, and the processes that were its own."""
        for student in [*self.shared.values(), *self.own]:
            student.drop()
            if student.peer.table.theirs or student.peer.table.ours or student.peer.gone:
                self.forget(student)
        while self.own:
            self.discard(self.own.pop())
        for module in [module for module, student in self.shared.items() if student.peer.gone]:
            self.discard(self.shared.pop(module))

    def forget(self, student: Student) -> None:
        """End a test for one process; what dies now was no longer needed for it."""
        try:
            student.process.begin_test()
            student.peer.forget()
        except StudentGone:
            pass
        if student.peer.gone:
            self.deaths += 1

    def discard(self, student: Student) -> None:
        """End a process and keep what it printed."""
        student.drop()
        student.process.discard()
        self.output += bytes(student.process.output)
        listener = self.listeners.pop(student, None)
        if listener:
            listener.close()

    def close(self) -> None:
        """End every process."""
        for student in [*self.shared.values(), *self.own]:
            self.discard(student)
        self.shared.clear()
        self.own.clear()
