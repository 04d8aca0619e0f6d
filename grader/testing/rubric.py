"""The rubric of an exercise, read from its collected tests: points stand beside the test and nowhere else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from grader.catalogues import Catalogue, catalogue_of
from grader.course import MANIFEST, TEST_ID
from grader.errors import UsageError
from grader.models import CATEGORIES, LANGUAGES, Exercise, Text, Visibility
from grader.models import TestInfo as Info
from grader.scoring import apportion_to_all
from grader.statement import promises, readings
from grader.testing.parity import home, ported, prerequisites, qualified, test_id
from grader.testing.plugin import key_of
from grader.testing.texts import module_texts

ARGUMENTS = frozenset({"rule", "statement", "after", "reading"})
RULE = re.compile(r"(PEP|RFC) \d+( \((must|should)\))?: .+")


@dataclass(frozen=True)
class Rubric:
    """The rows by id, in the order in which they are collected, and what the statement promises."""

    rows: Mapping[str, Info]
    sentences: Mapping[str, Text]
    catalogue: Catalogue


def read_rubric(items: Iterable[pytest.Item], exercise: Exercise, *, complete: bool = False) -> Rubric:
    """Read the rubric of the tests of one exercise; ``complete`` says that these are all that are at hand.

    Raises:
        UsageError: tests' points, texts or anchors are wrong; names file and line of each, in a line of its own.
    """
    promised = promises(exercise)
    catalogue = catalogue_of(exercise)
    rows: dict[str, Info] = {}
    again: set[str] = set()
    files: dict[str, str] = {}
    wrong: dict[str, None] = {}
    for item in items:
        try:
            info = row(item, exercise, promised, catalogue)
        except UsageError as error:
            wrong.update(dict.fromkeys(str(error).splitlines()))
            continue
        again |= {info.id} if ported(item) else set()
        if files.setdefault(info.id, str(item.path)) != str(item.path):
            raise UsageError(
                f"{item.path}: {info.id} has its name from {files[info.id]}; names are unique in an exercise"
            )
        rows[info.id] = info
    if wrong:
        raise UsageError("\n".join(wrong))
    unknown = sorted(exercise.chosen - again) if complete and exercise.hidden_folders else []
    if unknown:
        raise UsageError(
            f"{exercise.folder / MANIFEST}: same_tests_as: no test that a port could have again is called {unknown[0]}"
        )
    return Rubric(with_shares(rows, again, exercise, complete=complete), promised, catalogue)


def with_shares(rows: Mapping[str, Info], again: set[str], exercise: Exercise, *, complete: bool) -> dict[str, Info]:
    """Return the rows with the parity points shared among the tests ``again``, in proportion to their own points.

    A test that has points keeps one at least, where there are enough. Public rows stand before hidden ones, the exercise's
    own before those of others.
    """
    shared = dict(rows)
    for visibility, points in (
        (Visibility.PUBLIC, exercise.parity.public),
        (Visibility.HIDDEN, exercise.parity.hidden),
    ):
        those = [info for info in rows.values() if info.id in again and info.visibility is visibility]
        at_hand = visibility is Visibility.PUBLIC or bool(exercise.hidden_folders)
        if points and not any(info.points for info in those):
            if not those and not (complete and at_hand):
                continue  # a part of the tests was asked for, or the private half is not here
            named = ", ".join(origin.name for origin in exercise.origins)
            raise UsageError(
                f"{exercise.folder / MANIFEST}: parity_points: no {visibility} test of {named} has points, so nothing can "
                f"have a share of {points}"
            )
        for info, share in zip(
            those, apportion_to_all([info.points for info in those], points if those else 0), strict=True
        ):
            shared[info.id] = replace(info, points=share)
    return dict(sorted(shared.items(), key=lambda row: (row[1].visibility is Visibility.HIDDEN, row[0] in again)))


def row(item: pytest.Item, exercise: Exercise, promised: Mapping[str, Text], catalogue: Catalogue) -> Info:
    """Return the row of one test."""
    mark = item.get_closest_marker("points")
    if mark is None:
        raise UsageError(f"{where(item)}: the test has no points; mark it with @mark.points(n, category, …)")
    points, category = points_of(mark, item)
    module_texts(item.path)
    said: str = mark.kwargs.get("statement", "")
    statement = qualified(item, said) if said else ""
    rule: str = mark.kwargs.get("rule", "")
    if statement and set(promised.get(statement, ())) != set(LANGUAGES):
        raise UsageError(
            f"{where(item)}: the statement has no anchor {statement!r} in every language; it has: {', '.join(promised)}"
        )
    reading: str = mark.kwargs.get("reading", "")
    known = readings(exercise) if reading else {}
    if reading and set(known.get(reading, ())) != set(LANGUAGES):
        raise UsageError(
            f"{where(item)}: the hints have no section {reading!r} in every language; they have: {', '.join(known) or 'none'}"
        )
    if points and exercise.kind == "diagnostic":
        raise UsageError(f"{where(item)}: a test of a diagnostic has no points; write points(0, {category!r}, …)")
    if not TEST_ID.fullmatch(test_id(item)):
        raise UsageError(f"{where(item)}: {test_id(item)} is no name for a test; use ASCII letters, digits and _")
    if rule and not RULE.fullmatch(rule):
        raise UsageError(f"{where(item)}: a rule is written like 'PEP 3333 (must): The start_response() Callable'")
    if not (statement or rule):
        raise UsageError(f"{where(item)}: the test cites neither a rule nor a sentence of the statement")
    docstring = inspect.getdoc(getattr(item, "obj", None)) or ""
    return Info(
        test_id(item), Visibility.HIDDEN if exercise.hides(item.path) else Visibility.PUBLIC, category, points,
        catalogue.text(docstring), rule, statement, reading,
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
    _, line, _ = item.location
    return f"{item.path}:{(line or 0) + 1}"


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items with every test after those that it builds on, otherwise as they were.

    Raises:
        UsageError: tests build on each other in a circle.
    """
    done: set[tuple[str, str]] = set()
    ordered: list[pytest.Item] = []
    waiting = [(item, key_of(item), needs(item)) for item in items]
    names = {key for _, key, _ in waiting}
    while waiting:
        ready = (key for _, key, needed in waiting if all(other in done or other not in names for other in needed))
        first = next(ready, None)
        if first is None:
            raise UsageError(f"{where(waiting[0][0])}: the tests build on each other in a circle")
        ordered += [item for item, key, _ in waiting if key == first]
        waiting = [entry for entry in waiting if entry[1] != first]
        done.add(first)
    return ordered


def needs(item: pytest.Item) -> list[tuple[str, str]]:
    """Return what names the tests that one builds on, all of the same exercise."""
    return [(home(item).name, name) for name in prerequisites(item)]
