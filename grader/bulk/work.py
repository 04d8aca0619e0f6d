"""What one student handed in, where it is not a folder or an archive of its own: loose files, or a part of a download.

Either is as good as a folder with the same files: the listed ones are taken, or else the only archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipInfo

from grader.archives import REASONS, is_archive
from grader.bulk.download import Download, Unreadable, zip_of
from grader.directories import listed
from grader.models import Exercise, Submission
from grader.submissions import LISTED, Unacceptable, read_archive, rivals, take


@dataclass(frozen=True)
class Loose:
    """Files of one student among those of others in a folder.

    ``names`` says for what the student called a file what it is called there; ``ignored`` are the older ones.
    """

    folder: Path
    names: Mapping[str, str]
    ignored: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(self.folder / name for name in self.names.values())

    def read(self, path: Path, exercise: Exercise, student: str | None) -> Submission:
        """Read the listed files, or else the only archive, unopened."""
        present = {name: (self.folder, self.names[name]) for name in exercise.files if name in self.names}
        archives = [] if present else archives_of(self.names)
        used = {*present, *archives}
        ignored = ignored_of([name for name in self.names if name not in used], self.ignored)
        if len(archives) > 1:
            return rivals(path, exercise, student, [Path(self.names[name]) for name in archives])
        if archives:
            found = read_archive(self.folder / self.names[archives[0]], exercise, student, ignored)
            return replace(found, path=str(path))
        taken = take(path, exercise, student, present, ignored)
        missing = tuple(name for name in exercise.files if name in taken.missing or name not in present)
        return replace(taken, missing=missing)


@dataclass(frozen=True)
class Part:
    """What one student has in a download; nothing of it is decompressed before somebody asks for it.

    The listed files become an archive of their own, with the bytes that are in the download: whatever they are, names
    included, the student process meets them first, as it does with every archive.
    """

    download: Download
    members: tuple[tuple[str, ZipInfo], ...]
    ignored: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Path, ...]:
        """The download."""
        return (self.download.path,)

    def read(self, path: Path, exercise: Exercise, student: str | None) -> Submission:
        """Read what counts, as an archive that is not opened yet."""
        present = [(name, info) for name, info in self.members if listed(name, exercise.files)]
        archives = [] if present else [(name, info) for name, info in self.members if name in archives_of([name])]
        used = {name for name, _ in (*present, *archives)}
        tops = dict.fromkeys(name.split("/", 1)[0] for name, _ in self.members if name not in used)
        own = {name.split("/", 1)[0] for name in exercise.files}
        ignored = ignored_of([top for top in tops if top and top not in own], self.ignored)
        if len(archives) > 1:
            return rivals(path, exercise, student, [Path(name) for name, _ in archives])
        unopened = Submission(exercise.name, student, str(path), ignored=tuple(ignored))
        most = exercise.limits.archive_size
        try:
            if present:
                return replace(unopened, archive=zip_of(self.download, present, most))
            if archives:
                return replace(unopened, archive=self.download.content(archives[0][1], archives[0][0], most))
        except Unreadable as error:
            problem = Unacceptable(REASONS[error.reason], **error.values).problem
            return replace(unopened, problem=problem)
        return replace(unopened, missing=exercise.files)


def archives_of(names: Iterable[str]) -> list[str]:
    """Return the names of archives that lie at the top, without hidden ones."""
    return sorted(name for name in names if is_archive(name) and "/" not in name and name[0] not in "._")


def ignored_of(others: Iterable[str], older: Sequence[str]) -> list[str]:
    """Return the names of what does not count."""
    return sorted({*others, *older})[:LISTED]
