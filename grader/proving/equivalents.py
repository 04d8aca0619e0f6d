"""Reads the list of mutants that no test can or should tell from the reference: ``tests/hidden/<exercise>/equivalents.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import EQUIVALENTS, nearest
from grader.directories import is_directory
from grader.errors import UsageError
from grader.models import Exercise
from grader.reports.matrix import Graded, Mutant

KEYS = ("operator", "file", "diff", "reason")


@dataclass(frozen=True)
class Equivalent:
    """A row of the list; ``diff`` is written as the matrix shows it."""

    operator: str
    file: str
    diff: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a mutant of this row has as its key."""
        return self.operator, self.file, self.diff


def read_equivalents(exercise: Exercise) -> list[Equivalent]:
    """Return the rows of an exercise's list, none if it has no list.

    Raises:
        UsageError: the list is wrong; names the file and the key.
    """
    if exercise.hidden_folder is None or not (exercise.hidden_folder / EQUIVALENTS).is_file():
        return []
    path = exercise.hidden_folder / EQUIVALENTS
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    rows = content.get("equivalent", [])
    if set(content) - {"equivalent"} or type(rows) is not list or not all(type(row) is dict for row in rows):
        raise UsageError(f"{path}: holds [[equivalent]] tables and nothing else")
    found = [read_row(path, row, exercise) for row in rows]
    if len({row.key for row in found}) < len(found):
        raise UsageError(f"{path}: two rows are about the same mutant")
    return found


def read_row(path: Path, row: Mapping[str, Any], exercise: Exercise) -> Equivalent:
    """Read one row; ``file`` may be missing where a submission is one file."""
    for key in row:
        if key not in KEYS or type(row[key]) is not str or not row[key].strip():
            raise UsageError(f"{path}: [[equivalent]] {key!r} is unknown or not a text{nearest(key, KEYS)}")
    alone = len(exercise.files) == 1 and not is_directory(exercise.files[0])
    file = row.get("file", exercise.files[0] if alone else None)
    lacking = [key for key in KEYS if key not in row and not (key == "file" and file)]
    if lacking:
        raise UsageError(f"{path}: [[equivalent]] the key {lacking[0]!r} is missing")
    return Equivalent(row["operator"], str(file), row["diff"].strip(), row["reason"].strip())


def stale(rows: Iterable[Equivalent], mutants: Iterable[tuple[Mutant, Graded]]) -> Iterator[str]:
    """Name the rows that are about no mutant, or about one that is killed: they would hide what they no longer describe."""
    fates: dict[tuple[str, str, str], list[Graded]] = {}
    for mutant, graded in mutants:
        fates.setdefault(mutant.key, []).append(graded)
    for row in rows:
        about = f"{EQUIVALENTS}: the row for {row.operator} with {row.diff.splitlines()[-1]!r}"
        if row.key not in fates:
            yield f"{about} is about no mutant that there is: remove it, or write operator and diff as the matrix shows them"
        elif all(graded.failed for graded in fates[row.key]):
            yield f"{about} is about a mutant that is killed: remove it"
