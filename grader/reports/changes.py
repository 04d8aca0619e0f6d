"""What a regrading changes, for staff: who gains and who loses which points, test by test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text as Words

from grader.grades import Grade
from grader.grading.regrade import Change
from grader.printable import printable
from grader.reports.gradebook import number


def table(changes: Iterable[Change]) -> Table:
    """Return a row for each grade that changes, and what becomes of each test."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("student", overflow="fold")
    for name in ("exercise", "before", "after", "change"):
        made.add_column(name, justify="left" if name == "exercise" else "right", no_wrap=True)
    made.add_column("tests", overflow="fold")
    for change in changes:
        gain = difference(change)
        style = "" if not gain else "green" if gain > 0 else "red"
        made.add_row(
            Words(printable(change.after.student, 40)), change.after.exercise.split("_", 1)[0], points(change.before),
            points(change.after), Words("" if gain is None else f"{gain:+g}", style), Words("\n".join(tests(change))),
        )  # fmt: skip
    return made


def tests(change: Change) -> list[str]:
    """Return a line for each test."""
    return [f"{test.id} {said(test.before)} > {said(test.after)}" for test in change.tests]


def said(value: int | None) -> str:
    """Return the points of a test, or that it is not there."""
    return "none" if value is None else str(value)


def points(grade: Grade) -> str:
    """Return the points of a grade of how many, a dash where nobody knows them."""
    return f"{number(grade.points)}/{number(grade.possible)}" if grade.points is not None else "–"


def difference(change: Change) -> float | None:
    """Return the points that are gained, fewer than none if some are lost; None where they were or are not known."""
    before, after = change.before.points, change.after.points
    return None if before is None or after is None else float(after - before)


def summary(changes: Iterable[Change]) -> str:
    """Say how many gain and how many lose."""
    found = [(difference(change), change) for change in changes]
    gain, lose = sum(1 for d, _ in found if d and d > 0), sum(1 for d, _ in found if d and d < 0)
    return f"{gain} gain points, {lose} lose points, {len(found) - gain - lose} change without either"


def data(change: Change) -> dict[str, Any]:
    """Return a change as JSON-able data."""
    return {
        "student": printable(change.after.student, 1000), "exercise": change.after.exercise,
        "before": side(change.before), "after": side(change.after), "difference": difference(change),
        "tests": [{"id": test.id, "before": test.before, "after": test.after} for test in change.tests],
    }  # fmt: skip


def side(grade: Grade) -> dict[str, Any]:
    """Return one of the two grades."""
    points = None if grade.points is None else float(grade.points)
    return {"points": points, "possible": grade.possible, "status": str(grade.status)}
