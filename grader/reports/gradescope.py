"""One attempt as ``results.json`` of Gradescope. All of it is plain text there, whatever it looks like.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
"""

from __future__ import annotations

import json
from typing import Any

from grader.models import Attempt
from grader.reports.rows import Row, State, Telling, ignored

TEXT, VISIBLE, HIDDEN = "text", "visible", "hidden"


def gradescope(attempt: Attempt, language: str) -> str:
    """Return the JSON of an attempt that has a score; without one Gradescope must get no file, and says so itself.

    What is said of hidden tests is made for students, so they may see it at once; the program's own output they may not.
    """
    assert attempt.score is not None
    telling = Telling(language)
    return json.dumps(results(attempt, attempt.score.earned, telling), ensure_ascii=False, indent=2) + "\n"


def results(attempt: Attempt, earned: int, telling: Telling) -> dict[str, Any]:
    """Return the results."""
    return {
        "score": earned,
        "output": "\n".join(overview(attempt, telling)),
        "output_format": TEXT,
        "test_output_format": TEXT,
        "test_name_format": TEXT,
        "visibility": VISIBLE,
        "stdout_visibility": HIDDEN,
        "extra_data": {
            "exercise": attempt.exercise, "verdict": str(attempt.outcome), "isolation": str(attempt.isolation),
            "seed": attempt.seed, "submission": attempt.hashes.submission,
        },
        "tests": [test(row, telling) for row in telling.rows(attempt)],
    }  # fmt: skip


def overview(attempt: Attempt, telling: Telling) -> list[str]:
    """Return what is said of the whole."""
    lines = [f"{attempt.exercise}: {telling.outcome(attempt)} · {telling.score(attempt)}", telling.to_come(attempt)]
    if attempt.ignored:
        lines.append(telling.word("ignored files: {files}", files=ignored(attempt)))
    return [line for line in lines if line]


def test(row: Row, telling: Telling) -> dict[str, Any]:
    """Return one row of the rubric."""
    info = row.result.info
    return {
        "name": f"{row.id} · {row.title}",
        "name_format": TEXT,
        "score": row.result.earned,
        "max_score": info.points,
        "status": "passed" if row.state is State.PASSED else "failed",
        "output": f"{telling.kind(row)}\n{row.text}".rstrip(),
        "output_format": TEXT,
        "visibility": VISIBLE,
        "tags": [info.category, str(info.visibility)],
        "extra_data": {"verdict": str(row.result.verdict)},
    }
