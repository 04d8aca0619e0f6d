"""What hidden and public tests promise in the rubric: points, leak markers, and the list that students may read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course import MANIFEST
from grader.leaks.secrets import unmarked
from grader.models import Complaint, Exercise, TestInfo, Visibility

TOTALS = {Visibility.PUBLIC: 40, Visibility.HIDDEN: 60}
"""Points of a graded exercise."""


def rubric(exercise: Exercise, rows: Sequence[TestInfo]) -> Iterator[Complaint]:
    """Yield what is wrong with the rubric that a worker has read from the tests."""
    if exercise.kind == "graded":
        yield from totals(exercise, rows)
    for row in rows:
        if row.visibility is Visibility.HIDDEN and not row.points:
            yield Complaint(
                exercise.hidden_folder or exercise.folder, "is worth nothing; give it points, or make it public", row.id
            )
    yield from listed(exercise, rows)


def totals(exercise: Exercise, rows: Sequence[TestInfo]) -> Iterator[Complaint]:
    """Yield sums of points that are not the right ones."""
    folders = {Visibility.PUBLIC: exercise.folder, Visibility.HIDDEN: exercise.hidden_folder or exercise.folder}
    for visibility, total in TOTALS.items():
        those = [row for row in rows if row.visibility is visibility]
        points = sum(row.points for row in those)
        if points != total:
            worth = ", ".join(f"{row.id} {row.points}" for row in those)
            yield Complaint(
                folders[visibility],
                f"the {visibility} tests are worth {points} points, not {total}: {worth}; change points(n, …)",
            )


def listed(exercise: Exercise, rows: Sequence[TestInfo]) -> Iterator[Complaint]:
    """Yield how the list of hidden tests in a manifest differs from the tests."""
    right = {row.id: row for row in rows if row.visibility is Visibility.HIDDEN}
    said = {row.id: row for row in exercise.hidden}
    path = exercise.folder / MANIFEST
    remedy = "grader verify --update rewrites the list"
    for name in right.keys() - said.keys():
        yield Complaint(path, f"{name} is not in the list of hidden tests; {remedy}", "[[hidden]]")
    for name in said.keys() - right.keys():
        yield Complaint(path, f"{name} is no hidden test any more; {remedy}", "[[hidden]]")
    for name in said.keys() & right.keys():
        for key in ("category", "points", "title"):
            there, here = getattr(right[name], key), getattr(said[name], key)
            if there != here:
                there, here = (dict(there), dict(here)) if key == "title" else (there, here)
                yield Complaint(path, f"{name}: {key} is {here!r} here, {there!r} in the tests; {remedy}", "[[hidden]]")
    if right.keys() == said.keys() and list(right) != list(said):
        yield Complaint(path, f"the hidden tests stand in another order than in their modules; {remedy}", "[[hidden]]")


def markers(private: Path) -> Iterator[Complaint]:
    """Yield the hidden modules without a leak marker."""
    for place in unmarked(private):
        yield Complaint(
            private / place,
            'has no leak marker; add LEAK_MARKER = "leak-marker-…" with eight random hexadecimal digits',
        )
