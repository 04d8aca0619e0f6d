"""The student processes of one grading: one per test module, one per ``fresh`` test, a new one after a death."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Mapping
from typing import Protocol

from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault
from grader.models import Exercise
from grader.sandbox.process import OUTPUT_KEPT, Student, StudentProcess
from grader.testing.outcome import NeedsIsolation, NotRun
from grader.testing.serve import Listener
from grader.testing.submission import Submission

UNCOPIED = 3
"""Times that a submission may prove not to be fit for copies before nobody tries any more."""
BEYOND = 1.0
"""Seconds that a test may take beyond the budget of its student process."""


def died_too_often() -> NotRun:
    """Return what becomes of the tests that are left when the submission's processes have died too often."""
    return NotRun("your code ended too many times in the tests before")


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
        self.originals: dict[str, Student] = {}
        self.uncopied = 0
        self.listeners: dict[Student, Listener] = {}
        self.output = b""
        self.defined: dict[str, bool] = {}
        self.outlines: dict[str, dict[str, str]] = {}

    def random(self, test: str) -> random.Random:
        """Return the random numbers of one test: the same for the same seed."""
        return random.Random(f"{self.seed}:{test}")  # noqa: S311 - chooses test data

    def submission(
        self, module: str, *, fresh: bool = False, loopback: bool = False, probes: bool = False, another: bool = False
    ) -> Submission:
        """Return the submission for one test of a module.

        ``fresh`` asks for a process of the test's own, ``another`` for one beside those that it has already. ``loopback`` says
        that it must be able to open servers, ``probes`` that probes are installed before its import.

        Raises:
            NotRun: it died too often, or its time is up, or it has no loopback here.
        """
        if not fresh and module in self.shared and self.shared[module].peer.gone:
            self.bury(self.shared.pop(module))  # the end of its test did not come to an end itself
        if self.deaths >= self.exercise.limits.deaths:
            raise died_too_often()
        if time.monotonic() > self.deadline:
            raise NotRun("the time for this submission was used up")
        if fresh:
            copied = bool(self.exercise.fresh) and not another and not probes  # one test alone gains nothing by a copy
            student: Student | None = self.own_process(module, copied=copied)
        else:
            student = self.shared.get(module)
        if student and not fresh and probes and student.outline is not None and not student.probed:
            self.discard(self.shared.pop(module))
            student = None
        if student is None:
            student = self.shared[module] = self.spawn(module)
        if loopback and not student.process.loopback:
            raise NeedsIsolation
        self.begin_test(student)
        if probes and not student.probed:
            student.probed = True
            student.peer.ask("start", "install", 0)
        return self.seen(module, student, probes=probes)

    def seen(self, module: str, student: Student, *, probes: bool = False) -> Submission:
        """Return the submission in one process as a test sees it."""
        return Submission(
            student, self.exercise.module, lambda: self.submission(module, fresh=True, probes=probes, another=True),
            self.listeners.get(student), self.defined, self.ports, self.outlines, lambda: self.beside(student),
        )  # fmt: skip

    def own_process(self, module: str, *, copied: bool) -> Student:
        """Return a process of a test's own, which has imported nothing, or is a copy of one that has imported the submission.

        To set up a process and to import Flask's app into it takes longer than most tests. Whoever leaves traces that cannot be
        removed, or has threads, is not copied for long.

        Raises:
            StudentGone: it died before it could be of use.
        """
        place = module if self.serving and module in self.serving else ""  # without a socket of their own all are alike
        student = self.originals.pop(place, None) if copied else None
        if student is not None:
            self.own.append(student)
            self.begin_test(student)
            if student.peer.copy():
                student.copied = True
                return student
            self.own.remove(student)
            self.discard(student)
            self.uncopied += 1
        student = self.spawn(module)
        student.place = place
        self.own.append(student)
        if copied and student.process.copies and self.uncopied < UNCOPIED:
            self.begin_test(student)
            with contextlib.suppress(StudentError):  # it says so again as soon as a test asks for something
                self.seen(module, student).load()
                student.copied = student.peer.copy()
                self.uncopied += not student.copied
        return student

    def beside(self, student: Student) -> Student | None:
        """Return another process in a student process's folder, for one test; None where there is no quick one.

        Raises:
            EngineFault: this machine has not what that takes.
            StudentGone: something ended it before it ran any code of the submission, perhaps another process of it.
        """
        try:
            process = student.process.beside()
        except StudentGone:
            self.deaths += 1
            raise
        if process is None:
            return None
        process.test_deadline = student.process.test_deadline
        self.own.append(Student(process))
        return self.own[-1]

    def spawn(self, module: str) -> Student:
        """Start a student process, with a socket to serve on if a test of the module wants one.

        Raises:
            EngineFault: this machine has not what that takes.
            StudentGone: something ended it before it ran any code of the submission, perhaps another process of it.
        """
        listener = None
        try:
            listener = Listener() if self.serving and module in self.serving else None
            student = Student(self.spawner.spawn(self.files, listener.socket if listener else None))
        except StudentGone:
            self.deaths += 1
            raise
        except OSError as error:
            if listener:
                listener.close()
            raise EngineFault(f"a student process cannot be started: {error}") from error
        if listener:
            self.listeners[student] = listener
        return student

    def begin_test(self, student: Student) -> None:
        """Start the budget that one process has for one test, within what is left for the whole submission."""
        student.process.begin_test()
        student.process.test_deadline = min(student.process.test_deadline, self.deadline)

    def end_test(self) -> None:
        """Drop the references of the test that ended, and the processes that were its own."""
        for student in [*self.shared.values(), *self.own]:
            student.drop()
        for student in self.active():
            if student not in self.own:  # those end here, with all that they refer to
                self.forget(student)
        while self.own:
            student = self.own.pop()
            if student.copied and not student.peer.gone:
                self.end_copy(student)
            else:
                (self.bury if student.peer.gone else self.discard)(student)
        for module in [module for module, student in self.shared.items() if student.peer.gone]:
            self.bury(self.shared.pop(module))

    def end_copy(self, student: Student) -> None:
        """End the copy that served a test, and keep its original; what dies now was no longer needed for the test."""
        self.begin_test(student)
        student.copied = False
        try:
            student.peer.end_copy()
        except StudentGone:
            self.discard(student)
        else:
            self.originals[student.place] = student

    def active(self) -> list[Student]:
        """Return the processes that the running test has to do with."""
        peers = {student: student.peer for student in [*self.shared.values(), *self.own]}
        return [student for student, peer in peers.items() if peer.table.theirs or peer.table.ours or peer.depth]

    def forget(self, student: Student) -> None:
        """End a test for one process; what dies now was no longer needed for it."""
        self.begin_test(student)
        with contextlib.suppress(StudentGone):
            student.peer.forget()

    def bury(self, student: Student) -> None:
        """Count a process that has died."""
        self.deaths += 1
        self.discard(student)

    def late(self) -> StudentGone:
        """End the processes of the running test because it takes too long, and return what to raise in it."""
        phases = [student.process.phase for student in self.active() if student.peer.depth]
        gone = StudentGone("timeout", {"phase": phases[0] if phases else "read"})
        for student in self.active():
            student.peer.gone = student.peer.gone or gone
            student.process.kill()
        return gone

    def left(self) -> float:
        """Return the seconds that the next test may take the judge: a little more than its processes may."""
        return min(self.exercise.limits.test, self.deadline - time.monotonic()) + BEYOND

    def discard(self, student: Student) -> None:
        """End a process and keep the beginning of what it printed."""
        student.drop()
        student.process.discard()
        self.output += bytes(student.process.output)[: OUTPUT_KEPT - len(self.output)]
        listener = self.listeners.pop(student, None)
        if listener:
            listener.close()

    def close(self) -> None:
        """End every process."""
        for student in [*self.shared.values(), *self.own, *self.originals.values()]:
            self.discard(student)
        self.shared.clear()
        self.own.clear()
        self.originals.clear()
