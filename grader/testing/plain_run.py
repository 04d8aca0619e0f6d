"""A student's own run: ``pytest exercises/a1_hello_wsgi`` judges the files in that folder, without walls."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.course import Course, find_course, load_course
from grader.errors import Unavailable, UsageError
from grader.language import preferred_language
from grader.models import Exercise, Submission, TestInfo, Verdict, Visibility
from grader.sandbox.plain import Plain
from grader.sandbox.unpack import unpack
from grader.statement import readings
from grader.submissions import opened, read_submission
from grader.testing.feedback import Writer
from grader.testing.outcome import Observed
from grader.testing.parity import home, test_id
from grader.testing.plugin import OBSERVED, PASSED
from grader.testing.rubric import Rubric, in_order, read_rubric
from grader.testing.runtime import Runtime
from grader.testing.terminal import four_lines


@dataclass
class Part:
    """One exercise of the run."""

    exercise: Exercise
    submission: Submission
    rubric: Rubric
    runtime: Runtime
    explained: str = ""
    to_read: dict[str, None] = field(default_factory=dict)


class PlainRun:
    """Everything that a plain run of pytest needs for the exercises that it was given."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.language = config.getoption("--lang") or preferred_language()
        self.parts: dict[str, Part] = {}
        self.courses: dict[Path, Course] = {}

    def prepare(self, items: list[pytest.Item]) -> None:
        """Find the exercises of the items, and put the items in order."""
        by_exercise: dict[str, list[pytest.Item]] = {}
        for item in items:
            if item.get_closest_marker("points"):
                by_exercise.setdefault(home(item).name, []).append(item)
        try:
            for name, found in by_exercise.items():
                self.parts[name] = self.part(name, found)
            items[:] = in_order(items)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None

    def part(self, name: str, items: list[pytest.Item]) -> Part:
        """Load one exercise and the work that is to be tested."""
        course = find_course(home(items[0]))
        if course not in self.courses:
            self.courses[course] = load_course(course)
        exercise = self.courses[course].find(name)
        chosen = self.config.getoption("--submission")
        submission = read_submission(Path(chosen) if chosen else exercise.folder, exercise)
        if submission.archive is not None:
            contents = unpack(Plain(exercise.limits).spawn, submission.archive, exercise.files, exercise.limits)
            submission = opened(submission, exercise, contents)
        if submission.problem:
            raise UsageError(f"{submission.path}: {submission.problem['problem'].format_map(submission.problem)}")
        if submission.missing:
            raise UsageError(f"{submission.path}: {', '.join(submission.missing)} is missing; the exercise asks for it")
        runtime = Runtime(Plain(exercise.limits), exercise, submission.files)
        return Part(exercise, submission, read_rubric(items, exercise), runtime)

    def runtime(self, item: pytest.Item) -> Runtime:
        """Return the runtime of a test's exercise."""
        return self.parts[home(item).name].runtime

    def explain(self, item: pytest.Item, report: pytest.TestReport, error: BaseException) -> None:
        """Say what a failed test came to in the four lines, in place of a traceback."""
        part = self.parts[home(item).name]
        observed = item.stash[OBSERVED]
        if isinstance(error, Unavailable):
            word = part.rubric.catalogue.word
            skip(item, report, word(error.key, self.language, **error.values))
        elif not observed.fault:
            report.longrepr = self.said(part, part.rubric.rows[test_id(item)], observed)
            if observed.verdict is Verdict.SKIPPED:
                skip(item, report, str(report.longrepr))

    def said(self, part: Part, info: TestInfo, observed: Observed) -> str:
        """Return the four lines; an import that fails for every test is explained once."""
        if observed.verdict is Verdict.IMPORT_ERROR and part.explained:
            return part.rubric.catalogue.word("as for {test}", self.language, test=part.explained)
        if observed.verdict is Verdict.IMPORT_ERROR:
            part.explained = info.id
        writer = Writer(part.rubric.catalogue, part.rubric.sentences, readings(part.exercise))
        feedback = writer.write(info, observed, part.submission)
        if feedback.reading:
            part.to_read[feedback.reading[self.language]] = None
        return four_lines(feedback, self.language, part.rubric.catalogue)

    def summary(self) -> list[str]:
        """Say for each exercise what was earned, and what still runs at grading."""
        passed = self.config.stash.get(PASSED, {})
        return [line for part in self.parts.values() for line in self.summary_of(part, passed)]

    def summary_of(self, part: Part, passed: dict[tuple[str, str], bool]) -> list[str]:
        """Return the lines for one exercise."""
        word = part.rubric.catalogue.word
        rows = [row for row in part.rubric.rows.values() if row.visibility is Visibility.PUBLIC]
        lines = []
        if part.exercise.kind == "diagnostic":
            count = sum(passed.get((part.exercise.name, row.id), False) for row in rows)
            lines.append(word("{exercise}: {passed} of {count} questions answered, no points", self.language,
                              exercise=part.exercise.short, passed=count, count=len(rows)))  # fmt: skip
            lines += [word("read next: {reading}", self.language, reading=reading) for reading in part.to_read]
        elif rows:
            earned = sum(row.points for row in rows if passed.get((part.exercise.name, row.id)))
            lines.append(word("{exercise}: public {earned}/{possible} points", self.language,
                              exercise=part.exercise.short, earned=earned, possible=total(rows)))  # fmt: skip
        if part.exercise.hidden:
            lines.append(word("{count} hidden tests worth {points} points run at grading; categories: {categories}",
                              self.language, count=len(part.exercise.hidden), points=total(part.exercise.hidden),
                              categories=word(", ", self.language).join(self.categories(part))))  # fmt: skip
        return lines

    def categories(self, part: Part) -> list[str]:
        """Return the hidden points by category."""
        points: dict[str, int] = {}
        for row in part.exercise.hidden:
            points[row.category] = points.get(row.category, 0) + row.points
        return [f"{part.rubric.catalogue.word(name, self.language)} {count}" for name, count in points.items()]

    def close(self) -> None:
        """End the student processes."""
        for part in self.parts.values():
            part.runtime.close()


def skip(item: pytest.Item, report: pytest.TestReport, reason: str) -> None:
    """Report a test as skipped."""
    report.outcome = "skipped"
    report.longrepr = (str(item.path), item.location[1] or 0, reason)


def total(rows: list[TestInfo] | tuple[TestInfo, ...]) -> int:
    """Return the points of rows."""
    return sum(row.points for row in rows)
