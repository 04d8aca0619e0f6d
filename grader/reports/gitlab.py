"""Attempts as a Code Quality report of GitLab: an issue for each test that did not pass.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from grader.models import Attempt
from grader.reports.checkout import Checkout
from grader.reports.rows import SAID_ONCE, Row, State, Telling

SEVERITY = {"correctness": "major", "protocol": "major", "robustness": "minor", "design": "minor"}


def gitlab(attempts: Iterable[Attempt], language: str, checkout: Checkout) -> Iterator[str]:
    """Yield the pieces of a JSON array of issues."""
    telling = Telling(language)
    separator = "["
    for attempt in attempts:
        for issue in issues(attempt, telling, checkout):
            yield f"{separator}\n  {json.dumps(issue, ensure_ascii=False)}"
            separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def issues(attempt: Attempt, telling: Telling, checkout: Checkout) -> Iterator[dict[str, Any]]:
    """Yield what is wrong in one attempt; that it has no score is said too, or nothing wrong would look like all is well."""
    if attempt.score is None:
        path, _ = checkout.place(attempt)
        yield issue(attempt, "grading", telling.outcome(attempt), "info", path, None)
    for row in telling.rows(attempt):
        if row.state in (State.FAILED, State.SKIPPED):
            path, line = checkout.place(attempt, row.result)
            yield issue(attempt, row.id, f"{row.title}: {row.happened}", severity(row), path, line)


def severity(row: Row) -> str:
    """Say how bad it is."""
    if row.state is State.SKIPPED:
        return "info"
    return "blocker" if row.result.verdict in SAID_ONCE else SEVERITY[row.result.info.category]


def issue(attempt: Attempt, test: str, text: str, severity: str, path: str, line: int | None) -> dict[str, Any]:
    """Return one issue. It is the same issue wherever the line moves; where no line is known it stands at the first one."""
    whose = "\0".join((attempt.student or "", attempt.exercise, test))
    return {
        "description": text,
        "check_name": f"{attempt.exercise}/{test}",
        "fingerprint": hashlib.sha256(whose.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": severity,
        "location": {"path": path or attempt.exercise, "lines": {"begin": line or 1}},
    }
