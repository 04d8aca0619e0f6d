"""Grades again, from the store, what an earlier version of tests or engine judged; nothing counts until it is applied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.course import Course
from grader.grades import Grade, candidates, grade
from grader.grading.pool import Pool
from grader.grading.run import Wanted
from grader.hashing import engine_hash, tests_hash
from grader.models import Attempt, Submission
from grader.policy import Policy
from grader.store.store import Store

Whose = tuple[str, str]
"""A student and an exercise."""


@dataclass(frozen=True)
class Work:
    """Work that may count and has no attempt that still holds."""

    student: str
    exercise: str
    hash: str


Job = tuple[Work, Submission]


@dataclass
class Regrading:
    """A regrading of some exercises of a course. One that was stopped goes on as long as tests and engine are the same."""

    course: Course
    store: Store
    policy: Policy
    wanted: Wanted
    exercises: frozenset[str]

    def __post_init__(self) -> None:
        known = [f"{name} {tests_hash(self.course.exercises[name])}" for name in sorted(self.exercises)]
        about = "\n".join([engine_hash(), str(self.wanted.least), *known])
        self.run = self.store.open_regrade(hashlib.sha256(about.encode()).hexdigest())

    def whose(self) -> Iterator[Whose]:
        """Yield the students and exercises that this is about."""
        return (pair for pair in self.store.pairs() if pair[1] in self.exercises)

    def outdated(self) -> list[Work]:
        """Return the work of which nobody knows what it is worth now, each once, sorted by exercise."""
        found = dict.fromkeys(
            Work(student, exercise, one.work)
            for student, exercise in self.whose()
            for one in candidates(self.store.history(student, exercise), self.policy.rule(student, exercise))
        )
        return sorted((work for work in found if not self.holds(work)), key=lambda work: (work.exercise, work.student))

    def holds(self, work: Work) -> bool:
        """Tell whether an attempt that counts still holds, or one of this regrading that would count in its place.

        One of this regrading that is older would not: tests may have been changed, applied, and changed back meanwhile.
        """
        exercise = self.course.exercises[work.exercise]
        counts, new = (self.store.known(work.student, work.exercise, work.hash, run) for run in (None, self.run))
        if counts and self.wanted.holds(counts, exercise):
            return True
        return new is not None and (not counts or new.number > counts.number) and self.wanted.holds(new, exercise)

    def go(self, pool: Pool[Job], done: Callable[[Attempt], None]) -> None:
        """Grade what is outdated; every attempt is kept as soon as it is there, and counts for nothing yet."""
        jobs = (
            ((work, submission), submission)
            for work in self.outdated()
            for submission in [self.store.submission(work.hash, work.exercise, work.student)]
        )
        for (work, submission), attempt in pool.grade(jobs):
            self.store.add(self.run, submission, work.hash, None, attempt)
            done(attempt)

    def changes(self) -> Iterator[Change]:
        """Yield what applying this would change, by student and exercise."""
        for student, exercise in self.whose():
            rule, decided = self.policy.rule(student, exercise), self.store.override(student, exercise)
            before, after = (
                grade(student, exercise, self.store.history(student, exercise, run), rule, decided)
                for run in (None, self.run)
            )
            if before.counts == after.counts:
                continue
            old, new = self.attempt_of(before), self.attempt_of(after)
            if old and new and (found := Change(before, after, tests_between(old, new))).any:
                yield found

    def attempt_of(self, made: Grade) -> Attempt | None:
        """Return the attempt that a grade is a view on."""
        return self.store.attempt(made.counts.attempt.number) if made.counts and made.counts.attempt else None

    def apply(self) -> None:
        """Let all of it count, at once."""
        self.store.apply(self.run)


@dataclass(frozen=True)
class TestChange:
    """What became of one test: the points before and after, None where there was no such test."""

    __test__ = False

    id: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Change:
    """What becomes of one grade; ``tests`` are those whose points differ."""

    before: Grade
    after: Grade
    tests: tuple[TestChange, ...]

    @property
    def any(self) -> bool:
        """Whether anything differs that somebody would notice."""
        return bool(self.tests) or (self.before.points, self.before.possible) != (
            self.after.points,
            self.after.possible,
        )


def tests_between(old: Attempt, new: Attempt) -> tuple[TestChange, ...]:
    """Return the tests whose points differ between two attempts, in the order of the new one."""
    before, after = ({result.info.id: result.earned for result in attempt.results} for attempt in (old, new))
    rows = (
        TestChange(name, before.get(name), after.get(name)) for name in (*after, *(n for n in before if n not in after))
    )
    return tuple(row for row in rows if row.before != row.after)
