"""Makes an attempt of a submission: a score where one is deserved, and none where the fault is ours."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grader.catalogues import catalogue_of
from grader.course import Course
from grader.errors import EngineFault
from grader.grading.crew import Crew
from grader.grading.job import contents_from, observed_from
from grader.grading.workers import Ready, Worker
from grader.hashing import content_hash, hashes
from grader.models import (
    Attempt,
    Exercise,
    Hashes,
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
from grader.statement import promises, readings
from grader.submissions import opened
from grader.testing.feedback import Writer
from grader.testing.outcome import NO_ISOLATION, Observed

OUTPUT_CAP = 4000
UNKNOWN = "0" * 64


class Ungraded(EngineFault):
    """A submission could not be opened, or may not be run here, and the fault is ours."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


@dataclass
class Grader:
    """Grades submissions of one course.

    ``least`` is the isolation below which hidden tests are not run; ``seed`` makes a grading repeatable. ``inspect`` says of
    an attempt why nobody may see it, or nothing: such an attempt is a fault of ours, and nothing of it remains. With ``brief``
    only whether a submission is full marks is found out: after the first failure no test is run. With ``strict`` nothing of a
    submission is run below ``least``, public tests included.
    """

    course: Course
    private: Path
    least: Isolation = Isolation.CONFINED
    seed: int | None = None
    inspect: Callable[[Attempt, Submission], str] | None = None
    brief: bool = False
    strict: bool = False
    crew: Crew = field(init=False)

    def __post_init__(self) -> None:
        self.crew = Crew(self.private, self.least)

    def grade(self, submission: Submission) -> Attempt:
        """Grade one submission.

        Raises:
            UsageError: the course itself is wrong, so that nothing can be graded.
        """
        exercise = self.course.exercises[submission.exercise]
        clock = Clock()
        seed = secrets.randbits(32) if self.seed is None else self.seed
        try:
            submission = self.open(submission, exercise)
            attempt = self.judge(submission, exercise, clock, seed)
        except Ungraded as error:
            return self.fault(submission, exercise, clock, seed, str(error), error.outcome)
        except (EngineFault, OSError) as error:
            return self.fault(submission, exercise, clock, seed, str(error))
        complaint = self.inspect(attempt, submission) if self.inspect else ""
        return self.fault(submission, exercise, clock, seed, complaint) if complaint else attempt

    def open(self, submission: Submission, exercise: Exercise) -> Submission:
        """Return the submission with its files, if it is an archive with those that were found in it."""
        if submission.archive is None:
            return submission
        archive = submission.archive
        _, opening = self.crew.ask(exercise, lambda worker: self.permitted(worker).unpack(archive))
        if opening["fault"]:
            raise Ungraded(opening["fault"], fault_outcome(opening))
        return opened(submission, exercise, contents_from(opening))

    def judge(self, submission: Submission, exercise: Exercise, clock: Clock, seed: int) -> Attempt:
        """Have a submission judged by the worker of its exercise."""
        if submission.missing or submission.problem:
            return self.refused(submission, exercise, self.worker(exercise).ready, clock, seed)
        files = submission.files
        worker, report = self.crew.ask(
            exercise,
            lambda worker: self.permitted(worker).grade(
                files, seed, hidden=worker.ready.proof.level >= self.least, brief=self.brief
            ),
        )
        return self.attempt(submission, exercise, worker.ready, report, clock, seed)

    def permitted(self, worker: Worker) -> Worker:
        """Return a worker, if submissions may be run by it.

        Raises:
            Ungraded: its walls are too low.
        """
        proof = worker.ready.proof
        if self.strict and proof.level < self.least:
            raise Ungraded("; ".join(proof.against), Outcome.SANDBOX_UNAVAILABLE)
        return worker

    @property
    def workers(self) -> dict[str, Worker]:
        """The workers that there are, by exercise."""
        return self.crew.workers

    def worker(self, exercise: Exercise) -> Worker:
        """Return the worker of an exercise.

        Raises:
            EngineFault: there is none to be had now.
        """
        return self.crew.worker(exercise)

    def close(self) -> None:
        """End the workers."""
        self.crew.close()

    # -- attempts

    def attempt(
        self,
        submission: Submission,
        exercise: Exercise,
        ready: Ready,
        report: Mapping[str, Any],
        clock: Clock,
        seed: int,
    ) -> Attempt:
        """Make an attempt of a worker's report, over the rows of the rubric and nothing else."""
        if report["fault"]:
            return self.fault(submission, exercise, clock, seed, report["fault"], fault_outcome(report))
        writer = Writer(catalogue_of(exercise), promises(exercise), readings(exercise))
        level = ready.proof.level
        unrun = NO_ISOLATION if level < self.least else "not reported"
        results = tuple(result(row, report["tests"], submission, writer, unrun) for row in ready.rows)
        withheld = any(r.verdict is Verdict.NOT_RUN and r.detail.get("reason") == NO_ISOLATION for r in results)
        return Attempt(
            exercise.name, submission.student, submission.path,
            Outcome.SANDBOX_UNAVAILABLE if withheld else Outcome.GRADED, level, results,
            None if withheld else score(results), {} if withheld else by_category(results), hashes(submission, exercise), seed,
            clock.started, clock.seconds(), {"message": "; ".join(ready.proof.against)} if withheld else to_come(exercise),
            submission.ignored, printable_lines(report["output"], OUTPUT_CAP),
        )  # fmt: skip

    def refused(self, submission: Submission, exercise: Exercise, ready: Ready, clock: Clock, seed: int) -> Attempt:
        """Make an attempt of a submission that cannot be run: it earned nothing, and it says why."""
        outcome = Outcome.MISSING_FILE if submission.missing else Outcome.BAD_SUBMISSION
        detail = dict(submission.problem) or {"file": ", ".join(submission.missing)}
        if "problem" in detail:
            detail["message"] = detail["problem"].format_map(detail)
        results = tuple(TestResult(row, Verdict.NOT_RUN, {"reason": str(outcome)}) for row in ready.rows)
        return Attempt(
            exercise.name, submission.student, submission.path, outcome, ready.proof.level, results,
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
            known_hashes(submission, exercise), seed, clock.started, clock.seconds(), {"message": message}, submission.ignored,
        )  # fmt: skip


class Clock:
    """When an attempt began, and how long it has taken."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the beginning."""
        return round(time.monotonic() - self._began, 4)


def result(
    row: TestInfo, tests: Mapping[str, Any], submission: Submission, writer: Writer, unrun: str
) -> TestResult:  # fmt: skip
    """Make a result of what was reported for a row; what was not did not pass, a hidden one for the reason ``unrun``."""
    if row.id not in tests:
        hidden = row.visibility is Visibility.HIDDEN
        return TestResult(row, Verdict.NOT_RUN, {"reason": unrun if hidden else "not reported"})
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


def known_hashes(submission: Submission, exercise: Exercise) -> Hashes:
    """Return the hashes of an attempt, noughts for what cannot be read; that may be the very fault."""
    try:
        return hashes(submission, exercise)
    except OSError:
        return Hashes(content_hash(submission.files), UNKNOWN, UNKNOWN)


def fault_outcome(report: Mapping[str, Any]) -> Outcome:
    """Name a fault of ours."""
    if report.get("late"):
        return Outcome.GRADER_TIMEOUT
    return Outcome.SANDBOX_DIED if report["fault"].startswith("BoxDied") else Outcome.GRADER_ERROR
