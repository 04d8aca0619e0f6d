"""Makes an attempt of a submission: one worker per exercise, faults of ours tried twice, a score only where it is deserved."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.catalogues import catalogue_of
from grader.course import Course
from grader.errors import EngineFault
from grader.grading.job import observed_from
from grader.grading.workers import Worker, WorkerDied
from grader.hashing import hashes
from grader.models import (
    Attempt,
    Exercise,
    Isolation,
    Outcome,
    Score,
    Submission,
    TestInfo,
    TestResult,
    Verdict,
    Visibility,
)
from grader.printable import printable_lines
from grader.scoring import by_category, score
from grader.statement import promises
from grader.testing.feedback import Writer
from grader.testing.outcome import NO_ISOLATION, Observed

OUTPUT_CAP = 4000


@dataclass
class Grader:
    """Grades submissions of one course.

    ``least`` is the isolation below which hidden tests are not run; ``seed`` makes a grading repeatable.
    """

    course: Course
    private: Path
    least: Isolation = Isolation.CONFINED
    seed: int | None = None
    workers: dict[str, Worker] = field(default_factory=dict)
    broken: dict[str, EngineFault] = field(default_factory=dict)

    def grade_all(self, submissions: Iterable[Submission], done: Callable[[Attempt], None]) -> None:
        """Grade submissions one after another; every attempt is handed on as soon as it is there."""
        try:
            for submission in submissions:
                done(self.grade(submission))
        finally:
            self.close()

    def grade(self, submission: Submission) -> Attempt:
        """Grade one submission.

        Raises:
            UsageError: the course itself is wrong, so that nothing can be graded.
        """
        exercise = self.course.exercises[submission.exercise]
        clock = Clock()
        seed = secrets.randbits(32) if self.seed is None else self.seed
        try:
            worker = self.worker(exercise)
            if submission.missing or submission.problem:
                return self.refused(submission, exercise, worker, clock, seed)
            report = self.report(worker, exercise, submission, seed)
        except EngineFault as error:
            return self.fault(submission, exercise, clock, seed, str(error))
        return self.attempt(submission, exercise, self.workers[exercise.name], report, clock, seed)

    def report(self, worker: Worker, exercise: Exercise, submission: Submission, seed: int) -> Mapping[str, Any]:
        """Have a submission graded; a worker that dies is replaced once."""
        hidden = worker.ready.proof.level >= self.least
        try:
            return worker.grade(submission.files, seed, hidden=hidden)
        except WorkerDied:
            del self.workers[exercise.name]
            return self.worker(exercise).grade(submission.files, seed, hidden=hidden)

    def worker(self, exercise: Exercise) -> Worker:
        """Return the worker of an exercise; one that could not be started is not tried again."""
        if exercise.name in self.broken:
            raise self.broken[exercise.name]
        if exercise.name not in self.workers:
            try:
                self.workers[exercise.name] = Worker(exercise, self.private)
            except EngineFault as error:
                self.broken[exercise.name] = error
                raise
        return self.workers[exercise.name]

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers.values():
            worker.stop()
        self.workers.clear()

    # -- attempts

    def attempt(
        self,
        submission: Submission,
        exercise: Exercise,
        worker: Worker,
        report: Mapping[str, Any],
        clock: Clock,
        seed: int,
    ) -> Attempt:
        """Make an attempt of a worker's report, over the rows of the rubric and nothing else."""
        if report["fault"]:
            outcome = Outcome.GRADER_TIMEOUT if report.get("late") else fault_outcome(report["fault"])
            return self.fault(submission, exercise, clock, seed, report["fault"], outcome)
        writer = Writer(catalogue_of(exercise), promises(exercise))
        level = worker.ready.proof.level
        results = tuple(result(row, report["tests"], submission, writer) for row in worker.ready.rows)
        withheld = any(r.verdict is Verdict.NOT_RUN and r.detail.get("reason") == NO_ISOLATION for r in results)
        return Attempt(
            exercise.name, submission.student, submission.path,
            Outcome.SANDBOX_UNAVAILABLE if withheld else Outcome.GRADED, level, results,
            None if withheld else score(results), {} if withheld else by_category(results), hashes(submission, exercise), seed,
            clock.started, clock.seconds(), {"message": "; ".join(worker.ready.proof.against)} if withheld else to_come(exercise),
            submission.ignored, printable_lines(report["output"], OUTPUT_CAP),
        )  # fmt: skip

    def refused(self, submission: Submission, exercise: Exercise, worker: Worker, clock: Clock, seed: int) -> Attempt:
        """Make an attempt of a submission that cannot be run: it earned nothing, and it says why."""
        outcome = Outcome.MISSING_FILE if submission.missing else Outcome.BAD_SUBMISSION
        detail = dict(submission.problem) or {"file": ", ".join(submission.missing)}
        if "problem" in detail:
            detail["message"] = detail["problem"].format_map(detail)
        results = tuple(TestResult(row, Verdict.NOT_RUN, {"reason": str(outcome)}) for row in worker.ready.rows)
        return Attempt(
            exercise.name, submission.student, submission.path, outcome, worker.ready.proof.level, results,
            score(results), by_category(results), hashes(submission, exercise), seed, clock.started, clock.seconds(),
            detail, submission.ignored,
        )  # fmt: skip

    def fault(
        self,
        submission: Submission,
        exercise: Exercise,
        clock: Clock,
        seed: int,
        message: str,
        outcome: Outcome = Outcome.GRADER_ERROR,
    ) -> Attempt:
        """Make an attempt without a score: the fault is ours."""
        categories: dict[str, Score] = {}
        return Attempt(
            exercise.name, submission.student, submission.path, outcome, Isolation.NONE, (), None, categories,
            hashes(submission, exercise), seed, clock.started, clock.seconds(), {"message": message}, submission.ignored,
        )  # fmt: skip


class Clock:
    """When an attempt began, and how long it has taken."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return round(time.monotonic() - self._began, 4)


def result(row: TestInfo, tests: Mapping[str, Any], submission: Submission, writer: Writer) -> TestResult:
    """Make a result of what was reported for a row; what was not reported did not pass."""
    if row.id not in tests:
        hidden = row.visibility is Visibility.HIDDEN
        return TestResult(row, Verdict.NOT_RUN, {"reason": NO_ISOLATION if hidden else "not reported"})
    observed: Observed = observed_from(tests[row.id])
    passed = observed.verdict is Verdict.PASSED
    return TestResult(
        row, observed.verdict, observed.detail, None if passed else writer.write(row, observed, submission),
        observed.staff, round(tests[row.id]["seconds"], 5),
    )  # fmt: skip


def to_come(exercise: Exercise) -> dict[str, str]:
    """Say how many hidden tests there are that are not at hand: nobody shall take the public part for the whole."""
    if exercise.hidden_folders or not exercise.hidden:
        return {}
    return {"hidden_tests": str(len(exercise.hidden)), "hidden_points": str(sum(row.points for row in exercise.hidden))}


def fault_outcome(fault: str) -> Outcome:
    """Name a fault of ours."""
    return Outcome.SANDBOX_DIED if fault.startswith("BoxDied") else Outcome.GRADER_ERROR
