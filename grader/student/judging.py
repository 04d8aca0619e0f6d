"""Judges a student's saves one after another, by warm workers in a thread of its own."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from grader.course import Course
from grader.errors import EngineFault, UsageError
from grader.grading.crew import Crew, Question
from grader.grading.grade import Clock, Grader
from grader.grading.pool import cores
from grader.grading.workers import Ready, Worker, WorkerDied
from grader.hashing import content_hash
from grader.models import Attempt, Exercise, Isolation, Submission, TestInfo
from grader.sandbox.isolation import Proof
from grader.sandbox.plain import LANES
from grader.student.place import Place

WORKERS = 3
"""Warm workers that are kept; each is a process with pytest in it."""
HANGS = 2.0
"""Seconds after which a check is given up if there is a younger save: so long a single call may take."""
LEAVE = 0.7
"""Seconds for what is being judged to leave at the end."""


@dataclass
class OneTry(Crew):
    """A crew that can be told to give up on what it is asked, and does not ask again then."""

    abandoned: bool = False
    began: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def once(self, exercise: Exercise, question: Question) -> tuple[Worker, Mapping[str, Any]]:
        """Ask, unless it was given up."""
        if self.abandoned:
            raise WorkerDied("given up for a younger save")
        return super().once(exercise, lambda worker: self.timed(worker, question))

    def timed(self, worker: Worker, question: Question) -> Mapping[str, Any]:
        """Note since when a worker is busy."""
        with self.lock:
            self.began = time.monotonic()
        try:
            return question(worker)
        finally:
            with self.lock:
                self.began = None

    def abandon(self, after: float) -> None:
        """Send the workers away if they are busy for more than so many seconds; for another thread."""
        with self.lock:
            if self.began is not None and time.monotonic() - self.began > after and not self.abandoned:
                self.abandoned = True
                for worker in list(self.workers.values()):
                    worker.hang_up()


def digest_of(submission: Submission) -> str:
    """Return what tells two saves apart."""
    return f"{content_hash(submission.files)} {submission.missing} {dict(submission.problem)}"


@dataclass(frozen=True)
class Judged:
    """A check has come to an end, with an attempt or with what is wrong in the course; ``seconds`` since it was asked for.

    ``digest`` says of what. So many tests of earlier exercises are still to come with ``more``: another one follows then.
    """

    exercise: Exercise
    digest: str
    came_to: Attempt | UsageError
    seconds: float
    more: int = 0


class Judge:
    """Checks one submission after another in a thread of its own; of those that wait the youngest is taken."""

    def __init__(self, place: Place, judged: Callable[[Judged], None]) -> None:
        self.place = place
        self.exercises: dict[str, Exercise] = {}
        self.grader = Grader(Course(place.folder, self.exercises), place.private, Isolation.NONE)
        self.crew = self.grader.crew = OneTry(place.private, Isolation.NONE, lanes=min(cores(), LANES))
        self.judged = judged
        self.jobs: queue.SimpleQueue[tuple[Exercise, Submission, float] | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def find(self, name: str) -> Exercise | None:
        """Return the exercise of a folder, None if there is none or its manifest is wrong."""
        if name not in self.exercises and name in self.place.names:
            try:
                self.exercises[name] = self.place.load(name)
            except UsageError:
                return None
        return self.exercises.get(name)

    def ask(self, exercise: Exercise, submission: Submission, since: float) -> None:
        """Have a submission judged; ``since`` is when it was saved (`time.monotonic`)."""
        self.exercises[exercise.name] = exercise
        self.jobs.put((exercise, submission, since))

    def work(self) -> None:
        """Judge until it is over."""
        while job := self.youngest():
            exercise, submission, since = job
            if exercise.name not in self.crew.workers and len(self.crew.workers) >= WORKERS:
                self.crew.keep_only(exercise)
            self.crew.abandoned = False
            digest = digest_of(submission)
            try:
                for attempt, more in self.attempts(exercise, submission):
                    if not self.crew.abandoned:
                        self.judged(Judged(exercise, digest, attempt, time.monotonic() - since, more))
            except UsageError as error:
                self.judged(Judged(exercise, digest, error, time.monotonic() - since))

    def attempts(self, exercise: Exercise, submission: Submission) -> Iterator[tuple[Attempt, int]]:
        """Yield what a check comes to; if there are tests again from other exercises, first what the own ones come to."""
        if not exercise.origins or submission.problem:
            yield self.grader.grade(submission), 0
            return
        clock, seed = Clock(), secrets.randbits(32)
        try:
            own, rows = self.part(exercise, submission, seed, "own")
            here = tuple(row for row in rows if row.id in own["tests"])
            more = 0 if own["fault"] else len(rows) - len(here)
            ready = Ready(rows, Proof(Isolation.NONE, (), ()))
            yield self.grader.attempt(submission, exercise, replace(ready, rows=here), own, clock, seed), more
            if more and self.jobs.empty():
                others, _ = self.part(exercise, submission, seed, "others")
                whole = {**others, "tests": own["tests"] | others["tests"], "output": own["output"] + others["output"]}
                yield self.grader.attempt(submission, exercise, ready, whole, clock, seed), 0
        except EngineFault as error:
            yield self.grader.fault(submission, exercise, clock, seed, str(error)), 0

    def part(
        self, exercise: Exercise, submission: Submission, seed: int, part: str
    ) -> tuple[Mapping[str, Any], tuple[TestInfo, ...]]:
        """Return the report of a part of the tests, and all rows of the rubric."""
        worker, report = self.crew.ask(
            exercise, lambda worker: worker.grade(submission.files, seed, hidden=False, part=part)
        )
        return report, worker.ready.rows

    def hurry(self) -> None:
        """Give up on code that does not come to an end if something younger waits to be judged."""
        if not self.jobs.empty():
            self.crew.abandon(HANGS)

    def youngest(self) -> tuple[Exercise, Submission, float] | None:
        """Wait for a job; those that younger ones have overtaken are nobody's any more."""
        job = self.jobs.get()
        while job and not self.jobs.empty():
            job = self.jobs.get()
        return job

    def close(self) -> None:
        """End the workers, and with them what is being judged."""
        self.jobs.put(None)
        self.crew.give_up()
        self.thread.join(LEAVE)
        self.grader.close()
