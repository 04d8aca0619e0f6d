"""Directories that are handed in whole, as ``watchlist/`` in a manifest: what counts of them, and what bounds them.

Pure functions on names with slashes; they are the same for folders on the disk and for archives in the box.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath

MOST_FILES = 200
"""Files that count in one directory."""
MOST_SEEN = 5000
"""Entries of one directory that are looked at, whether they count or not."""
DEEPEST = 10
"""Parts of a path, the directory's own name and the file's included."""
LONGEST = 100
"""Bytes of UTF-8 in one part of a path: all file systems hold as many, and ten of them make no path that is too long."""
STARTER = ".starter"
"""Beside the files of an exercise in a student's repository: these files as they were given out."""
JUNK = frozenset({"__pycache__", "__MACOSX", ".DS_Store", STARTER})
DATABASE = re.compile(r"\.(db|db3|sqlite|sqlite3)([-.](journal|wal|shm))?\Z", re.IGNORECASE)
"""What a run of an app leaves behind: each test begins without it, as on any other machine."""
ODD = re.compile(r'[\\:*?"<>|]|[. ]\Z|\A ')
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|\Z)", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever their suffix (Microsoft: Naming Files, Paths, and Namespaces)."""


class Unfit(Exception):
    """A directory is not taken; ``reason`` is a key of `PROBLEMS`, the values fill in its text."""

    def __init__(self, reason: str, **values: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


def is_directory(name: str) -> bool:
    """Tell whether an entry of a manifest's ``files`` is a directory, of which every file is handed in."""
    return name.endswith("/")


def listed(name: str, asked: Iterable[str]) -> bool:
    """Tell whether a file is one of those that are asked for, or in a directory that is."""
    return any(name == one or (is_directory(one) and name.startswith(one)) for one in asked)


def lacking(asked: Iterable[str], files: Collection[str]) -> tuple[str, ...]:
    """Return what is asked for and not among the files; a directory without files is not there."""
    return tuple(one for one in asked if not any(listed(name, (one,)) for name in files))


def is_junk(part: str) -> bool:
    """Tell whether a file or folder is not the student's work, so that nothing is said of it: left by Python, say."""
    return part in JUNK or part.startswith("._") or part.endswith(".pyc")


def passed_over(part: str) -> bool:
    """Tell whether a file or folder in a directory does not count: junk, a hidden one, or a database."""
    return part.startswith(".") or is_junk(part) or bool(DATABASE.search(part))


def check(names: Sequence[str], directory: str) -> None:
    """Refuse the files of a directory if they are too many, or too deep, or one of them has a name that not everybody can have.

    Raises:
        Unfit: says what is wrong, and with which file.
    """
    if len(names) > MOST_FILES:
        raise Unfit("many", file=directory, most=str(MOST_FILES))
    for name in names:
        check_name(name)
    places: dict[str, str] = {}
    for place in dict.fromkeys(place for name in names for place in (*parents(name), name)):
        other = places.setdefault(folded(place), place)
        if other != place:
            raise Unfit("alike", file=other, other=place)


def check_name(name: str) -> None:
    """Refuse a path that some system could not hold, or would hold elsewhere."""
    parts = name.split("/")
    if len(parts) > DEEPEST:
        raise Unfit("buried", file=name, most=str(DEEPEST - 1))
    for part in parts:
        if part in ("", ".", "..") or ODD.search(part) or DEVICE.match(part) or not is_text(part):
            raise Unfit("odd", file=name)
        if len(part.encode()) > LONGEST:
            raise Unfit("long", file=name, most=str(LONGEST))


def is_text(part: str) -> bool:
    """Tell whether a name can be shown and encoded."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in part)


def parents(name: str) -> list[str]:
    """Return the folders above a path, without the top."""
    return [str(folder) for folder in PurePosixPath(name).parents if folder.name]


def folded(name: str) -> str:
    """Return what is the same for paths that some file systems take for one."""
    return unicodedata.normalize("NFKC", name).casefold()


def wrapped(names: Iterable[str], directory: str) -> bool | None:
    """Tell whether a directory only wraps the one that is meant, of the same name; None if nobody can say which one is.

    ``names`` are the files in it, ``directory`` ends in a slash, and so does its copy: ``watchlist/watchlist/``.
    """
    copy = directory + directory.rstrip("/").rpartition("/")[2] + "/"
    inside = {name.startswith(copy) for name in names}
    return None if len(inside) == 2 else True in inside


PROBLEMS = {
    "many": "{file} holds more than {most} files; hand in only what belongs to it",
    "buried": "{file} lies more than {most} folders deep",
    "long": "a name is longer than {most} bytes: {file}",
    "odd": "not every system can hold a file of this name; rename it: {file}",
    "alike": "{file} and {other} are one name for some systems; rename one of them",
}
"""Why a directory is refused."""
