"""The starters as they were handed out, and backups of what a command would write over.

A student repository keeps them in ``exercises/<name>/.starter/``; in the course's own repository git has them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.directories import listed
from grader.errors import Misuse
from grader.hashing import read
from grader.models import Exercise
from grader.output import put
from grader.printable import printable
from grader.student.place import Place

FOLDER = ".starter"
SECONDS = 20.0
"""What git may take."""

Files = Mapping[str, bytes]


def starter(exercise: Exercise) -> Files | None:
    """Return the files of an exercise as they were handed out, None where nobody knows them any more."""
    kept = exercise.folder / FOLDER
    if kept.is_dir():
        return {name: data for name, data in read(kept, None).items() if listed(name, exercise.files)}
    return from_git(exercise)


def from_git(exercise: Exercise) -> Files | None:
    """Return the files of an exercise as they were committed last, None without git."""
    paths = [name.rstrip("/") for name in exercise.files]
    said = git(exercise.folder, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *paths)
    names = [name for name in (said or b"").decode("utf-8", "replace").split("\0") if name]
    files = {name: git(exercise.folder, "show", f"HEAD:./{name}") for name in names}
    found = {name: data for name, data in files.items() if data is not None and listed(name, exercise.files)}
    return found or None


def git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, None if it does not work here."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=SECONDS, check=False,
                              stdin=subprocess.DEVNULL)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def alike(one: bytes, other: bytes) -> bool:
    """Tell whether two files are the same but for the ends of their lines."""
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def untouched(files: Files, handed_out: Files | None) -> bool:
    """Tell whether files are all as they were handed out."""
    if handed_out is None or files.keys() != handed_out.keys():
        return False
    return all(alike(files[name], handed_out[name]) for name in files)


# -- backups


def keep(place: Place, exercise: Exercise, names: Iterable[str]) -> Path | None:
    """Copy files or directories of an exercise into a new folder of backups; None if none of them exists.

    Raises:
        Misuse: they cannot be copied; nothing has been changed then.
    """
    found = [name.rstrip("/") for name in names if os.path.lexists(exercise.folder / name)]
    if not found:
        return None
    folder = place.own / "backups" / exercise.name / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    try:
        for name in found:
            source, target = exercise.folder / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir() and not source.is_symlink():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target, follow_symlinks=False)
    except (OSError, shutil.Error) as error:
        raise unwritable(folder, error) from None
    return folder


def remove(exercise: Exercise, names: Iterable[str]) -> None:
    """Remove files or directories of an exercise.

    Raises:
        Misuse: they cannot be removed.
    """
    for name in names:
        path = exercise.folder / name.rstrip("/")
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from None


def write(folder: Path, files: Files) -> None:
    """Write files below a folder, each as a whole.

    Raises:
        Misuse: they cannot be written.
    """
    for name, data in files.items():
        path = folder.joinpath(*name.split("/"))
        try:
            put(path, data)
        except OSError as error:
            raise unwritable(path, error) from None


def unwritable(path: Path, error: Exception) -> Misuse:
    """Return the complaint about a place where nothing can be written."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return Misuse("{path} cannot be written ({reason}); work in a folder of your own where you may write",
                  path=printable(str(path), 300), reason=reason)  # fmt: skip
