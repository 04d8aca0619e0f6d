"""Points: summed over the rubric that was collected at the start, never over what was reported. What is missing is zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def apportion(weights: Sequence[int], total: int) -> list[int]:
    """Share whole points in proportion to weights: each gets its quota rounded down, the largest remainders one more.

    The shares sum to ``total`` exactly. Among equal remainders the earlier one comes first; a weight of 0 gets nothing.

    Raises:
        ValueError: there are points to share, and nothing weighs anything.
    """
    whole = sum(weights)
    if not whole:
        if total:
            raise ValueError("nothing to share the points among")
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % whole))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def apportion_to_all(weights: Sequence[int], total: int) -> list[int]:
    """Share whole points like `apportion`, but whatever weighs something gets one at least, where there are enough.

    Raises:
        ValueError: there are points to share, and nothing weighs anything.
    """
    shares = apportion(weights, total)
    poor = {index for index, weight in enumerate(weights) if weight and not shares[index]}
    if not poor or total < sum(weight > 0 for weight in weights):
        return shares
    rest = apportion_to_all([0 if index in poor else weight for index, weight in enumerate(weights)], total - len(poor))
    return [1 if index in poor else share for index, share in enumerate(rest)]
