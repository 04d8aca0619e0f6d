"""One archive of what an exercise asks for, with a manifest: the same bytes for the same files and the same time."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.directories import lacking
from grader.errors import Misuse
from grader.hashing import content_hash, exercise_hash
from grader.models import Exercise
from grader.printable import printable
from grader.student.place import Place
from grader.student.starters import Files, starter, untouched, unwritable
from grader.submissions import extra_files, read_submission

MANIFEST = "submission.json"
FOLDER = "handed_in"
"""Where archives go if nothing else is said, below the course's folder."""
VERSION = 1
BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the first that the format knows."""
MODE = 0o100644 << 16


@dataclass(frozen=True)
class Work:
    """What is to be handed in: the files, and whether they are as they were handed out."""

    files: Files
    unchanged: bool


def work(exercise: Exercise) -> Work:
    """Read what is to be handed in.

    Raises:
        Misuse: something is missing, or cannot be taken; says what, and what lies there instead.
    """
    submission = read_submission(exercise.folder, exercise)
    if submission.problem:
        raise Misuse(submission.problem["problem"], **{k: v for k, v in submission.problem.items() if k != "problem"})
    missing = lacking(exercise.files, submission.files)
    if submission.archive is not None or missing:
        there = [
            name for name in extra_files(exercise.folder, exercise) if name.endswith(".py") and name[:5] != "test_"
        ]
        values = {"exercise": exercise.short, "files": ", ".join(missing or exercise.files),
                  "folder": f"exercises/{exercise.name}/"}  # fmt: skip
        if there:
            raise Misuse("{files} is missing in {folder}; {exercise} asks for it. Is it one of these: {there}?", **values,
                         there=", ".join(map(printable, there)))  # fmt: skip
        raise Misuse("{files} is missing in {folder}; {exercise} asks for it", **values)
    blank = not any(data.strip() for data in submission.files.values())
    return Work(submission.files, blank or untouched(submission.files, starter(exercise)))


def archive(exercise: Exercise, files: Files, when: datetime, course: str) -> bytes:
    """Return the archive. ``course`` is a hash of the tests and the statement that the work was done for."""
    manifest = {
        "format": VERSION,
        "exercise": exercise.name,
        "time": when.isoformat(timespec="seconds"),
        "course": course,
        "files": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    content = {MANIFEST: (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in [*content.items(), *sorted(files.items())]:
            info = zipfile.ZipInfo(name, BEGINNING)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, MODE, 3
            made.writestr(info, data)
    return buffer.getvalue()


def file_name(exercise: Exercise, files: Files) -> str:
    """Return the archive's name: the exercise, and the beginning of the hash of its files."""
    return f"{exercise.name}-{content_hash(files)[:8]}.zip"


def hand_in(place: Place, exercise: Exercise, files: Files, when: datetime, out: Path | None) -> Path:
    """Write the archive, as a whole, and return where it is.

    Raises:
        Misuse: it cannot be written.
    """
    folder = place.folder / FOLDER if out is None else out
    path = folder / file_name(exercise, files)
    other = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            other.write_bytes(archive(exercise, files, when, exercise_hash(exercise)))
            os.replace(other, path)  # noqa: PTH105 - atomic on every system
        finally:
            other.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    return path
