"""What has to be done to a folder so that it holds a release, and what of the student's stays as it is.

A student's work on an exercise is one thing: as soon as any of the files that are handed in is not what was given out,
none of them is touched. Everything else belongs to the release; what somebody changed there is put aside, never lost.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.directories import is_directory, is_junk, listed, passed_over
from grader.errors import UsageError
from grader.release.record import Record

NO_FILE = "no regular file"
NEVER: frozenset[str] = frozenset()

Work = Mapping[str, tuple[str, ...]]
"""By exercise what is handed in."""


@dataclass(frozen=True)
class Changes:
    """Paths below a folder, sorted. ``write`` holds all that are written, ``aside`` those of them that somebody had changed.

    ``left`` are no part of the release any more, and stay because somebody changed them; ``kept`` are exercises whose new
    starter is not written, because there is work of the student's.
    """

    write: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether the folder holds the release already."""
        return not (self.write or self.remove)


def changes(folder: Path, before: Record | None, after: Record) -> Changes:
    """Return what has to be done.

    Raises:
        UsageError: something stands where a folder or a file has to be.
    """
    old = before.given if before else {}
    steady = before.files if before else {}
    work = {**(before.exercises if before else {}), **after.exercises}
    begun = {name for name, files in work.items() if is_begun(folder, {name: files}, old, steady, after.files)}
    theirs = {path for path in {*old, *after.files} if owner(path, work) in begun}
    write: list[str] = []
    remove: list[str] = []
    aside: list[str] = []
    left: list[str] = []
    for path in sorted({*old, *after.files} - theirs):
        found = found_at(folder, path)
        known = old.get(path, NEVER)
        if path in after.files:
            write += [path] if found != after.files[path] else []
            aside += [path] if found not in (None, after.files[path], *known) else []
        elif found is not None:
            (remove if found in known else left).append(path)
    news = {owner(path, work) for path in theirs & set(after.files) if after.files[path] != steady.get(path)}
    return Changes(tuple(write), tuple(remove), tuple(aside), tuple(left), tuple(sorted(name for name in news if name)))


def owner(path: str, work: Work) -> str | None:
    """Return the exercise for which a path is handed in."""
    tree, _, rest = path.partition("/")
    name, _, file = rest.partition("/")
    return name if tree == "exercises" and name in work and listed(file, work[name]) else None


def is_begun(
    folder: Path, work: Work, old: Mapping[str, frozenset[str]], steady: Mapping[str, str], new: Mapping[str, str]
) -> bool:
    """Tell whether any file of a student's work on an exercise is not what was given out, or was taken away or added."""
    given = {path for path in {*old, *new} if owner(path, work)}
    for path in given | set(work_below(folder, work)):
        found = found_at(folder, path)
        if found is None:
            if path in steady and path in new:
                return True
        elif found not in (new.get(path), *old.get(path, NEVER)):
            return True
    return False


def work_below(folder: Path, work: Work) -> Iterator[str]:
    """Yield what is handed in of exercises, as it is now; no link is followed."""
    for place in (f"exercises/{exercise}/{name}" for exercise, files in work.items() for name in files):
        if not is_directory(place):
            yield place
            continue
        for above, folders, names in os.walk(folder / place):
            folders[:] = [one for one in folders if not is_junk(one)]
            yield from (Path(above, one).relative_to(folder).as_posix() for one in names if not passed_over(one))


def found_at(folder: Path, path: str) -> str | None:
    """Return the SHA-256 of a file, `NO_FILE` for a link or the like, None if there is nothing.

    Raises:
        UsageError: a folder stands there, or something else on the way.
    """
    parts = path.split("/")
    for count in range(1, len(parts)):
        above = folder.joinpath(*parts[:count])
        if above.is_symlink() or (above.exists() and not above.is_dir()):
            raise UsageError(f"{above}: stands where a folder has to be, and is none; move it away")
    file = folder.joinpath(*parts)
    if file.is_symlink():
        return NO_FILE
    if file.is_dir():
        raise UsageError(f"{file}: a folder stands where a file has to be; move it away")
    if not file.exists():
        return None
    if not file.is_file():
        return NO_FILE
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); change its permissions") from None
