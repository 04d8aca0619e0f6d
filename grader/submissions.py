"""Reads submissions from folders: the listed files as bounded bytes, and nothing of them is interpreted.

A file that is missing or cannot be taken is a verdict about the submission, never an error of the run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

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
    """Read the listed files of one submission: a folder, or the only file of an exercise under any name."""
    if path.is_file() and len(exercise.files) == 1:
        return take(path, exercise, student, {exercise.files[0]: path}, [])
    if path.is_file():
        raise UsageError(
            f"{path}: {exercise.name} asks for several files ({', '.join(exercise.files)}); name their folder"
        )
    places = {name: path.joinpath(*name.split("/")) for name in exercise.files}
    return take(path, exercise, student, places, extra_files(path, exercise))


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
