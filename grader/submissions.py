"""Reads submissions from folders and archives: the listed files, or the archive, as bounded bytes that nobody interprets.

A file that is missing or cannot be taken is a verdict about the submission, never an error of the run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from grader.archives import Contents, is_archive
from grader.errors import UsageError
from grader.models import Exercise, Submission

LISTED = 50
"""Ignored files that are named at most."""


class Unacceptable(Exception):
    """A file cannot be taken; the message is a key of the catalogue with its values."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.problem = {"problem": key, **values}


def read_submission(path: Path, exercise: Exercise, student: str | None = None) -> Submission:
    """Read one submission: a folder with the listed files or one archive of them, an archive, or the only file under any name."""
    if path.is_dir():
        return read_folder(path, exercise, student)
    if is_archive(path.name):
        return read_archive(path, exercise, student)
    if path.is_file() and len(exercise.files) == 1:
        return take(path, exercise, student, {exercise.files[0]: path}, [])
    if path.is_file():
        raise UsageError(
            f"{path}: {exercise.name} asks for several files ({', '.join(exercise.files)}); name their folder or archive"
        )
    return Submission(exercise.name, student, str(path), missing=exercise.files)


def read_folder(path: Path, exercise: Exercise, student: str | None) -> Submission:
    """Read the listed files of a folder; in one that has none of them an archive is taken for them."""
    extra = extra_files(path, exercise)
    archives = [] if holds_files(path, exercise) else archives_in(path)
    if len(archives) > 1:
        return rivals(path, exercise, student, archives)
    if archives:
        return read_archive(archives[0], exercise, student, [name for name in extra if name != archives[0].name])
    return take(path, exercise, student, {name: path.joinpath(*name.split("/")) for name in exercise.files}, extra)


def read_archive(path: Path, exercise: Exercise, student: str | None, ignored: Iterable[str] = ()) -> Submission:
    """Read an archive without opening it."""
    unopened = Submission(exercise.name, student, str(path), ignored=tuple(ignored))
    try:
        return replace(unopened, archive=read_file(path, path.name, exercise.limits.archive_size))
    except FileNotFoundError:
        return replace(unopened, missing=exercise.files)
    except Unacceptable as error:
        return replace(unopened, problem=error.problem)


def rivals(path: Path, exercise: Exercise, student: str | None, places: Iterable[Path]) -> Submission:
    """Return what stands for work that was handed in several times: none of it, for nobody knows which one counts."""
    names = ", ".join(place.name for place in places)
    problem = Unacceptable("handed in more than once, and only one can count: {files}", files=names).problem
    return Submission(exercise.name, student, str(path), problem=problem)


def opened(submission: Submission, exercise: Exercise, contents: Contents) -> Submission:
    """Return a submission with what was in its archive, as if it had been handed in as a folder."""
    if contents.problem:
        return replace(submission, problem=contents.problem)
    missing = tuple(name for name in exercise.files if name not in contents.files)
    ignored = (*submission.ignored, *contents.ignored)[:LISTED]
    return replace(submission, archive=None, files=contents.files, missing=missing, ignored=ignored)


def take(
    path: Path, exercise: Exercise, student: str | None, places: Mapping[str, Path], ignored: list[str]
) -> Submission:
    """Read every listed file."""
    files: dict[str, bytes] = {}
    missing: list[str] = []
    problem: Mapping[str, str] = {}
    for name, place in places.items():
        try:
            files[name] = read_file(place, name, exercise.limits.file_size)
        except FileNotFoundError:
            missing.append(name)
        except Unacceptable as error:
            problem = error.problem
    return Submission(exercise.name, student, str(path), files, tuple(missing), tuple(ignored), problem)


def read_file(path: Path, name: str, most: int) -> bytes:
    """Read one regular file, without following a link and without waiting for a pipe.

    Raises:
        FileNotFoundError: it is not there.
        Unacceptable: it is no regular file, too large, or cannot be read.
    """
    try:
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            raise Unacceptable("{file} is not a regular file", file=name)
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            data = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(name) from None
    except OSError as error:
        raise Unacceptable("{file} cannot be read ({reason})", file=name, reason=error.strerror or "") from None
    if len(data) > most:
        raise Unacceptable("{file} is larger than {most} bytes", file=name, most=str(most))
    return data


def extra_files(folder: Path, exercise: Exercise) -> list[str]:
    """Return the names of files in the folder that the exercise does not ask for; they are ignored."""
    wanted = set(exercise.files)
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in wanted)
    except OSError:
        return []
    tops = {name.split("/", 1)[0] for name in wanted}
    return [name for name in names if name not in tops and name != "__pycache__"][:LISTED]


def holds_files(path: Path, exercise: Exercise) -> bool:
    """Tell whether a folder holds any of an exercise's files."""
    return any(os.path.lexists(path.joinpath(*name.split("/"))) for name in exercise.files)


def archives_in(path: Path) -> list[Path]:
    """Return what is named like an archive in a folder and is no folder, sorted, without hidden ones."""
    try:
        found = [entry for entry in os.scandir(path) if is_archive(entry.name) and not entry.is_dir()]
    except OSError:
        return []
    return [Path(entry.path) for entry in sorted(found, key=lambda e: e.name) if entry.name[0] not in "._"]
