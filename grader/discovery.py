"""Finds the submissions below a path: a file, an archive, a folder, a class, or a tree ``submitted/<student>/<exercise>/``.

An archive is as good as a folder of its name without the suffix.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.archives import stem
from grader.course import Course
from grader.errors import UsageError
from grader.models import Exercise, Submission
from grader.submissions import archives_in, holds_files, read_submission, rivals


@dataclass(frozen=True)
class Found:
    """A submission that was found and is read when its turn comes; ``others`` are more places that claim to be it."""

    path: Path
    exercise: Exercise
    student: str | None
    others: tuple[Path, ...] = ()

    def read(self) -> Submission:
        """Read its files."""
        if self.others:
            return rivals(self.path.parent, self.exercise, self.student, (self.path, *self.others))
        return read_submission(self.path, self.exercise, self.student)


def find_submissions(path: Path, course: Course, wanted: Exercise | None) -> list[Found]:
    """Return the submissions at or below a path. The exercise is ``wanted``, or comes from the tree or a folder's name.

    Raises:
        UsageError: there is nothing, or the exercise stays unknown; the message lists the exercises.
    """
    if not os.path.lexists(path):
        raise UsageError(f"{path}: there is no such file or folder")
    if path.is_dir():
        tree = list(tree_submissions(path, course, wanted))
        if tree:
            return tree
    exercise = wanted or named_exercise(path, course)
    if exercise is None:
        raise UsageError(
            f"{path}: which exercise is this? Say it with --exercise, or name a folder like it:\n{course.listing()}"
        )
    claims = places(path)
    if not claims or holds_files(path, exercise) or is_own_folder(path, exercise):
        return [Found(path, exercise, None)]
    return [found(claims[student], exercise, student) for student in claims]


def tree_submissions(path: Path, course: Course, wanted: Exercise | None) -> Iterator[Found]:
    """Yield what ``<student>/<exercise>`` folders and archives hold; with an exercise wanted, one for each student."""
    students = {student: places(student) for student in folders(path)}
    if not any(name in course.exercises for claims in students.values() for name in claims):
        return
    for student, claims in students.items():
        for name in claims:
            if name in course.exercises and wanted in (None, course.exercises[name]):
                yield found(claims[name], course.exercises[name], student.name)
        if wanted and wanted.name not in claims:
            yield Found(student / wanted.name, wanted, student.name)


def named_exercise(path: Path, course: Course) -> Exercise | None:
    """Return the exercise that a path's own name or one of the two above it says."""
    absolute = path.absolute()
    for name in [stem(absolute.name), *(parent.name for parent in list(absolute.parents)[:2])]:
        if name in course.exercises:
            return course.exercises[name]
    return None


def is_own_folder(path: Path, exercise: Exercise) -> bool:
    """Tell whether a folder is that of one student, named like the exercise, with nothing but one archive to grade."""
    return path.absolute().name == exercise.name and not folders(path) and len(archives_in(path)) == 1


def places(path: Path) -> dict[str, list[Path]]:
    """Return the folders and archives in a folder by what they stand for: their names, without an archive's suffix."""
    claims: dict[str, list[Path]] = {}
    for place in (*folders(path), *archives_in(path)):
        claims.setdefault(place.name if place.is_dir() else stem(place.name), []).append(place)
    return dict(sorted(claims.items()))


def found(claims: list[Path], exercise: Exercise, student: str) -> Found:
    """Return a submission of the places that claim to be it: a folder with listed files goes before archives."""
    unpacked = [place for place in claims if place.is_dir() and holds_files(place, exercise)]
    first, *others = unpacked or [place for place in claims if not place.is_dir()] or claims
    return Found(first, exercise, student, tuple(others))


def folders(path: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without links and hidden ones."""
    try:
        entries = [entry for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [Path(entry.path) for entry in sorted(entries, key=lambda e: e.name) if entry.name[0] not in "._"]
