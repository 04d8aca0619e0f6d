"""What students are told of hidden tests: by ``messages`` the four lines, by ``names`` only which of them did not pass.

With ``names`` an attempt says one bit of each hidden test, whatever a submission does to say more.
"""

from __future__ import annotations

from dataclasses import replace

from grader.catalogues import Catalogue
from grader.models import LANGUAGES, NAMES, Attempt, Feedback, Outcome, TestInfo, TestResult, Verdict, Visibility


def told(attempt: Attempt, feedback: str) -> Attempt:
    """Return an attempt as students are told of it; the points stay."""
    if feedback != NAMES or attempt.outcome is not Outcome.GRADED:
        return attempt
    return replace(attempt, results=tuple(map(named, attempt.results)))


def named(result: TestResult) -> TestResult:
    """Return of a hidden test's result whether it passed."""
    if result.info.visibility is Visibility.PUBLIC:
        return result
    if result.verdict is Verdict.PASSED:
        return TestResult(result.info, Verdict.PASSED)
    return TestResult(result.info, Verdict.WRONG, feedback=constant(result.info))


def constant(info: TestInfo) -> Feedback:
    """Return the feedback of a test, whatever happened."""
    catalogue = Catalogue()
    return Feedback(
        happened=catalogue.text("this hidden test did not pass; the course tells no more of it"),
        expected=info.title,
        why=dict.fromkeys(LANGUAGES, info.rule) if info.rule else catalogue.text("this exercise's contract"),
        look_at=catalogue.text("the sentence of the statement that this is about; write a test of your own for it"),
    )
