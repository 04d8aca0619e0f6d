"""A run over what a class handed in: what is known is not graded again, and every result is kept as soon as it is there."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from grader.discovery import Found
from grader.grading.pool import Pool
from grader.handed_in import handed_in
from grader.hashing import engine_hash, tests_hash
from grader.models import Attempt, Exercise, Isolation, Submission

if TYPE_CHECKING:
    from grader.store.store import Known, Store

Job = tuple[int, Submission]


class Keeper(Protocol):
    """Where the attempts of a run go, by the numbers of the submissions."""

    def known(self, number: int, submission: Submission) -> Attempt | None:
        """Return an attempt that still holds, so that nothing need be graded."""

    def keep(self, number: int, submission: Submission, attempt: Attempt) -> None:
        """Keep an attempt."""

    def attempts(self) -> Iterator[Attempt]:
        """Yield all attempts in the order of the submissions."""


@dataclass
class InMemory:
    """Keeps attempts as long as this process lives."""

    found: dict[int, Attempt] = field(default_factory=dict)

    def known(self, number: int, submission: Submission) -> Attempt | None:  # noqa: ARG002 - a keeper's
        """Return nothing: whatever comes is new."""
        return None

    def keep(self, number: int, submission: Submission, attempt: Attempt) -> None:  # noqa: ARG002 - a keeper's
        """Keep an attempt."""
        self.found[number] = attempt

    def attempts(self) -> Iterator[Attempt]:
        """Yield all attempts in order."""
        return (self.found[number] for number in sorted(self.found))


@dataclass(frozen=True)
class Wanted:
    """What an attempt must be in order to hold: made of what is here now, behind good walls, with the seed that is asked for."""

    least: Isolation
    seed: int | None = None

    def holds(self, known: Known, exercise: Exercise) -> bool:
        """Tell whether an attempt holds."""
        return (
            (known.tests, known.engine) == (tests_hash(exercise), engine_hash())
            and (not exercise.hidden_folders or known.isolation >= self.least)
            and self.seed in (None, known.seed)
        )


@dataclass
class InStore:
    """Keeps attempts in a store; in memory are their numbers alone. ``counts`` says how often what was the case."""

    store: Store
    run: int
    found: list[Found]
    wanted: Wanted
    numbers: dict[int, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def known(self, number: int, submission: Submission) -> Attempt | None:
        """Return an attempt that still holds, and take note that the work is what was handed in last."""
        from grader.store.records import work_hash  # needs SQLAlchemy

        exercise = self.found[number].exercise
        work = work_hash(submission)
        known = self.store.known(submission.student or "", exercise.name, work)
        try:
            holds = known and self.wanted.holds(known, exercise)
        except OSError:
            return None  # whoever grades says what cannot be read
        if not known or not holds:
            self.counts["otherwise"] += known is not None
            return None
        self.counts["unchanged"] += 1
        self.store.hand_in(submission, work, handed_in(self.found[number])[0])
        self.numbers[number] = known.number
        return self.store.attempt(known.number)

    def keep(self, number: int, submission: Submission, attempt: Attempt) -> None:
        """Keep an attempt."""
        from grader.store.records import work_hash

        submitted, future = handed_in(self.found[number])
        self.counts["future"] += future
        self.numbers[number] = self.store.add(self.run, submission, work_hash(submission), submitted, attempt)

    def attempts(self) -> Iterator[Attempt]:
        """Yield all attempts in order, one in memory at a time."""
        return (self.store.attempt(self.numbers[number]) for number in sorted(self.numbers))


def grade_class(found: list[Found], pool: Pool[Job], keeper: Keeper, done: Callable[[Attempt], None]) -> None:
    """Grade submissions, sorted by exercise; every attempt is kept and then handed on as soon as it is there.

    Raises:
        UsageError: the course itself is wrong.
        EngineFault: an attempt cannot be kept; those before it are.
    """

    def to_grade() -> Iterator[tuple[Job, Submission]]:
        for number in sorted(range(len(found)), key=lambda number: found[number].exercise.name):
            submission = found[number].read()
            known = keeper.known(number, submission)
            if known:
                done(known)
            else:
                yield (number, submission), submission

    for (number, submission), attempt in pool.grade(to_grade()):
        keeper.keep(number, submission, attempt)
        done(attempt)


def merged(found: Iterable[Found]) -> list[Found]:
    """Return what was found with all that claims to be the same student's work for the same exercise as one."""
    whose: dict[tuple[str | None, str], Found] = {}
    alone: list[Found] = []
    for one in found:
        key = (one.student, one.exercise.name)
        if one.student is None:
            alone.append(one)
        elif key in whose:
            first = whose[key]
            whose[key] = replace(first, others=(*first.others, one.path, *one.others))
        else:
            whose[key] = one
    return [*alone, *whose.values()]


def alike(students: Iterable[str]) -> list[list[str]]:
    """Return the names that differ in nothing that a reader would notice; each is a student of its own."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(students):
        groups.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    return [names for names in groups.values() if len(names) > 1]
