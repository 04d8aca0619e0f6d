"""The workers of a run, one for each exercise: started when they are needed, replaced when they die, never for worse ones.

A worker that cannot be started is tried again for the next submission, for the cause may have gone: a full disk, no more
processes. How long a run waits in vain is bounded.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import EngineFault, UsageError
from grader.grading.workers import Worker, WorkerDied
from grader.hashing import engine_hash, tests_hash
from grader.models import Exercise, Isolation

PATIENCE = 600.0
"""Seconds that starts of an exercise's worker may take in vain, all together, until there are pauses between them."""
PAUSE = 60.0
"""Seconds between further starts, and between looks whether a machine without walls has got some."""

STOPPED = "the run was stopped"

Question = Callable[[Worker], Mapping[str, Any]]
"""What a worker is asked; the answer's ``fault`` says whether something of ours broke."""


@dataclass
class Trouble:
    """Starts in vain since the last good one: the seconds they took, when the last one ended, and why."""

    seconds: float = 0.0
    last: float = 0.0
    reason: str = ""


@dataclass
class Crew:
    """The workers of one run, or of one lane of it. ``least`` is the isolation that hidden tests need.

    Each worker runs the tests of a submission in ``lanes`` of its own, side by side.
    Lanes share what was ``proven``: nobody's work is isolated worse than that of others in the same run.
    """

    private: Path
    least: Isolation
    workers: dict[str, Worker] = field(default_factory=dict)
    proven: dict[str, Isolation] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    given_up: bool = False
    lanes: int = 1

    def ask(self, exercise: Exercise, question: Question) -> tuple[Worker, Mapping[str, Any]]:
        """Have something done by a worker; one that dies, or meets a fault that a fresh box does not mend, is replaced once.

        Raises:
            UsageError: the course itself is wrong.
            EngineFault: a fault of ours that did not go away.
        """
        try:
            worker, report = self.once(exercise, question)
        except WorkerDied:
            return self.once(exercise, question)
        if report["fault"] and not report.get("late"):
            return self.once(exercise, question)
        return worker, report

    def once(self, exercise: Exercise, question: Question) -> tuple[Worker, Mapping[str, Any]]:
        """Have something done by the worker that there is, or by a new one; it does not stay if there was a fault."""
        worker = self.worker(exercise)
        try:
            report = question(worker)
        except WorkerDied:
            del self.workers[exercise.name]
            raise
        if report["fault"]:
            self.workers.pop(exercise.name).stop()
        return worker, report

    def worker(self, exercise: Exercise) -> Worker:
        """Return the worker of an exercise, a new one if need be."""
        worker = self.workers.get(exercise.name)
        if worker and self.poor(worker) and time.monotonic() - worker.started > PAUSE:
            self.workers.pop(exercise.name).stop()
        if exercise.name not in self.workers:
            self.workers[exercise.name] = self.hire(exercise)
        if self.given_up:
            raise EngineFault(STOPPED)
        return self.workers[exercise.name]

    def poor(self, worker: Worker) -> bool:
        """Tell whether a worker has no walls for hidden tests although there may be some here."""
        return worker.ready.proof.level < self.least and sys.platform == "linux"

    def hire(self, exercise: Exercise) -> Worker:
        """Start a worker, and count what is spent in vain."""
        if self.given_up:
            raise EngineFault(STOPPED)
        trouble = self.troubles.setdefault(exercise.name, Trouble())
        began = time.monotonic()
        if trouble.seconds > PATIENCE and began - trouble.last < PAUSE:
            raise EngineFault(trouble.reason)
        try:
            worker = self.start(exercise)
        except EngineFault as error:
            trouble.last = time.monotonic()
            trouble.seconds += trouble.last - began
            trouble.reason = str(error)
            raise
        del self.troubles[exercise.name]
        return worker

    def start(self, exercise: Exercise) -> Worker:
        """Start a worker that is as good as the ones before; one that dies meanwhile is replaced once."""
        try:
            worker = self.compared(exercise)
        except WorkerDied:
            worker = self.compared(exercise)
        known = self.proven.get(exercise.name)
        if worker.ready.proof.level < (self.least if known is None else known) and sys.platform == "linux":
            worker.stop()  # perhaps the walls only failed this time; a second failure is believed
            worker = self.compared(exercise)
        level = worker.ready.proof.level
        if known is not None and level < known:
            worker.stop()
            raise EngineFault(
                f"submissions were isolated better before ({known}, now {level}): {'; '.join(worker.ready.proof.against)}"
            )
        self.proven[exercise.name] = level
        return worker

    def compared(self, exercise: Exercise) -> Worker:
        """Start a worker, and make sure that it has read what every other one of this run has read.

        Tests that are taken away or changed during a run would give some students another rubric than others.
        """
        try:
            known = tests_hash(exercise), engine_hash()
            worker = Worker(exercise, self.private, lanes=self.lanes)
        except OSError as error:
            raise EngineFault(f"{exercise.name} cannot be read: {error}") from None
        except UsageError as error:
            if exercise.name not in self.proven:
                raise
            raise EngineFault(f"the course was changed while submissions were graded: {error}") from None
        if (worker.ready.tests, worker.ready.engine) != known:
            worker.stop()
            raise EngineFault(f"{exercise.name}: tests or grader were changed during this run; start it again")
        return worker

    def keep_only(self, exercise: Exercise) -> None:
        """End the workers of all other exercises."""
        for name in [name for name in self.workers if name != exercise.name]:
            self.workers.pop(name).stop()

    def give_up(self) -> None:
        """Have no more workers; for another thread, so that whoever waits for one of ours learns that it is gone."""
        self.given_up = True
        for worker in list(self.workers.values()):
            worker.hang_up()

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers.values():
            worker.stop()
        self.workers.clear()
