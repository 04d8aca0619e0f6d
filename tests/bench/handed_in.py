"""A class that hands in: honest work, half of it right, most of the rest wrong, some of it broken."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from grader.models import Exercise, Outcome
from grader.samples import load_samples, materialize
from grader.submissions import read_submission
from tests.bench.checks import ROOT

EVERY_EIGHT = ("right", "wrong", "right", "wrong", "right", "broken", "right", "wrong")
KINDS = {"alternative": "right", "misconception": "wrong", "do-nothing": "broken", "broken": "broken"}


@dataclass(frozen=True)
class HandedIn:
    """The submissions of a class by student, each with what the file is that all of them hand in."""

    exercise: Exercise
    files: Mapping[str, bytes]

    @property
    def file(self) -> str:
        """The name of the one file."""
        return self.exercise.files[0]

    def write(self, folder: Path, students: list[str] | None = None) -> Path:
        """Write ``<student>/<exercise>/<file>`` for some students or all of them; return the folder."""
        for student in self.files if students is None else students:
            place = folder / student / self.exercise.name
            place.mkdir(parents=True)
            (place / self.file).write_bytes(self.files[student])
        return folder


def kinds_of_work(exercise: Exercise) -> dict[str, list[bytes]]:
    """Return honest submissions: the reference and the samples that are no attacks, by what they are."""
    assert exercise.reference_folder
    found: dict[str, list[bytes]] = {"right": [], "wrong": [], "broken": []}
    found["right"].append(read_submission(exercise.reference_folder, exercise).files[exercise.files[0]])
    for sample in load_samples(ROOT, exercise):
        if sample.kind == "attack" or sample.harm or sample.needs or sample.verdict is not Outcome.GRADED:
            continue
        with tempfile.TemporaryDirectory() as folder:
            work = read_submission(materialize(sample, Path(folder)), exercise)
        found[KINDS[sample.kind]].append(work.files[exercise.files[0]])
    return found


def hand_in(exercise: Exercise, size: int) -> HandedIn:
    """Make a class; the first submission is the reference. No two are the same bytes, so that no grader may remember one."""
    work = {kind: cycle(files) for kind, files in kinds_of_work(exercise).items()}
    mixture = enumerate(islice(cycle(EVERY_EIGHT), size))
    files = {f"s{number:05}": next(work[kind]) + f"\n# {number}\n".encode() for number, kind in mixture}
    return HandedIn(exercise, files)


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it, which the users of a box can pass."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    return folder
