"""Which attempt counts and what lateness costs: the table ``[grading]`` of ``course.toml``, or of a file that is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from grader.course import Course, Reader
from grader.errors import EngineFault, UsageError
from grader.models import FEEDBACK, LANGUAGES, MESSAGES

FILE = "course.toml"
"""For example::

[grading]
counts = "last"        # or "best", or "deadline": the last one before it
late = {per_day = 10, most = 50, days = 7, grace_minutes = 10}
feedback = "messages"  # of hidden tests; or "names": only which of them did not pass

[grading.exercises.a1]
deadline = 2026-10-01T23:59:00+08:00

[grading.students.ada]
language = "zh-CN"
deadlines = {a1 = 2026-10-08T23:59:00+08:00}
"""
COUNTS = ("last", "best", "deadline")
COMMON = ("counts", "late", "feedback")
KEYS = (*COMMON, "language", "exercises", "students")


@dataclass(frozen=True)
class Late:
    """What lateness costs: percent of the points for each day begun, at most so many; after some days nothing is left.

    Without ``per_day`` it costs nothing. Within the minutes of grace nothing is late.
    """

    per_day: int = 0
    most: int = 100
    days: int | None = None
    grace_minutes: int = 0

    def days_late(self, submitted: datetime, deadline: datetime | None) -> int:
        """Return the days begun since a deadline."""
        if deadline is None or submitted <= deadline + timedelta(minutes=self.grace_minutes):
            return 0
        return -((deadline - submitted) // timedelta(days=1))

    def penalty(self, days: int) -> int:
        """Return the percent that so many days cost."""
        if self.days is not None and days > self.days:
            return 100
        return min(self.most, self.per_day * days)


@dataclass(frozen=True)
class Rule:
    """How one exercise is graded for one student."""

    counts: str = "last"
    late: Late = field(default_factory=Late)
    deadline: datetime | None = None
    feedback: str = MESSAGES


@dataclass(frozen=True)
class Student:
    """What is special about a student: the language of the feedback, and deadlines by exercise."""

    language: str | None = None
    deadlines: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """How a course is graded; without a file the last attempt counts, and nothing is late."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    students: Mapping[str, Student] = field(default_factory=dict)
    common: Rule = field(default_factory=Rule)
    language: str | None = None

    def rule(self, student: str, exercise: str) -> Rule:
        """Return what holds for a student and an exercise."""
        rule = self.rules.get(exercise, self.common)
        own = self.students.get(student, Student()).deadlines.get(exercise)
        return rule if own is None else replace(rule, deadline=own)

    def feedback_of(self, exercise: str) -> str:
        """Return what students are told of the hidden tests of an exercise: `MESSAGES` or `NAMES`."""
        return self.rules.get(exercise, self.common).feedback

    def language_of(self, student: str, default: str) -> str:
        """Return the language in which a student reads feedback."""
        return self.students.get(student, Student()).language or self.language or default


def read_policy(course: Course, named: Path | None = None) -> Policy:
    """Read how a course is graded.

    Raises:
        UsageError: something is wrong in the file; names it, the key and the nearest right key.
    """
    path = named or course.folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise UsageError(f"{path}: there is no such file") from None
        return Policy()
    except OSError as error:
        raise EngineFault(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    read = PolicyReader(path)
    read.keys(content, ("grading",))
    return read.policy(read.typed(content, "grading", dict, {}), course)


class PolicyReader(Reader):
    """Takes values out of the table ``[grading]``."""

    def policy(self, table: Mapping[str, Any], course: Course) -> Policy:
        """Return the policy of a course."""
        self.keys(table, KEYS, "[grading] ")
        common = self.rule(table, Rule())
        rules = {
            self.exercise(name, course): self.own_rule(value, f"[grading.exercises.{name}] ", common)
            for name, value in self.typed(table, "exercises", dict, {}).items()
        }
        students = {
            name: self.student(value, f"[grading.students.{name}] ", course)
            for name, value in self.typed(table, "students", dict, {}).items()
        }
        return Policy(rules, students, common, self.language(table))

    def exercise(self, name: str, course: Course) -> str:
        """Return the name of an exercise."""
        try:
            return course.find(name).name
        except UsageError as error:
            raise UsageError(f"{self.path}: {error}") from None

    def own_rule(self, table: Any, where: str, common: Rule) -> Rule:  # noqa: ANN401 - TOML
        """Return the rule of one exercise."""
        if type(table) is not dict:
            raise UsageError(f"{self.path}: {where}must be a table")
        self.keys(table, (*COMMON, "deadline"), where)
        deadline = self.time(table["deadline"], f"{where}deadline") if "deadline" in table else None
        rule = self.rule(table, common)
        if rule.counts == "deadline" and deadline is None:
            raise UsageError(f"{self.path}: {where}counts = 'deadline' needs a deadline")
        return replace(rule, deadline=deadline)

    def rule(self, table: Mapping[str, Any], common: Rule) -> Rule:
        """Return the rule of a table that need not say everything."""
        counts = self.matching(
            {"counts": common.counts, **table}, "counts", re.compile("|".join(COUNTS)), ", ".join(COUNTS)
        )
        feedback = self.matching(
            {"feedback": common.feedback, **table}, "feedback", re.compile("|".join(FEEDBACK)), " or ".join(FEEDBACK)
        )
        late = self.late(self.typed(table, "late", dict, {})) if "late" in table else common.late
        return Rule(counts, late, feedback=feedback)

    def late(self, table: Mapping[str, Any]) -> Late:
        """Return what lateness costs."""
        most = {"per_day": 100, "most": 100, "days": 3650, "grace_minutes": 100_000}
        self.keys(table, tuple(most), "late: ")
        for key, value in table.items():
            if type(value) is not int or not 0 <= value <= most[key]:
                raise UsageError(
                    f"{self.path}: late: {key} must be a whole number from 0 to {most[key]}, not {value!r}"
                )
        return Late(**table)

    def student(self, table: Any, where: str, course: Course) -> Student:  # noqa: ANN401 - TOML
        """Return what is special about one student."""
        if type(table) is not dict:
            raise UsageError(f"{self.path}: {where}must be a table")
        self.keys(table, ("language", "deadlines"), where)
        deadlines = self.typed(table, "deadlines", dict, {})
        times = {self.exercise(name, course): self.time(value, f"{where}{name}") for name, value in deadlines.items()}
        return Student(self.language(table), times)

    def language(self, table: Mapping[str, Any]) -> str | None:
        """Return a language, if one is named."""
        if "language" not in table:
            return None
        return self.matching(table, "language", re.compile("|".join(LANGUAGES)), ", ".join(LANGUAGES))

    def time(self, value: Any, where: str) -> datetime:  # noqa: ANN401 - TOML
        """Return a time that is the same everywhere."""
        if not isinstance(value, datetime) or value.tzinfo is None or not 1970 <= value.year < 9000:
            raise UsageError(
                f"{self.path}: {where} must be a date with a time and its distance from UTC, as in 2026-10-01T23:59:00+08:00"
            )
        return value
