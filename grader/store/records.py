"""Attempts and work as bytes for the store, and back: JSON that is ASCII, compressed. Whatever a student wrote is data in it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import asdict
from typing import Any

from grader.hashing import content_hash
from grader.models import (
    Attempt,
    Feedback,
    Hashes,
    Isolation,
    Outcome,
    Score,
    SourceLine,
    Submission,
    TestInfo,
    TestResult,
    Verdict,
    Visibility,
)

ODD = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")
ESCAPED = re.compile(r"\\(\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4})")
STAFF_CAP = 4001
"""Characters of what the judge saw that are kept of one test: one more than a report shows, so that it shows the cut."""


def packed(content: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return JSON as compressed bytes."""
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode("ascii"), 6)


def unpacked(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return what `packed` was given."""
    return json.loads(zlib.decompress(data))


# -- attempts


def attempt_record(attempt: Attempt) -> bytes:
    """Return all of an attempt."""
    content = {
        **vars(attempt),
        "hashes": asdict(attempt.hashes),
        "isolation": int(attempt.isolation),
        "results": [result_data(result) for result in attempt.results],
        "detail": dict(attempt.detail),
        "categories": {name: [score.earned, score.possible] for name, score in attempt.categories.items()},
        "score": [attempt.score.earned, attempt.score.possible] if attempt.score else None,
    }
    return packed(content)


def result_data(result: TestResult) -> dict[str, Any]:
    """Return one result as data."""
    return {**asdict(result), "staff": result.staff[:STAFF_CAP]}


def attempt_from(record: bytes) -> Attempt:
    """Rebuild an attempt."""
    data = unpacked(record)
    return Attempt(**{
        **data,
        "outcome": Outcome(data["outcome"]),
        "isolation": Isolation(data["isolation"]),
        "results": tuple(result_from(result) for result in data["results"]),
        "score": Score(*data["score"]) if data["score"] else None,
        "categories": {name: Score(*points) for name, points in data["categories"].items()},
        "hashes": Hashes(**data["hashes"]),
        "ignored": tuple(data["ignored"]),
    })  # fmt: skip


def result_from(data: dict[str, Any]) -> TestResult:
    """Rebuild one result."""
    info = TestInfo(**{**data["info"], "visibility": Visibility(data["info"]["visibility"])})
    feedback = feedback_from(data["feedback"]) if data["feedback"] else None
    return TestResult(**{**data, "info": info, "verdict": Verdict(data["verdict"]), "feedback": feedback})


def feedback_from(data: dict[str, Any]) -> Feedback:
    """Rebuild a feedback; one that was kept before places were has none."""
    place = data.get("place")
    return Feedback(**{**data, "place": SourceLine(**place) if place else None})


# -- work


def work_hash(submission: Submission) -> str:
    """Hash what was handed in, as it was found: an archive unopened, and what stands in the way of work with its reason."""
    if submission.archive is not None:
        return content_hash({"archive": submission.archive})
    parts = {f"file/{name}": content for name, content in submission.files.items()}
    odd = json.dumps([sorted(submission.missing), sorted(submission.problem.items())])
    return content_hash({**parts, "refused": odd.encode()} if submission.missing or submission.problem else parts)


def work_record(submission: Submission) -> bytes:
    """Return what was handed in."""
    archive = submission.archive
    return packed({
        "files": {name: base64.b64encode(content).decode() for name, content in submission.files.items()},
        "missing": submission.missing, "ignored": submission.ignored, "problem": dict(submission.problem),
        "path": submission.path, "archive": None if archive is None else base64.b64encode(archive).decode(),
    })  # fmt: skip


def submission_from(content: bytes, exercise: str, student: str) -> Submission:
    """Rebuild a submission from what was handed in."""
    data = unpacked(content)
    return Submission(
        exercise, student, data["path"], {name: base64.b64decode(text) for name, text in data["files"].items()},
        tuple(data["missing"]), tuple(data["ignored"]), data["problem"],
        None if data["archive"] is None else base64.b64decode(data["archive"]),
    )  # fmt: skip


# -- names


def key_of(student: str) -> str:
    """Return a student's name as text that every database takes; two names stay two.

    Unchanged, unless there is a backslash in it, a control character or half of a surrogate pair: those are escaped.
    """
    return ODD.sub(lambda found: found[0].encode("unicode_escape").decode(), student)


def student_of(key: str) -> str:
    """Return the name that `key_of` was given."""
    return ESCAPED.sub(lambda found: found[0].encode().decode("unicode_escape"), key)
