"""Where a class lies: a folder, or a download that nobody has unzipped. Both answer the same questions about their top."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from zipfile import ZipInfo

from grader.archives import is_archive, stem
from grader.bulk.download import Download, Unreadable
from grader.bulk.names import is_hidden
from grader.bulk.work import Loose, Part
from grader.discovery import Found, kind_of
from grader.errors import UsageError
from grader.models import Exercise
from grader.submissions import Unacceptable, read_file

FOLDER, FILE, OTHER = "a folder", "a file", "neither a file nor a folder, or there twice"
JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


class Place(Protocol):
    """A place with the work of a class."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def tops(self) -> Mapping[str, str]:
        """Return what lies at the top by its name, hidden ones left out: `FOLDER`, `FILE` or `OTHER`."""

    def whole(self, name: str, exercise: Exercise, *, tree: bool = False) -> Found:
        """Return a folder or archive at the top as the work of one student, whose name is still to come.

        In a ``tree`` the folder may have one for each exercise.
        """

    def loose(self, names: Mapping[str, str], older: Sequence[str], exercise: Exercise) -> Found:
        """Return files at the top as the work of one student, by what the student called them."""

    def content(self, name: str, most: int) -> bytes:
        """Read a file at the top."""

    def below(self) -> Place | None:
        """Return the only folder at the top, if there is nothing else there."""


@dataclass(frozen=True)
class Folder:
    """A folder on the disk. Links in it are not followed."""

    path: Path

    def tops(self) -> Mapping[str, str]:
        """Return what lies at the top."""
        try:
            places = sorted(self.path.iterdir())
        except OSError:
            return {}
        kinds = {stat.S_ISDIR: FOLDER, stat.S_ISREG: FILE}
        shown = (place for place in places if not is_hidden(place.name) and place.name not in JUNK)
        return {place.name: kinds.get(kind, OTHER) if (kind := kind_of(place)) else OTHER for place in shown}

    def whole(self, name: str, exercise: Exercise, *, tree: bool = False) -> Found:  # noqa: ARG002 - a place's
        """Return a folder or archive; a link in its place is found as what cannot be taken."""
        place = self.path / name
        odd = kind_of(place) is not stat.S_ISDIR and not is_archive(name)
        return Found(place, exercise, None, odd=odd)

    def loose(self, names: Mapping[str, str], older: Sequence[str], exercise: Exercise) -> Found:
        """Return files; their path is that of the first one."""
        return Found(self.path / first(names), exercise, None, work=Loose(self.path, names, tuple(older)))

    def content(self, name: str, most: int) -> bytes:
        """Read a file."""
        try:
            return read_file(self.path, name, name, most)
        except (OSError, Unacceptable) as error:
            said = error.problem["problem"].format_map(error.problem) if isinstance(error, Unacceptable) else "is gone"
            raise UsageError(f"{self.path / name}: {said}; download it again") from None

    def below(self) -> Place | None:
        """Return the only folder at the top."""
        tops = self.tops()
        return Folder(self.path / next(iter(tops))) if list(tops.values()) == [FOLDER] else None


@dataclass(frozen=True)
class Unzipped:
    """The download of a class, or a folder in it, whose path ends in a slash if it is not the top."""

    download: Download
    inside: str = ""
    path: Path = field(init=False)
    parts: Mapping[str, list[tuple[str, ZipInfo]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts: dict[str, list[tuple[str, ZipInfo]]] = {}
        for name, info in self.download.members:
            if name.startswith(self.inside):
                top, _, rest = name.removeprefix(self.inside).partition("/")
                parts.setdefault(top, []).append((rest, info))
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "path", self.download.path / self.inside)

    def tops(self) -> Mapping[str, str]:
        """Return what lies at the top; what is both a file and a folder, or a file twice, is neither."""
        return {name: self.kind(name) for name in sorted(self.parts) if not is_hidden(name) and name not in JUNK}

    def kind(self, name: str) -> str:
        """Tell what lies at the top under a name. Two dots are no folder, nor is what has no name."""
        rests = [rest for rest, _ in self.parts[name]]
        if name in ("", ".."):
            return OTHER
        return FOLDER if all(rests) else FILE if rests == [""] else OTHER

    def whole(self, name: str, exercise: Exercise, *, tree: bool = False) -> Found:
        """Return a folder or archive."""
        members = tuple((rest or name, info) for rest, info in self.parts[name])
        if tree and (inside := tuple(of_exercise(members, exercise))):
            members = inside
        return Found(self.path / name, exercise, None, work=Part(self.download, members))

    def loose(self, names: Mapping[str, str], older: Sequence[str], exercise: Exercise) -> Found:
        """Return files."""
        members = tuple((name, self.parts[now][0][1]) for name, now in names.items())
        return Found(self.path / first(names), exercise, None, work=Part(self.download, members, tuple(older)))

    def content(self, name: str, most: int) -> bytes:
        """Read a file."""
        try:
            return self.download.content(self.parts[name][0][1], name, most)
        except Unreadable as error:
            raise UsageError(f"{self.path / name}: cannot be read ({error.reason}); download it again") from None

    def below(self) -> Place | None:
        """Return the only folder at the top."""
        tops = self.tops()
        return (
            Unzipped(self.download, f"{next(iter(tops))}/")
            if list(tops.values()) == [FOLDER] and not self.inside
            else None
        )


def of_exercise(members: Iterable[tuple[str, ZipInfo]], exercise: Exercise) -> Iterator[tuple[str, ZipInfo]]:
    """Yield what is in a folder of a student's that is named like the exercise, and an archive of its name."""
    for name, info in members:
        if name.startswith(f"{exercise.name}/"):
            yield name.removeprefix(f"{exercise.name}/"), info
        elif is_archive(name) and stem(name) == exercise.name:
            yield name, info


def first(names: Mapping[str, str]) -> str:
    """Return the name that some files go under."""
    return min(names.values(), default="")
