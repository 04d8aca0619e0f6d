"""Finds the submissions below a path: a file, an archive, a folder, a class, or a tree ``submitted/<student>/<exercise>/``.

An archive is as good as a folder of its name without the suffix. A link is never followed; one in place of work is not
passed over either, but found as what cannot be taken.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from grader.archives import is_archive, named
from grader.course import Course
from grader.errors import UsageError
from grader.models import Exercise, Submission
from grader.submissions import JUNCTION, archives_in, holds_files, own_directory, read_submission, refused, rivals


class Work(Protocol):
    """What one student handed in, where that is not all that lies at one path."""

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files on the disk that it comes from."""

    def read(self, path: Path, exercise: Exercise, student: str | None) -> Submission:
        """Read it; ``path`` is what it is called."""


@dataclass(frozen=True)
class Found:
    """A submission that was found and is read when its turn comes.

    ``others`` are more places that claim to be it; one that is ``odd`` is no folder and no archive. With ``work`` the path is
    no more than its name. ``time`` is when it was handed in, where a platform says so.
    """

    path: Path
    exercise: Exercise
    student: str | None
    others: tuple[Path, ...] = ()
    odd: bool = False
    work: Work | None = None
    time: datetime | None = None

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files and folders on the disk that it comes from; the path of what is in a download leads nowhere."""
        return self.work.sources if self.work and not self.others else (self.path, *self.others)

    def read(self) -> Submission:
        """Read its files."""
        if self.others:
            return rivals(self.path.parent, self.exercise, self.student, (self.path, *self.others))
        if self.odd:
            return refused(self.path, self.exercise, self.student)
        if self.work:
            return self.work.read(self.path, self.exercise, self.student)
        return read_submission(self.path, self.exercise, self.student)


def find_submissions(path: Path, course: Course, wanted: Exercise | None) -> list[Found]:
    """Return the submissions at or below a path. The exercise is ``wanted``, or comes from the tree or a folder's name.

    Raises:
        UsageError: there is nothing, or the exercise stays unknown; the message lists the exercises.
    """
    if not os.path.lexists(path):
        raise UsageError(f"{path}: there is no such file or folder")
    if path.is_dir() and not (wanted and own_directory(path, wanted)):
        tree = list(tree_submissions(path, course, wanted))
        if tree:
            return tree
    exercise = wanted or named_exercise(path, course)
    if exercise is None:
        raise UsageError(
            f"{path}: which exercise is this? Say it with --exercise, or name a folder like it:\n{course.listing()}"
        )
    claims = places(path)
    own = own_directory(path, exercise) or is_own_folder(path, exercise)
    if not claims or own or holds_files(path, exercise):
        return [Found(path, exercise, None)]
    linked = [Found(place, exercise, place.name, odd=True) for place in linked_folders(path)]
    return [*(found(claims[student], exercise, student) for student in claims), *linked]


def tree_submissions(path: Path, course: Course, wanted: Exercise | None) -> Iterator[Found]:
    """Yield what ``<student>/<exercise>`` folders and archives hold; with an exercise wanted, one for each student."""
    students = {student: places(student, course) for student in folders(path)}
    asked = {name for claims in students.values() for name in claims if name in course.exercises}
    if not asked:
        return
    for student, claims in students.items():
        for name in claims:
            if name in course.exercises and wanted in (None, course.exercises[name]):
                yield found(claims[name], course.exercises[name], student.name)
        if wanted and wanted.name not in claims:
            yield Found(student / wanted.name, wanted, student.name)
    for student in linked_folders(path):
        for exercise in [wanted] if wanted else [course.exercises[name] for name in sorted(asked)]:
            yield Found(student, exercise, student.name, odd=True)


def named_exercise(path: Path, course: Course) -> Exercise | None:
    """Return the exercise that a path's own name or one of the two above it says."""
    absolute = path.absolute()
    for name in [named(absolute.name, course.exercises), *(parent.name for parent in list(absolute.parents)[:2])]:
        if name in course.exercises:
            return course.exercises[name]
    return None


def is_own_folder(path: Path, exercise: Exercise) -> bool:
    """Tell whether a folder is that of one student, named like the exercise, with nothing but one archive to grade."""
    return path.absolute().name == exercise.name and not folders(path) and len(archives_in(path)) == 1


def places(path: Path, course: Course | None = None) -> dict[str, list[Path]]:
    """Return the folders and archives in a folder by what they stand for: their names, without an archive's suffix.

    With a course, whatever else is named like one of its exercises is among them.
    """
    claims: dict[str, list[Path]] = {}
    whole = folders(path)
    odd = [place for place in entries(path) if course and place.name in course.exercises and place not in whole]
    for place in (*whole, *odd):
        claims.setdefault(place.name, []).append(place)
    for place in archives_in(path):
        claims.setdefault(named(place.name, course.exercises if course else ()), []).append(place)
    return dict(sorted(claims.items()))


def found(claims: list[Path], exercise: Exercise, student: str) -> Found:
    """Return a submission of the places that claim to be it: a folder with listed files goes before archives."""
    odd = [place for place in claims if is_odd(place)]
    if odd:
        return Found(odd[0], exercise, student, tuple(place for place in claims if place not in odd), odd=True)
    unpacked = [place for place in claims if place.is_dir() and holds_files(place, exercise)]
    first, *others = unpacked or [place for place in claims if not place.is_dir()] or claims
    return Found(first, exercise, student, tuple(others))


def is_odd(place: Path) -> bool:
    """Tell whether a place is neither a folder nor named like an archive; a link is no folder."""
    return kind_of(place) is not stat.S_ISDIR and not is_archive(place.name)


def linked_folders(path: Path) -> list[Path]:
    """Return the links in a folder that lead to a folder, or nowhere: whoever made them meant them for work."""
    linked = [place for place in entries(path) if kind_of(place) is stat.S_ISLNK and not is_archive(place.name)]
    return [place for place in linked if kind_of(place, follow=True) is not stat.S_ISREG]


def folders(path: Path) -> list[Path]:
    """Return the folders in a folder, sorted, without links and hidden ones."""
    return [place for place in entries(path) if kind_of(place) is stat.S_ISDIR]


def kind_of(place: Path, *, follow: bool = False) -> Callable[[int], bool] | None:
    """Return the function of `stat` that is true of a place, None for anything else; a junction is a link."""
    try:
        status = place.stat(follow_symlinks=follow)
    except OSError:
        return None
    if getattr(status, "st_reparse_tag", 0) == JUNCTION:
        return stat.S_ISLNK
    return next((is_kind for is_kind in (stat.S_ISDIR, stat.S_ISREG, stat.S_ISLNK) if is_kind(status.st_mode)), None)


def entries(path: Path) -> list[Path]:
    """Return what is in a folder, sorted, without hidden ones."""
    try:
        names = sorted(entry.name for entry in os.scandir(path))
    except OSError:
        return []
    return [path / name for name in names if name[0] not in "._"]
