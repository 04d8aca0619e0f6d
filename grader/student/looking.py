"""A pytest session that judges one submission by the public tests, and makes an attempt of it."""

from __future__ import annotations

import os
import secrets
from typing import Any

import pytest

from grader.course import Course
from grader.errors import EngineFault
from grader.grading.grade import Clock, Grader
from grader.grading.job import Job, run
from grader.grading.session import Session
from grader.grading.surroundings import surroundings
from grader.grading.workers import Ready
from grader.models import Attempt, Exercise, Isolation, Submission
from grader.sandbox.isolation import Proof
from grader.sandbox.plain import Plain
from grader.student.place import Place
from grader.testing.rubric import Rubric


class Look(Session):
    """A session that judges one submission, and ends; one that cannot be run is not."""

    rubric: Rubric

    def __init__(self, exercise: Exercise, job: Job, spawner: Plain | None) -> None:
        super().__init__(exercise)
        self.job = job
        self.spawner = spawner
        self.report: dict[str, Any] = {}
        self.trouble: Exception | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests."""
        try:
            self.rubric = self.collected(session)
            if self.spawner:
                self.report = run(session.items, self.job, self.exercise, self.spawner, boxed=False)
        except Exception as error:  # noqa: BLE001 - pytest would print it, and go on
            self.trouble = error
        return True


def look(place: Place, exercise: Exercise, submission: Submission, spawner: Plain | None) -> Attempt:
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
