"""Says in 64 hexadecimal digits what an attempt was made of (SHA-256), so that it can be repeated or found unchanged."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from io import FileIO
from pathlib import Path

from grader.course import EQUIVALENTS, PROVEN
from grader.directories import STARTER, listed
from grader.models import Exercise, Hashes, Submission

Trees = tuple[tuple[str, Path, tuple[str, ...]], ...]
ENGINE = Path(__file__).parent
ENGINE_SUFFIXES = frozenset({".py", ".ini", ".po", ".json"})
TEST_SUFFIXES = frozenset({".py", ".toml", ".po", ".md", ".json"})


def hashes(submission: Submission, exercise: Exercise) -> Hashes:
    """Return the hashes of one attempt."""
    files = submission.files if submission.archive is None else {"": submission.archive}
    return Hashes(content_hash(files), tests_hash(exercise), engine_hash())


def content_hash(files: Mapping[str, bytes]) -> str:
    """Hash names and contents; lengths stand between them, so that no two sets of files look alike."""
    digest = hashlib.sha256()
    for name in sorted(files):
        encoded = name.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s%d:" % (len(encoded), encoded, len(files[name])) + files[name])
    return digest.hexdigest()


def exercise_hash(exercise: Exercise) -> str:
    """Hash the tests, statements and manifest of an exercise, and of those whose tests it has again, as they are now.

    The starters are left out.

    Raises:
        OSError: something cannot be read.
    """
    return hash_trees(trees(exercise))


def tests_hash(exercise: Exercise) -> str:
    """Return what `exercise_hash` returned when this process first asked for it: what its gradings are about."""
    return first_hash(trees(exercise))


def trees(exercise: Exercise) -> Trees:
    """Return the folders that the tests of an exercise come from, each with a name and what is left out of it."""
    every = (exercise, *exercise.origins)
    public: Trees = tuple((f"public/{one.name}", one.folder, (*one.files, f"{STARTER}/")) for one in every)
    return public + tuple(
        (f"hidden/{one.name}", one.hidden_folder, (EQUIVALENTS, PROVEN)) for one in every if one.hidden_folder
    )


def hash_trees(trees: Trees) -> str:
    """Hash some folders."""
    return content_hash({
        f"{place}/{name}": data
        for place, folder, without in trees
        for name, data in read(folder, TEST_SUFFIXES, without).items()
    })  # fmt: skip


first_hash = functools.cache(hash_trees)


@functools.cache
def engine_hash() -> str:
    """Hash this engine as it was when this process first asked for it."""
    return content_hash(read(ENGINE, ENGINE_SUFFIXES))


def read(folder: Path, suffixes: frozenset[str] | None, without: Collection[str] = ()) -> dict[str, bytes]:
    """Read the files of some kinds below a folder, under names that do not depend on where it is.

    Without suffixes all are read but what Python leaves behind. What is left out are files, or directories that end in a slash.

    Raises:
        OSError: something cannot be read; nothing is left out silently.
    """
    found = {}
    ends = tuple(suffixes or [".pyc"])
    for name, path in files_below(os.fspath(folder)):
        if name.endswith(ends) == bool(suffixes) and not listed(name, without):
            with FileIO(path) as file:
                found[name] = file.readall()
    return found


def files_below(folder: str, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield each file below a folder with its name from there: by text, for paths as objects take longer than the reading."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(entry.path, f"{place}{entry.name}/")
            elif entry.is_file():
                yield place + entry.name, entry.path
