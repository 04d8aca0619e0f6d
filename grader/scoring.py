"""Points: summed over the rubric that was collected at the start, never over what was reported. What is missing is zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.models import CATEGORIES, Score, TestResult


def score(results: Iterable[TestResult]) -> Score:
    """Sum the points of results, one for each row of the rubric."""
    found = list(results)
    return Score(sum(result.earned for result in found), sum(result.info.points for result in found))


def by_category(results: Iterable[TestResult]) -> Mapping[str, Score]:
    """Sum the points of each category that the rubric has, in the order of `CATEGORIES`."""
    found = list(results)
    names = {result.info.category for result in found}
    return {name: score(r for r in found if r.info.category == name) for name in CATEGORIES if name in names}
