"""An attempt as a JSON document (``attempts.schema.json`` describes an array of them).

For students it says of hidden tests what `grader.testing.feedback` allows and nothing more; for staff it adds what the judge saw.
"""

from __future__ import annotations

from typing import Any

from grader.models import Attempt, Feedback, Score, TestResult, Visibility
from grader.printable import printable, printable_lines

STAFF_CAP = 4000


def document(attempt: Attempt, language: str, audience: str = "student") -> dict[str, Any]:
    """Return one attempt as JSON-able data in one language, for ``student`` or ``staff``."""
    staff = audience == "staff"
    result = {
        "exercise": attempt.exercise,
        "student": None if attempt.student is None else printable(attempt.student),
        "path": printable(attempt.path, 1000) if staff else None,
        "language": language,
        "verdict": str(attempt.outcome),
        "detail": {key: printable(value, 2000) for key, value in attempt.detail.items()} if shown(attempt, staff) else {},
        "isolation": str(attempt.isolation),
        "score": points(attempt.score),
        "categories": {name: points(value) for name, value in attempt.categories.items()},
        "tests": [test(result, language, staff=staff) for result in attempt.results],
        "ignored": [printable(name) for name in attempt.ignored],
        "hashes": {
            "submission": attempt.hashes.submission, "tests": attempt.hashes.tests, "engine": attempt.hashes.engine,
        },
        "seed": attempt.seed,
        "started": attempt.started,
        "seconds": attempt.seconds if staff else round(attempt.seconds, 1),  # a clock is a way to tell things
    }  # fmt: skip
    if staff:
        result["output"] = attempt.output
    return result


def shown(attempt: Attempt, staff: bool) -> bool:
    """Tell whether an attempt's detail may be shown: a fault of ours names our own files to staff only."""
    return staff or not attempt.outcome.ours


def test(result: TestResult, language: str, *, staff: bool) -> dict[str, Any]:
    """Return one result."""
    row: dict[str, Any] = {
        "id": result.info.id,
        "visibility": str(result.info.visibility),
        "category": result.info.category,
        "verdict": str(result.verdict),
        "detail": {key: printable(value) for key, value in result.detail.items()},
        "points": {"earned": result.earned, "possible": result.info.points},
        "title": result.info.title[language],
        "feedback": lines(result.feedback, language) if result.feedback else None,
    }
    if staff:
        row["seconds"] = result.seconds
        row["staff"] = printable_lines(result.staff, STAFF_CAP)
    elif result.info.visibility is Visibility.HIDDEN:
        row["detail"] = {key: value for key, value in row["detail"].items() if key in ("phase", "signal", "type")}
    return row


def lines(feedback: Feedback, language: str) -> dict[str, Any]:
    """Return the four lines and the trace, what to read if a test names it, and the line of a file if one is known."""
    return {
        "happened": feedback.happened[language], "expected": feedback.expected[language],
        "why": feedback.why[language], "look_at": feedback.look_at[language], "trace": feedback.trace,
        **({"read": feedback.reading[language]} if feedback.reading else {}),
        **({"place": {"file": printable(place.file), "line": place.line}} if (place := feedback.place) else {}),
    }  # fmt: skip


def points(score: Score | None) -> dict[str, int] | None:
    """Return a score, None where the fault was ours."""
    return None if score is None else {"earned": score.earned, "possible": score.possible}
