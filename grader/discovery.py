"""Finds the submissions below a path: a file, a folder, a class folder, or a tree ``submitted/<student>/<exercise>/``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.errors import UsageError
from grader.models import Exercise, Submission
from grader.submissions import read_submission


@dataclass(frozen=True)
class Found:
    """A submission that was found and is read when its turn comes."""

    path: Path
    exercise: Exercise
    student: str | None

    def read(self) -> Submission:
        """Read its files."""
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
    if not path.is_dir() or holds_files(path, exercise) or not folders(path):
        return [Found(path, exercise, None)]
    return [Found(folder, exercise, folder.name) for folder in folders(path)]


def tree_submissions(path: Path, course: Course, wanted: Exercise | None) -> Iterator[Found]:
    """Yield the submissions of ``<student>/<exercise>/`` folders; with an exercise wanted, one for each student."""
    students = folders(path)
    if not any(is_exercise(course)(folder) for student in students for folder in folders(student)):
        return
    for student in students:
        for folder in folders(student):
            if is_exercise(course)(folder) and wanted in (None, course.exercises[folder.name]):
                yield Found(folder, course.exercises[folder.name], student.name)
        if wanted and not (student / wanted.name).is_dir():
            yield Found(student / wanted.name, wanted, student.name)


def is_exercise(course: Course) -> Callable[[Path], bool]:
    """Return a test for folders that are named like an exercise of the course."""
    return lambda folder: folder.name in course.exercises


def named_exercise(path: Path, course: Course) -> Exercise | None:
    """Return the exercise that a path's own name or one of the two above it says."""
    absolute = path.absolute()
    for name in [absolute.name, *(parent.name for parent in list(absolute.parents)[:2])]:
        if name in course.exercises:
            return course.exercises[name]
    return None


def holds_files(path: Path, exercise: Exercise) -> bool:
    """Tell whether a folder holds any of an exercise's files."""
    return any(os.path.lexists(path.joinpath(*name.split("/"))) for name in exercise.files)


def folders(path: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without links and hidden ones."""
    try:
        entries = [entry for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [Path(entry.path) for entry in sorted(entries, key=lambda e: e.name) if entry.name[0] not in "._"]
