"""Puts the starter of an exercise back, and what stood in its place into a backup."""

from __future__ import annotations

from pathlib import Path

from grader.errors import Misuse
from grader.models import Exercise
from grader.student.place import Place
from grader.student.starters import keep, remove, starter, write


def reset(place: Place, exercise: Exercise) -> Path | None:
    """Restore the starter; return the backup, None if there was nothing to keep.

    Raises:
        Misuse: nobody knows the starter any more, or files cannot be written.
    """
    handed_out = starter(exercise)
    if not handed_out:
        raise Misuse("the starter of {exercise} is not to be had: {folder} has no .starter/, and git does not know it",
                     exercise=exercise.short, folder=f"exercises/{exercise.name}/")  # fmt: skip
    backup = keep(place, exercise, exercise.files)
    remove(exercise, exercise.files)
    write(exercise.folder, handed_out)
    return backup
