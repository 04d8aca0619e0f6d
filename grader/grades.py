"""A grade is a view on attempts: which one counts, what lateness costs, and what somebody decided by hand. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from grader.models import Outcome, Score
from grader.policy import Rule

CENT = Decimal("0.01")


class Status(StrEnum):
    """How a grade came about."""

    GRADED = "graded"
    LATE = "late"
    NOT_IN_TIME = "not_in_time"
    FAULT = "fault"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True)
class Judged:
    """What is known of one attempt without reading all of it; ``score`` is None where the fault was ours."""

    number: int
    outcome: Outcome
    score: Score | None


@dataclass(frozen=True)
class HandedIn:
    """One piece of work that a student handed in, and the attempt that says what it is worth."""

    number: int
    work: str
    submitted: datetime
    attempt: Judged | None


@dataclass(frozen=True)
class Override:
    """Points that somebody gave by hand, and why."""

    points: Decimal
    reason: str
    made: str


@dataclass(frozen=True)
class Grade:
    """What a student gets for an exercise. ``points`` is None where nobody knows yet: never a zero that is our fault.

    ``counts`` is the work that counts, ``penalty`` the percent that its ``days_late`` cost, ``remark`` what somebody said of it.
    """

    student: str
    exercise: str
    status: Status
    points: Decimal | None
    possible: int | None
    counts: HandedIn | None
    days_late: int = 0
    penalty: int = 0
    override: Override | None = None
    remark: str = ""


def candidates(handed_in: Sequence[HandedIn], rule: Rule) -> list[HandedIn]:
    """Return the work that may count, in the order in which it was handed in."""
    if rule.counts == "best":
        return list(handed_in)
    if rule.counts == "deadline":
        handed_in = [one for one in handed_in if not rule.late.days_late(one.submitted, rule.deadline)]
    return list(handed_in[-1:])


def grade(student: str, exercise: str, handed_in: Sequence[HandedIn], rule: Rule, override: Override | None) -> Grade:
    """Return the grade of what a student handed in for an exercise, first to last."""
    able = candidates(handed_in, rule)
    valued = [value(student, exercise, one, rule) for one in able]
    known = [one for one in valued if one.points is not None]
    if known:
        found = max(known, key=lambda one: (one.points, one.counts.number if one.counts else 0))
    else:
        found = valued[-1] if valued else Grade(student, exercise, Status.NOT_IN_TIME, None, None, None)
    if override is None:
        return found
    return Grade(student, exercise, Status.OVERRIDDEN, override.points, found.possible, found.counts, found.days_late,
                 found.penalty, override)  # fmt: skip


def value(student: str, exercise: str, one: HandedIn, rule: Rule) -> Grade:
    """Return what one piece of work is worth."""
    score = one.attempt.score if one.attempt else None
    days = rule.late.days_late(one.submitted, rule.deadline)
    penalty = rule.late.penalty(days)
    if score is None:
        return Grade(student, exercise, Status.FAULT, None, None, one, days, penalty)
    points = (Decimal(score.earned) * (100 - penalty) / 100).quantize(CENT, ROUND_HALF_UP)
    return Grade(student, exercise, Status.LATE if days else Status.GRADED, points, score.possible, one, days, penalty)
