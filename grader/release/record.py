"""What a release remembers of itself, in its file ``release.json``: what it is, and what its files were when it was made.

The file lies where students write, so it is believed only as far as it can do no harm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from grader.course import NAME, ODD
from grader.errors import UsageError

NAME_OF_FILE = "release.json"
FORM = 1
KINDS = ("student", "private")
LANGUAGES = ("en", "zh-CN", "both")
SHA256 = 64
"""Hexadecimal digits."""


@dataclass(frozen=True)
class Record:
    """A release: what was wished, by exercise what is handed in, and the SHA-256 of each of its files but this one.

    ``everything`` says that the exercises were all that there were. While a release is being written, ``files`` are those of
    the one before, and ``arriving`` has by path every digest that a file may have by now.
    """

    kind: str
    version: str
    everything: bool
    exercises: Mapping[str, tuple[str, ...]]
    references: tuple[str, ...] = ()
    language: str = "both"
    files: Mapping[str, str] = field(default_factory=dict)
    arriving: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether it was written to its end."""
        return not self.arriving

    @property
    def given(self) -> dict[str, frozenset[str]]:
        """By path every digest of what was given out."""
        every = {path: (found,) for path, found in self.files.items()}
        return {path: frozenset(every.get(path, ()) + self.arriving.get(path, ())) for path in {*every, *self.arriving}}

    def written(self) -> bytes:
        """Return the content of the file."""
        content = {
            "form": FORM, "kind": self.kind, "version": self.version, "all": self.everything,
            "exercises": {name: list(files) for name, files in sorted(self.exercises.items())},
            "references": sorted(self.references), "language": self.language,
            "files": dict(sorted(self.files.items())),
        }  # fmt: skip
        if self.arriving:
            content["arriving"] = {path: list(digests) for path, digests in sorted(self.arriving.items())}
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def read_record(folder: Path) -> Record | None:
    """Return what a folder remembers of the release in it, None if there is none.

    Raises:
        UsageError: it cannot be read, or nobody wrote it like this.
    """
    path = folder / NAME_OF_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return checked(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path}: not the record of a release ({error}); restore it, or make a release in a new folder"
        ) from None


def checked(content: Any) -> Record:  # noqa: ANN401 - JSON
    """Return a record of what was read.

    Raises:
        ValueError: something is not of its form; TypeError, KeyError or AttributeError for what is not even of its type.
    """
    if content["form"] != FORM:
        raise ValueError("its form is of another version of the grader")
    exercises = {plain(name): tuple(map(plain, files)) for name, files in content["exercises"].items()}
    files = {safe(path): plain(content["files"][path]) for path in content["files"]}
    arriving = {safe(path): tuple(map(plain, found)) for path, found in content.get("arriving", {}).items()}
    if not all(NAME.match(name) for name in (*exercises, *content["references"])):
        raise ValueError("a name that no exercise has")
    if not all(len(found) == SHA256 for found in (*files.values(), *chain.from_iterable(arriving.values()))):
        raise ValueError("a digest that is none")
    if content["kind"] not in KINDS or content["language"] not in LANGUAGES:
        raise ValueError("a kind or a language that there is not")
    return Record(
        content["kind"], plain(content["version"]), content["all"] is True, exercises, tuple(content["references"]),
        content["language"], files, arriving,
    )  # fmt: skip


def plain(text: object) -> str:
    """Return a text."""
    if type(text) is not str:
        raise ValueError("something that is no text")
    return text


def safe(path: str) -> str:
    """Return a path that stays below its folder."""
    parts = PurePosixPath(path).parts
    if not parts or "/".join(parts) != path or path[0] == "/" or ".." in parts or ODD.search(path):
        raise ValueError(f"a path that leads elsewhere: {path[:100]!r}")
    return path
