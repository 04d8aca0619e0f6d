"""What the attempts of a class tell about its tests and its students. Numbers alone; nothing of an attempt is kept.

Difficulty is the share of the class that passes a test, the p value of classical test theory. Discrimination is the
point-biserial correlation between passing a test and the points of all others, without its own (S. Henrysson: Correction of
Item-Total Correlations in Item Analysis, Psychometrika 28, 1963): from -1 to 1, and nobody knows where all pass or all fail.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from grader.grades import HandedIn
from grader.models import Attempt, Outcome, TestInfo, TestResult, Text, Verdict, Visibility

BINS = 10
"""Columns of a distribution: 0 to 9 percent, and so on; the last one has 100 too."""
PATIENCE = 3
"""Attempts without gain after which somebody is taken for stuck."""
LINE = re.compile(r" \(line \d+ of [^()]*\)$")
"""Where an exception came from; what is alike must not differ by it."""
DAYS = 62
"""Days that are told one by one; what takes longer is told by weeks."""


@dataclass
class Item:
    """What is known of one test; the sums are over those whom it was asked of, and points are shares of those of all others."""

    info: TestInfo
    asked: int = 0
    passed: int = 0
    rest: float = 0.0
    rest_squared: float = 0.0
    rest_of_passed: float = 0.0

    def add(self, result: TestResult, rest: float) -> None:
        """Count one result, with the share of the other points that came with it."""
        self.asked += 1
        self.rest += rest
        self.rest_squared += rest * rest
        if result.verdict is Verdict.PASSED:
            self.passed += 1
            self.rest_of_passed += rest

    @property
    def difficulty(self) -> float:
        """The share that passed, 0 to 1."""
        return self.passed / self.asked

    @property
    def discrimination(self) -> float | None:
        """The corrected point-biserial correlation, -1 to 1; None where one of the two does not vary."""
        count, failed = self.asked, self.asked - self.passed
        variance = self.rest_squared / count - (self.rest / count) ** 2
        if not self.passed or not failed or variance < 1e-12:
            return None
        means = self.rest_of_passed / self.passed - (self.rest - self.rest_of_passed) / failed
        return means / math.sqrt(variance) * math.sqrt(self.passed * failed) / count


@dataclass(frozen=True)
class Failing:
    """What a group of students has in common: the tests that were run and not passed, and of hidden ones what was found."""

    failed: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stuck:
    """Somebody who tried again and again: how often in all, how often since the last gain, and what fails."""

    student: str
    exercise: str
    attempts: int
    since: int
    percent: float
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """A day, or the week that begins with it: what was handed in, by whom so far, and the mean of their best, in percent."""

    begins: date
    handed_in: int
    students: int
    mean: float


@dataclass
class Statistics:
    """All about one exercise, gathered student by student."""

    exercise: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    percents: Counter[int] = field(default_factory=Counter)
    items: dict[str, Item] = field(default_factory=dict)
    groups: dict[Failing, list[str]] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    stuck: list[Stuck] = field(default_factory=list)
    moments: list[tuple[date, int, float]] = field(default_factory=list)
    students: int = 0

    def add(self, student: str, handed_in: Sequence[HandedIn], attempt: Attempt | None) -> None:
        """Take in a student: what was handed in, first to last, and the attempt that counts.

        Where no points can be earned, as in a diagnostic, there are no percents either: nobody has 0 of them.
        """
        self.students += 1
        failed: tuple[str, ...] = ()
        if attempt and attempt.score:
            self.outcomes[attempt.outcome] += 1
            if attempt.score.possible:
                self.percents[math.floor(attempt.score.percent)] += 1
            if attempt.outcome is Outcome.GRADED:
                self.count(student, attempt)
                failed = failed_tests(attempt)
        for one in handed_in:
            if one.attempt and one.attempt.score and one.attempt.score.possible:
                self.moments.append((one.submitted.date(), self.students, one.attempt.score.percent))
        if found := stuck(student, self.exercise, handed_in, failed):
            self.stuck.append(found)

    def count(self, student: str, attempt: Attempt) -> None:
        """Count the tests of an attempt."""
        assert attempt.score is not None
        for result in attempt.results:
            possible = attempt.score.possible - result.info.points
            rest = (attempt.score.earned - result.earned) / possible if possible else 0.0
            self.items.setdefault(result.info.id, Item(result.info)).add(result, rest)
        if failed_tests(attempt):
            self.groups.setdefault(failing(attempt), []).append(student)
        for result in attempt.results:
            if result.feedback and result.info.visibility is Visibility.HIDDEN:
                happened = result.feedback.happened
                if finding(happened["en"]) == happened["en"]:  # else there would be one for each line of each file
                    self.texts.setdefault(happened["en"], happened)

    def distribution(self) -> list[int]:
        """Return how many students are in each tenth."""
        return [
            sum(count for percent, count in self.percents.items() if min(percent // BINS, BINS - 1) == number)
            for number in range(BINS)
        ]

    def quantile(self, share: float) -> int | None:
        """Return the least percent that this share of the students does not exceed; None without any."""
        wanted, seen = share * self.percents.total(), 0
        for percent in sorted(self.percents):
            seen += self.percents[percent]
            if seen >= wanted:
                return percent
        return None

    def days(self) -> list[Day]:
        """Return the progress of the class, day by day or week by week."""
        if not self.moments:
            return []
        moments = sorted(self.moments)
        first, last = moments[0][0], moments[-1][0]
        step = 1 if (last - first).days < DAYS else 7
        best: dict[int, float] = {}
        counts: Counter[int] = Counter()
        means: dict[int, tuple[int, float]] = {}
        total = 0.0
        for day, student, percent in moments:
            place = (day - first).days // step
            gain = max(0.0, percent - best.get(student, 0.0))
            best[student] = best.get(student, 0.0) + gain
            total += gain
            counts[place] += 1
            means[place] = (len(best), total / len(best))
        found, known = [], (0, 0.0)
        for place in range((last - first).days // step + 1):
            known = means.get(place, known)
            found.append(Day(first + timedelta(days=place * step), counts[place], *known))
        return found


def failed_tests(attempt: Attempt) -> tuple[str, ...]:
    """Return the tests that were run and not passed, or could not be run, as the expectations of samples name them."""
    return tuple(sorted(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED)))


def failing(attempt: Attempt) -> Failing:
    """Return what an attempt has in common with those that fail like it.

    What is said of a public test holds the student's own words, so that no two are alike; of hidden ones texts are constant.
    """
    findings = tuple(sorted(
        (result.info.id, finding(result.feedback.happened["en"]))
        for result in attempt.results
        if result.feedback and result.info.visibility is Visibility.HIDDEN and result.verdict is not Verdict.SKIPPED
    ))  # fmt: skip
    return Failing(failed_tests(attempt), findings)


def finding(happened: str) -> str:
    """Return what happened without the line where it did."""
    return LINE.sub("", happened)


def stuck(student: str, exercise: str, handed_in: Sequence[HandedIn], failed: tuple[str, ...]) -> Stuck | None:
    """Return that a student is stuck: not there yet, and the last `PATIENCE` attempts or more brought no gain."""
    scores = [one.attempt.score for one in handed_in if one.attempt and one.attempt.score]
    best, since = -1.0, 0
    for score in scores:
        best, since = (score.percent, 0) if score.percent > best else (best, since + 1)
    if since < PATIENCE or best >= 100 or not scores[-1].possible:
        return None
    return Stuck(student, exercise, len(scores), since, best, failed)
