"""Remembers what the mutants of an exercise were last proven with, so that only what changed is proven again.

The record is a file beside the hidden tests. Whatever is wrong with it, the mutants are proven again: it saves time, and
nothing relies on it. A change of the engine does not count, for every mutant would have to be graded after each of them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from grader.course import MANIFEST, PREDICTIONS, PROVEN
from grader.hashing import content_hash, read
from grader.models import Exercise

SUFFIXES = frozenset({".py", ".toml", ".json"})
STARTS_FROM = re.compile(rb"(?m)^starts_from = .*\n")
"""The line of a manifest that says what a student brings along: it has no say in any grading."""


def proof_hash(exercise: Exercise) -> str:
    """Hash what decides which mutants there are and what becomes of them, as it is now.

    That is the reference, the starter, the manifest, all tests, those of other exercises that it has again included, and the
    list of equivalents; statements and translations are not.

    Raises:
        OSError: something cannot be read.
    """
    folders: list[tuple[str, Path, frozenset[str] | None]] = [
        (f"public/{one.name}", one.folder, SUFFIXES) for one in (exercise, *exercise.origins)
    ]
    folders += [(f"hidden/{number}", folder, SUFFIXES) for number, folder in enumerate(exercise.hidden_folders)]
    if exercise.reference_folder:
        folders.append(("reference", exercise.reference_folder, None))
    return content_hash({
        f"{place}/{name}": STARTS_FROM.sub(b"", data) if name == MANIFEST else data
        for place, folder, suffixes in folders
        for name, data in read(folder, suffixes, (PROVEN, PREDICTIONS)).items()
    })  # fmt: skip


def is_proven(exercise: Exercise) -> bool:
    """Tell whether nothing has changed since the mutants of an exercise were proven; without a readable record it has."""
    if not exercise.hidden_folder:
        return False
    try:
        recorded = tomllib.loads((exercise.hidden_folder / PROVEN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return recorded.get("sha256") == proof_hash(exercise)


def record_proof(exercise: Exercise, digest: str) -> None:
    """Record what `proof_hash` returned before the mutants were graded; there is nothing to be recorded without hidden tests."""
    if exercise.hidden_folder:
        (exercise.hidden_folder / PROVEN).write_text(RECORD.format(exercise.short, digest), encoding="utf-8")


RECORD = """\
# With these tests and this reference the mutants were proven. Written by: grader verify --mutants --record {}
sha256 = "{}"
"""
