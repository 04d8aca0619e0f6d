"""Grades as CSV for spreadsheets, Canvas and Moodle, and as JSON. No cell is a formula, whatever a student is called."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from grader.grades import Grade
from grader.printable import printable, printable_lines

FORMULA = re.compile(r"(^\s*|[;,|]\s*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet may take text for a formula (OWASP: CSV Injection), also in a country that separates cells otherwise."""
CELL = 1000
REMARK = 4000
COLUMNS = (
    "student", "exercise", "points", "possible", "status", "earned", "days late", "penalty %", "submitted", "reason",
)  # fmt: skip


def cell(text: str) -> str:
    """Return text that stays text: with an apostrophe where a formula might begin, and nothing that is for no eye."""
    return FORMULA.sub(r"\1'", printable(text, CELL))


def number(points: Decimal | int | None) -> str:
    """Return points as short as they can be said, nothing where nobody knows them: never a zero."""
    if points is None:
        return ""
    text = f"{Decimal(points):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def written(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV (RFC 4180), every cell in quotes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def spreadsheet(grades: Iterable[Grade], titles: Mapping[str, str]) -> str:  # noqa: ARG001 - a form's
    """Return a row for each grade. The mark at the beginning tells Excel that it is UTF-8."""
    return "\ufeff" + written([COLUMNS, *(row(grade) for grade in grades)])


def row(grade: Grade) -> list[str]:
    """Return a grade as the cells of `COLUMNS`."""
    counts, attempt = grade.counts, grade.counts.attempt if grade.counts else None
    earned = attempt.score.earned if attempt and attempt.score else None
    return [
        cell(grade.student), cell(grade.exercise), number(grade.points), number(grade.possible), str(grade.status),
        number(earned), str(grade.days_late), str(grade.penalty), counts.submitted.isoformat() if counts else "",
        cell(grade.override.reason) if grade.override else "",
    ]  # fmt: skip


def wide(grades: Iterable[Grade], exercises: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return each student with the points for each exercise."""
    names = list(exercises)
    found = []
    for student, own in groupby(grades, key=lambda grade: grade.student):
        points = {grade.exercise: number(grade.points) for grade in own}
        found.append((cell(student), [points.get(name, "") for name in names]))
    return found


def canvas(grades: Iterable[Grade], titles: Mapping[str, str]) -> str:
    """Return what the gradebook of Canvas imports: an exercise is an assignment, a student's name here the SIS id or login.

    Canvas looks for both, the id first (``lib/gradebook_importer.rb``); a roster that it exported names students by either.
    The second row says how many points there are; an empty cell changes nothing.
    """
    kept = list(grades)
    possible = {grade.exercise: number(grade.possible) for grade in kept if grade.possible is not None}
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(cell, titles.values())],
        ["    Points Possible", "", "", "", "", *(possible.get(name, "") for name in titles)],
    ]
    return written([*rows, *([student, "", student, student, "", *points] for student, points in wide(kept, titles))])


def moodle(grades: Iterable[Grade], titles: Mapping[str, str]) -> str:
    """Return what the grade import of Moodle takes: map ``username`` to the user, and each other column to a grade item."""
    rows = [["username", *map(cell, titles.values())]]
    return written([*rows, *([student, *points] for student, points in wide(grades, titles))])


def as_json(grades: Iterable[Grade], titles: Mapping[str, str]) -> str:  # noqa: ARG001 - a form's
    """Return a JSON array of grades."""
    return json.dumps([data(grade) for grade in grades], ensure_ascii=False, indent=2) + "\n"


def data(grade: Grade) -> dict[str, Any]:
    """Return a grade as data; points are null where nobody knows them."""
    counts = grade.counts
    attempt = counts.attempt if counts else None
    return {
        "student": printable(grade.student, CELL), "exercise": grade.exercise, "status": str(grade.status),
        "points": None if grade.points is None else float(grade.points), "possible": grade.possible,
        "earned": attempt.score.earned if attempt and attempt.score else None,
        "days_late": grade.days_late, "penalty_percent": grade.penalty,
        "submitted": counts.submitted.isoformat() if counts else None,
        "verdict": str(attempt.outcome) if attempt else None, "attempt": attempt.number if attempt else None,
        "reason": printable(grade.override.reason, CELL) if grade.override else None,
        "remark": printable_lines(grade.remark, REMARK) or None,
    }  # fmt: skip


FORMS: Mapping[str, Callable[[Iterable[Grade], Mapping[str, str]], str]] = {
    "csv": spreadsheet,
    "canvas": canvas,
    "moodle": moodle,
    "json": as_json,
}
"""Each takes grades by student, and the exercises in order with what they are called there."""
