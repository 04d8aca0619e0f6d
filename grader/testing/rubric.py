"""The rubric of an exercise, read from its collected tests: points stand beside the test and nowhere else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grader.catalogues import Catalogue
from grader.errors import UsageError
from grader.models import CATEGORIES, LANGUAGES, Exercise, Text, Visibility
from grader.models import TestInfo as Info
from grader.statement import sentences
from grader.testing.plugin import prerequisites, test_id
from grader.testing.texts import module_texts

ARGUMENTS = frozenset({"rule", "statement", "after"})
RULE = re.compile(r"(PEP|RFC) \d+( \((must|should)\))?: .+")


@dataclass(frozen=True)
class Rubric:
    """The rows by id, in the order in which they are collected, and what the statement promises."""

    rows: Mapping[str, Info]
    sentences: Mapping[str, Text]
    catalogue: Catalogue


def read_rubric(items: Iterable[pytest.Item], exercise: Exercise) -> Rubric:
    """Read the rubric of the tests of one exercise.

    Raises:
        UsageError: a test's points, texts or anchors are wrong; names file and line.
    """
    promised = sentences(exercise.folder)
    catalogue = Catalogue([exercise.folder, exercise.hidden_folder])
    rows: dict[str, Info] = {}
    files: dict[str, str] = {}
    for item in items:
        info = row(item, exercise, promised, catalogue)
        if files.setdefault(info.id, str(item.path)) != str(item.path):
            raise UsageError(
                f"{item.path}: {info.id} has its name from {files[info.id]}; names are unique in an exercise"
            )
        rows[info.id] = info
    return Rubric(rows, promised, catalogue)


def row(item: pytest.Item, exercise: Exercise, promised: Mapping[str, Text], catalogue: Catalogue) -> Info:
    """Return the row of one test."""
    mark = item.get_closest_marker("points")
    if mark is None:
        raise UsageError(f"{where(item)}: the test has no points; mark it with @mark.points(n, category, …)")
    points, category = points_of(mark, item)
    module_texts(item.path)
    hidden = exercise.hidden_folder is not None and item.path.is_relative_to(exercise.hidden_folder)
    statement: str = mark.kwargs.get("statement", "")
    rule: str = mark.kwargs.get("rule", "")
    if statement and set(promised.get(statement, ())) != set(LANGUAGES):
        raise UsageError(
            f"{where(item)}: the statement has no anchor {statement!r} in every language; it has: {', '.join(promised)}"
        )
    if rule and not RULE.fullmatch(rule):
        raise UsageError(f"{where(item)}: a rule is written like 'PEP 3333 (must): The start_response() Callable'")
    if not (statement or rule):
        raise UsageError(f"{where(item)}: the test cites neither a rule nor a sentence of the statement")
    docstring = inspect.getdoc(getattr(item, "obj", None)) or ""
    return Info(
        test_id(item), Visibility.HIDDEN if hidden else Visibility.PUBLIC, category, points,
        catalogue.text(docstring), rule, statement,
    )  # fmt: skip


def points_of(mark: pytest.Mark, item: pytest.Item) -> tuple[int, str]:
    """Return the two things that every test says: its points and its category."""
    points: Any
    category: Any
    points, category = (*mark.args, None, None)[:2]
    if len(mark.args) != 2 or type(points) is not int or points < 0 or category not in CATEGORIES:
        raise UsageError(
            f"{where(item)}: points(n, category): n a whole number, category one of {', '.join(CATEGORIES)}"
        )
    if not ARGUMENTS.issuperset(mark.kwargs):
        unknown = ", ".join(sorted(set(mark.kwargs) - ARGUMENTS))
        raise UsageError(f"{where(item)}: points() does not know {unknown}; it knows {', '.join(sorted(ARGUMENTS))}")
    return points, category


def where(item: pytest.Item) -> str:
    """Return file and line of a test."""
    path, line, _ = item.location
    return f"{path}:{(line or 0) + 1}"


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items with every test after those that it builds on, otherwise as they were.

    Raises:
        UsageError: tests build on each other in a circle.
    """
    done: dict[str, None] = {}
    ordered: list[pytest.Item] = []
    waiting = list(items)
    names = {test_id(item) for item in items}
    while waiting:
        ready = [item for item in waiting if all(name in done or name not in names for name in needs(item))]
        if not ready:
            raise UsageError(f"{where(waiting[0])}: the tests build on each other in a circle")
        first = test_id(ready[0])
        chosen = [item for item in waiting if test_id(item) == first]
        ordered += chosen
        done[first] = None
        waiting = [item for item in waiting if test_id(item) != first]
    return ordered


def needs(item: pytest.Item) -> list[str]:
    """Return the ids of the tests that one builds on."""
    mark = item.get_closest_marker("points")
    return prerequisites(mark) if mark else []
