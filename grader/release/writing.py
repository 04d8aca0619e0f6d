"""Brings a folder to a release, file by file: whoever is stopped in the middle repeats the command."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader.errors import EngineFault
from grader.output import write_bytes
from grader.release.changes import Changes, found_at
from grader.release.record import NAME_OF_FILE, Record

ASIDE = ".grader/replaced"
"""Where files go that somebody changed and that are replaced, each below a folder named for its content."""
FOLDERS = 0o755
SHORT = 12
"""Digits of a digest that name such a folder."""


def bring(folder: Path, before: Record | None, after: Record, files: Mapping[str, bytes], todo: Changes) -> None:
    """Do what has to be done. The record says from the beginning what is to come, and in the end that it is there.

    Raises:
        EngineFault: something cannot be written or moved.
    """
    since = before.arriving if before else {}
    arriving = {
        path: tuple(dict.fromkeys((*since.get(path, ()), *filter(None, [after.files.get(path)]))))
        for path in {*since, *after.files}
    }
    started = replace(after, files=before.files if before else {}, arriving=arriving)
    write(folder, NAME_OF_FILE, started.written())
    try:
        for path in todo.aside:
            put_aside(folder, path)
        for path in todo.write:
            write(folder, path, files[path])
        for path in todo.remove:
            remove(folder, path)
    except OSError as error:
        raise EngineFault(f"{folder}: {error.filename}: {error.strerror}; make room or rights, and repeat") from None
    write(folder, NAME_OF_FILE, after.written())


def write(folder: Path, path: str, data: bytes) -> None:
    """Write one file, and the folders that it needs, with the same rights everywhere."""
    make_folders(folder, path)
    write_bytes(folder / path, data)


def make_folders(folder: Path, path: str) -> None:
    """Make the folders above a path."""
    parts = path.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        above = folder.joinpath(*parts[:count])
        if not above.is_dir():
            above.mkdir()
            above.chmod(FOLDERS)


def put_aside(folder: Path, path: str) -> None:
    """Move a file to where nobody looks for it by chance; the same one twice is one."""
    found = found_at(folder, path)
    if found is not None:
        place = f"{ASIDE}/{found.replace(' ', '-')[:SHORT]}/{path}"
        found_at(folder, place)  # nothing may stand on the way
        make_folders(folder, place)
        (folder / path).replace(folder / place)


def remove(folder: Path, path: str) -> None:
    """Remove a file, and the folders that held nothing else."""
    file = folder / path
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        for above in list(file.parents)[: path.count("/")]:
            above.rmdir()
