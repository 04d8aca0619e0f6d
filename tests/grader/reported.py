"""What tests of reports need: attempts of every kind that nobody graded, with a text wherever a student has a say."""

from __future__ import annotations

from dataclasses import replace

from grader.models import (
    LANGUAGES,
    Attempt,
    Feedback,
    Hashes,
    Isolation,
    Outcome,
    SourceLine,
    TestInfo,
    TestResult,
    Verdict,
    Visibility,
)
from grader.reports.checkout import Checkout
from grader.scoring import by_category, score

EXERCISE = "x1_report"
CHECKOUT = Checkout("/repository", "/repository", {EXERCISE: ("app.py",)})
ROWS = (
    ("test_passes", Visibility.PUBLIC, "correctness", 4, "", Verdict.PASSED),
    ("test_says", Visibility.PUBLIC, "correctness", 6, "RFC 9110: HEAD, 204 and 304", Verdict.WRONG),
    ("test_raises", Visibility.HIDDEN, "protocol", 8, "PEP 3333 (must): The start_response() Callable",
     Verdict.STUDENT_EXCEPTION),
    ("test_after", Visibility.HIDDEN, "robustness", 2, "RFC 9110 (must): 405 Method Not Allowed", Verdict.SKIPPED),
    ("test_late", Visibility.HIDDEN, "design", 3, "", Verdict.NOT_RUN),
    ("test_later", Visibility.HIDDEN, "design", 3, "", Verdict.NOT_RUN),
)  # fmt: skip


def reported(student: str | None = None, said: str = "it said 1", **changes: object) -> Attempt:
    """Return a graded attempt. ``said`` stands wherever a student may have a say: in what happened, and in names of files."""
    results = tuple(result(row, said) for row in ROWS)
    attempt = Attempt(
        EXERCISE, student, "handed_in", Outcome.GRADED, Isolation.FULL, results, score(results), by_category(results),
        Hashes("a" * 64, "b" * 64, "c" * 64), 7, "2026-10-01T12:00:00.000+00:00", 0.52, {}, (said, "notes.txt"), said,
    )  # fmt: skip
    return replace(attempt, **changes)  # type: ignore[arg-type]


def result(row: tuple[str, Visibility, str, int, str, Verdict], said: str) -> TestResult:
    """Return the result of one row of the rubric."""
    name, visibility, category, points, rule, verdict = row
    info = TestInfo(name, visibility, category, points, {"en": f"it {name}", "zh-CN": f"它 {name}"}, rule)
    if verdict is Verdict.PASSED:
        return TestResult(info, verdict)
    happened = dict.fromkeys(LANGUAGES, f"in {verdict}: {said}")
    place = SourceLine(said, 3) if verdict is Verdict.STUDENT_EXCEPTION else None
    why = dict.fromkeys(LANGUAGES, f"promised [{rule or 'here'}]")
    return TestResult(
        info, verdict, {"type": said}, Feedback(happened, info.title, why, happened, said, place=place), said
    )


def full_marks(student: str | None = None) -> Attempt:
    """Return an attempt in which every test passed."""
    results = tuple(TestResult(one.info, Verdict.PASSED) for one in reported().results)
    return reported(student, results=results, score=score(results), categories=by_category(results), ignored=())


def refused(said: str = "app.py", student: str | None = None) -> Attempt:
    """Return an attempt of a submission that lacks a file."""
    results = tuple(TestResult(one.info, Verdict.NOT_RUN, {"reason": "missing_file"}) for one in reported().results)
    return reported(
        student, outcome=Outcome.MISSING_FILE, results=results, score=score(results), categories=by_category(results),
        detail={"file": said}, ignored=(said,),
    )  # fmt: skip


def odd(said: str = "app.py", student: str | None = None) -> Attempt:
    """Return an attempt of a submission that cannot be taken."""
    detail = {"problem": "{file} is a link; hand in the folder or the archive itself", "file": said, "message": said}
    return replace(refused(said, student), outcome=Outcome.BAD_SUBMISSION, detail=detail)


def our_fault(outcome: Outcome = Outcome.GRADER_ERROR, student: str | None = None) -> Attempt:
    """Return an attempt that has no score; its message is for staff."""
    return reported(
        student, outcome=outcome, results=(), score=None, categories={}, isolation=Isolation.NONE, ignored=(),
        detail={"message": "/srv/secret is missing"},
    )  # fmt: skip


def withheld() -> Attempt:
    """Return an attempt whose hidden tests could not be run on this machine."""
    results = tuple(
        replace(one, verdict=Verdict.NOT_RUN, feedback=None, detail={"reason": "isolation"})
        if one.info.visibility is Visibility.HIDDEN
        else one
        for one in reported().results
    )
    return reported(outcome=Outcome.SANDBOX_UNAVAILABLE, results=results, score=None, categories={})


def diagnostic() -> Attempt:
    """Return an attempt of an exercise without points."""
    results = tuple(replace(one, info=replace(one.info, points=0)) for one in reported().results)
    return reported(results=results, score=score(results), categories=by_category(results))


ATTEMPTS = {
    "graded": reported(),
    "of a student": reported("ada"),
    "full marks": full_marks(),
    "missing file": refused(),
    "bad submission": odd(),
    "withheld": withheld(),
    "diagnostic": diagnostic(),
    "public only": reported(detail={"hidden_tests": "4", "hidden_points": "16"}),
    **{str(outcome): our_fault(outcome) for outcome in Outcome if outcome.ours},
}
