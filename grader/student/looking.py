"""A pytest session that judges one submission by the public tests, and makes an attempt of it."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from functools import partial
from typing import Any

import pytest

from grader.course import Course
from grader.errors import EngineFault
from grader.grading.grade import Clock, Grader
from grader.grading.job import Job, arrange, run, settle
from grader.grading.lanes import WORTH, Turns, processors, together
from grader.grading.pool import cores
from grader.grading.session import Session
from grader.grading.surroundings import surroundings
from grader.grading.worker import longest
from grader.grading.workers import Ready
from grader.models import Attempt, Exercise, Isolation, Submission
from grader.sandbox.isolation import Proof
from grader.sandbox.plain import Ahead, Plain
from grader.student.place import Place
from grader.testing.rubric import Rubric


class Look(Session):
    """A session that judges one submission, and ends; one that cannot be run is not."""

    rubric: Rubric

    def __init__(self, exercise: Exercise, job: Job, spawner: Ahead | None) -> None:
        super().__init__(exercise)
        self.job = job
        self.spawner = spawner
        self.report: dict[str, Any] = {}
        self.trouble: BaseException | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests."""
        try:
            self.rubric = self.collected(session)
            if self.spawner:
                self.report = self.judged(session.items, self.spawner)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - pytest would print it, and go on
            self.trouble = error
        return True

    def judged(self, items: list[pytest.Item], spawner: Ahead) -> dict[str, Any]:
        """Run the tests, side by side if they are many and there are processors for it."""
        groups = together(arrange(items, self.exercise, self.job), self.exercise)
        lanes = spawner.lanes()[: min(cores(), len(groups) // WORTH)]
        if len(lanes) < 2:
            return run(items, self.job, self.exercise, spawner, boxed=False)
        turns, deadline = Turns(groups), time.monotonic() + longest(self.exercise.limits)
        with tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True) as folder:
            lane = partial(self.lane, items, turns, folder, os.getpid())
            works = [partial(lane, plain, cpu) for plain, cpu in zip(lanes, processors(len(lanes)), strict=True)]
            try:
                return turns.run(works, deadline, self.exercise.limits.deaths)
            finally:
                spawner.stop()  # before the folder of what may still run is removed

    def lane(
        self, items: list[pytest.Item], turns: Turns, folder: str, parent: int, plain: Plain, cpu: int | None
    ) -> dict[str, Any]:
        """Do a part of the tests in a fork."""
        settle(parent, cpu)
        tempfile.tempdir = folder
        return run(items, self.job, self.exercise, plain, boxed=False, take=turns.take)


def look(place: Place, exercise: Exercise, submission: Submission, spawner: Ahead | None) -> Attempt:
    """Judge a submission; without a spawner it is one that cannot be run.

    Raises:
        UsageError: the course itself is wrong.
        EngineFault: something of ours is.
    """
    clock, seed = Clock(), secrets.randbits(32)
    os.environ.update(surroundings(os.environ.get("PYTHONPATH", "")))
    session = Look(exercise, Job(1, submission.files, seed, hidden=False), spawner)
    session.run()
    if session.trouble:
        raise session.trouble
    ready = Ready(tuple(session.rubric.rows.values()), Proof(Isolation.NONE, (), ()))
    grader = Grader(Course(place.folder, {exercise.name: exercise}), place.private, Isolation.NONE)
    if spawner is None:
        return grader.refused(submission, exercise, ready, clock, seed)
    if session.report["fault"]:
        raise EngineFault(session.report["fault"])
    return grader.attempt(submission, exercise, ready, session.report, clock, seed)
