"""Sample submissions: for each exercise a zoo of right and wrong work, each with what must become of it.

``tests/submissions/<exercise>/<name>/expected.toml`` says ``kind``, ``about``, the exact lists ``failed`` and ``skipped``, the
``verdict`` of the submission and whether it would do ``harm`` without walls.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.models import Attempt, Exercise, Outcome, Verdict

KINDS = ("alternative", "misconception", "do-nothing", "broken", "attack")
EXPECTED = "expected.toml"
KEYS = {"kind": str, "about": str, "verdict": str, "failed": list, "skipped": list, "harm": bool, "reasons": dict}


@dataclass(frozen=True)
class Sample:
    """A sample submission and what must become of it."""

    name: str
    folder: Path
    exercise: str
    kind: str
    about: str
    verdict: Outcome = Outcome.GRADED
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    harm: bool = False
    reasons: dict[str, str] = field(default_factory=dict)


def load_samples(private: Path, exercise: Exercise) -> list[Sample]:
    """Return the samples of an exercise, by name.

    Raises:
        UsageError: an expected.toml is wrong; names the file and the key.
    """
    folder = private / "tests" / "submissions" / exercise.name
    return [load_sample(path, exercise) for path in sorted(folder.glob(f"*/{EXPECTED}"))]


def load_sample(path: Path, exercise: Exercise) -> Sample:
    """Read one expected.toml."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    for key, value in content.items():
        if key not in KEYS or type(value) is not KEYS[key]:
            raise UsageError(f"{path}: {key!r} is unknown or of the wrong type; the keys are {', '.join(KEYS)}")
    for key in ("failed", "skipped", "reasons"):
        items = content.get(key, ())
        words = [*items, *items.values()] if isinstance(items, dict) else items
        if not all(isinstance(word, str) for word in words):
            raise UsageError(f"{path}: {key!r} must hold names of tests and texts, nothing else")
    if content.get("kind") not in KINDS or not content.get("about"):
        raise UsageError(f"{path}: 'kind' must be one of {', '.join(KINDS)}, and 'about' must say what the sample does")
    try:
        verdict = Outcome(content.get("verdict", "graded"))
    except ValueError:
        raise UsageError(f"{path}: 'verdict' must be one of {', '.join(Outcome)}") from None
    return Sample(
        path.parent.name, path.parent, exercise.name, content["kind"], content["about"], verdict,
        tuple(content.get("failed", ())), tuple(content.get("skipped", ())), content.get("harm", False),
        content.get("reasons", {}),
    )  # fmt: skip


def differences(sample: Sample, attempt: Attempt) -> list[str]:
    """Return in what an attempt of a sample is not as expected."""
    found = []
    if attempt.outcome is not sample.verdict:
        found.append(f"verdict {attempt.outcome}, not {sample.verdict}: {dict(attempt.detail)}")
    failed = sorted(r.info.id for r in attempt.results if r.verdict not in (Verdict.PASSED, Verdict.SKIPPED))
    skipped = sorted(r.info.id for r in attempt.results if r.verdict is Verdict.SKIPPED)
    if sample.verdict is Outcome.GRADED:
        for word, wanted, got in (("failed", sample.failed, failed), ("skipped", sample.skipped, skipped)):
            if sorted(wanted) != got:
                found.append(f"{word}: {', '.join(got) or 'none'}; expected: {', '.join(sorted(wanted)) or 'none'}")
    return found
