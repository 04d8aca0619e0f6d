"""Says in 64 hexadecimal digits what an attempt was made of (SHA-256), so that it can be repeated or found unchanged."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.models import Exercise, Hashes, Submission

ENGINE = Path(__file__).parent
ENGINE_SUFFIXES = frozenset({".py", ".ini", ".po", ".json"})
TEST_SUFFIXES = frozenset({".py", ".toml", ".po", ".md", ".json"})


def hashes(submission: Submission, exercise: Exercise) -> Hashes:
    """Return the hashes of one attempt."""
    every = (exercise, *exercise.origins)
    folders = (*(one.folder for one in every), *exercise.hidden_folders)
    starters = tuple(name for one in every for name in one.files)
    return Hashes(content_hash(submission.files), tests_hash(folders, starters), engine_hash())


def content_hash(files: Mapping[str, bytes]) -> str:
    """Hash names and contents; lengths stand between them, so that no two sets of files look alike."""
    digest = hashlib.sha256()
    for name in sorted(files):
        encoded = name.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s%d:" % (len(encoded), encoded, len(files[name])) + files[name])
    return digest.hexdigest()


@functools.cache
def tests_hash(folders: tuple[Path, ...], without: tuple[str, ...]) -> str:
    """Hash the tests, statements and manifests in some folders, but not the starters."""
    paths = (path for folder in folders for path in folder.rglob("*") if path.name not in without)
    return content_hash(read(paths, TEST_SUFFIXES))


@functools.cache
def engine_hash() -> str:
    """Hash this engine."""
    return content_hash(read(ENGINE.rglob("*"), ENGINE_SUFFIXES))


def read(paths: Iterable[Path], suffixes: frozenset[str]) -> dict[str, bytes]:
    """Read files of some kinds, under names that do not depend on the machine."""
    return {
        "/".join(path.parts[-4:]): path.read_bytes() for path in paths if path.suffix in suffixes and path.is_file()
    }
