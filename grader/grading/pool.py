"""Grades many submissions at once, each lane with a worker of its own; results come as soon as they are there.

Never more submissions are in memory than twice the lanes. A lane has a worker for one exercise at a time, so hand them in
sorted by exercise.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from grader.errors import EngineFault
from grader.grading.grade import Grader
from grader.models import Attempt, Exercise, Isolation, Submission

Key = TypeVar("Key")
AHEAD = 2
"""Submissions for each lane that are in work or wait to be."""
WORTH = 2
"""Submissions for which a lane is worth the start of its worker."""
LEAVE = 30.0
"""Seconds that a lane has to end its worker when a run is stopped; whoever is slower ends with this process."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lanes_for(submissions: int, wanted: int | None = None) -> int:
    """Return how many lanes grade so many submissions: as many as are wanted, or one for each core that is worth it."""
    return min(submissions, wanted or min(cores(), -(-submissions // WORTH)))


class Pool(Generic[Key]):
    """Some lanes. ``make`` makes the grader of each; close the pool, or use it as a context manager."""

    def __init__(self, make: Callable[[], Grader], lanes: int) -> None:
        self.lanes = max(1, lanes)
        self.graders = [make() for _ in range(self.lanes)]
        proven: dict[str, Isolation] = {}
        for grader in self.graders:
            proven.update(grader.crew.proven)
            grader.crew.proven = proven
        self.jobs: queue.SimpleQueue[tuple[Key, Submission] | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[tuple[Key, Attempt] | BaseException] = queue.SimpleQueue()
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> Pool[Key]:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def grade(self, submissions: Iterable[tuple[Key, Submission]]) -> Iterator[tuple[Key, Attempt]]:
        """Yield the attempt of each submission with its key, in the order in which they are finished.

        Raises:
            UsageError: the course itself is wrong.
        """
        source = iter(submissions)
        if self.lanes == 1:
            for key, submission in source:
                yield key, self.one(self.graders[0], submission)
            return
        in_work, more = 0, True
        while more or in_work:
            while more and in_work < AHEAD * self.lanes:
                job = next(source, None)
                more = job is not None
                if job:
                    self.start()
                    self.jobs.put(job)
                    in_work += 1
            if in_work:
                yield self.next_result()
                in_work -= 1

    def warm_up(self, exercise: Exercise) -> None:
        """Start all lanes with workers of an exercise, before there is a submission; a lane that is alone waits for one."""
        for _ in range(self.lanes if self.lanes > 1 else 0):
            self.start(exercise)

    def start(self, first: Exercise | None = None) -> None:
        """Start one more lane, up to all of them."""
        if len(self.threads) < self.lanes:
            thread = threading.Thread(target=self.lane, args=(self.graders[len(self.threads)], first), daemon=True)
            self.threads.append(thread)
            thread.start()

    def next_result(self) -> tuple[Key, Attempt]:
        """Return the next result; a signal may arrive while nothing does."""
        while True:
            try:
                result = self.results.get(timeout=1.0)
            except queue.Empty:
                continue
            if isinstance(result, BaseException):
                raise result
            return result

    def lane(self, grader: Grader, first: Exercise | None) -> None:
        """Grade what comes, until nothing does."""
        try:
            if first:
                with contextlib.suppress(EngineFault):  # it is tried again for the first submission, which learns of it
                    grader.crew.worker(first)
            while job := self.jobs.get():
                key, submission = job
                self.results.put((key, self.one(grader, submission)))
        except BaseException as error:  # noqa: BLE001 - the thread that waits for results raises it
            self.results.put(error)
        finally:
            grader.close()

    def one(self, grader: Grader, submission: Submission) -> Attempt:
        """Grade one submission, with no other worker than that of its exercise."""
        grader.crew.keep_only(grader.course.exercises[submission.exercise])
        return grader.grade(submission)

    def close(self) -> None:
        """End the lanes with all that they have; what is in work is given up."""
        try:
            while True:
                self.jobs.get_nowait()
        except queue.Empty:
            pass
        for _ in self.threads:
            self.jobs.put(None)
        if self.threads:
            for grader in self.graders:
                grader.crew.give_up()
        for thread in self.threads:
            thread.join(LEAVE)
        self.threads.clear()
        for grader in self.graders[: 1 if self.lanes == 1 else 0]:
            grader.close()
