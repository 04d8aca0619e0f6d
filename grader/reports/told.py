"""What students are told of hidden tests: by ``messages`` the four lines, by ``names`` only which of them did not pass.

With ``names`` an attempt says one bit of each hidden test, whatever a submission does to say more.
"""

from __future__ import annotations

from dataclasses import replace

from grader.models import Attempt, Outcome, TestResult, Verdict, Visibility
from grader.policy import NAMES


def told(attempt: Attempt, feedback: str) -> Attempt:
    """Return an attempt as students are told of it; the points stay."""
    if feedback != NAMES or attempt.outcome is not Outcome.GRADED:
        return attempt
    return replace(attempt, results=tuple(map(named, attempt.results)))


def named(result: TestResult) -> TestResult:
    """Return of a hidden test's result whether it passed."""
    if result.info.visibility is Visibility.PUBLIC:
        return result
    verdict = Verdict.PASSED if result.verdict is Verdict.PASSED else Verdict.WRONG
    return TestResult(result.info, verdict)
