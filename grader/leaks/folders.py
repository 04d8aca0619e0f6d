"""Searches files, folders and archives for secrets: what is about to be published, whole.

Names count as well as contents. Zip files (wheels and documents among them), tar files and what gzip or bzip2 wrote are
opened, also inside one another. What could not be searched is said: nothing is called clean that was not read.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from grader.leaks.guard import BLOCK, Guard, Leak, charset_of, errors_for

MOST = 256 << 20
"""Bytes that one file may unpack to, all that is in it counted."""
DEEPEST = 4
"""Archives within archives that are opened."""
IN_MEMORY = 8 << 20
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
GZIP, BZIP2 = b"\x1f\x8b", b"BZh"
TAR, TAR_PLACE = b"ustar", 257
CLOSED = (b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd")
"""Archives that are not opened: xz (its memory cannot be bounded by `lzma.LZMAFile`), 7z, rar, zstd."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
BROKEN = (OSError, EOFError, ValueError, RuntimeError, zlib.error, tarfile.TarError, zipfile.BadZipFile)
"""What reading a broken or encrypted archive raises."""


class Readable(Protocol):
    """What a member of an archive can do."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""


class Unread(Exception):
    """Something cannot be searched; the message says why."""


@dataclass
class Budget:
    """Bytes that may still be unpacked."""

    left: int = MOST

    def spend(self, size: int) -> None:
        """Count some.

        Raises:
            Unread: there are none left.
        """
        self.left -= size
        if self.left < 0:
            raise Unread(f"it unpacks to more than {MOST >> 20} MiB")


@dataclass
class Search:
    """What a search came to so far: the leaks, the number of files, and what was not read, with reason and remedy."""

    guard: Guard
    leaks: list[Leak] = field(default_factory=list)
    files: int = 0
    unread: list[str] = field(default_factory=list)

    def paths(self, paths: Iterable[Path]) -> None:
        """Search files, and everything in folders; links are not followed, but what they say counts."""
        waiting = sorted(paths, reverse=True)
        while waiting:
            path = waiting.pop()
            self.name(path.name, str(path))
            try:
                waiting += sorted(self.path(path), reverse=True)
            except OSError as error:
                self.unread.append(
                    f"{path}: cannot be read ({error.strerror}); change its permissions, or search a copy"
                )

    def path(self, path: Path) -> list[Path]:
        """Search one file, and return what is in a folder."""
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind):
            return list(path.iterdir())
        if stat.S_ISLNK(kind):
            self.name(str(path.readlink()), str(path))
        elif stat.S_ISREG(kind):
            self.files += 1
            with path.open("rb") as file:
                self.content(file, str(path), Budget(), 0)
        return []

    def name(self, name: str, place: str) -> None:
        """Search a name."""
        self.leaks += self.guard.check(name, f"{place} (its name)")

    def content(self, file: IO[bytes], place: str, budget: Budget, depth: int) -> None:
        """Search an open file: what is packed in it, and it itself; what is found inside is not said again."""
        already = len(self.leaks)
        try:
            self.members(file, place, budget, depth)
        except Unread as error:
            self.unread.append(f"{place}: {error}; unpack it and search the folder")
        except BROKEN as error:
            self.unread.append(f"{place}: cannot be unpacked ({error}); replace it by the folder, or remove it")
        inside = {(leak.secret, leak.form) for leak in self.leaks[already:]}
        file.seek(0)
        own = self.guard.scan(parts(file), place)
        self.leaks += [leak for leak in own if (leak.secret, leak.form) not in inside]

    def members(self, file: IO[bytes], place: str, budget: Budget, depth: int) -> None:
        """Search what is packed in a file, if anything is."""
        for name, member in unpacked(file):
            if depth == DEEPEST:
                raise Unread(f"it lies in {DEEPEST} archives within one another")
            within = f"{place}!{name}" if name else place
            if name:
                self.name(name, within)
            with spooled(member, budget) as copy:
                self.content(copy, within, budget, depth + 1)


def parts(file: Readable) -> Iterator[str]:
    """Yield a file as text, part by part."""
    data = file.read(BLOCK)
    charset = charset_of(data)
    decoder = codecs.getincrementaldecoder(charset)(errors_for(charset))
    while data:
        following = file.read(BLOCK)
        yield decoder.decode(data, not following)
        data = following


def unpacked(file: IO[bytes]) -> Iterator[tuple[str, Readable]]:
    """Yield what is packed in a file, with its name if it has one; nothing, if it is no archive.

    Raises:
        Unread: it is an archive that is not opened here; `BROKEN`: one that cannot be.
    """
    head = file.read(TAR_PLACE + len(TAR))
    file.seek(0)
    if head.startswith(ZIP):
        yield from zipped(file)
    elif head[TAR_PLACE:] == TAR:
        yield from tarred(file)
    elif head.startswith(GZIP):
        yield "", gzip.GzipFile(fileobj=file)
    elif head.startswith(BZIP2):
        yield "", bz2.BZ2File(file)
    elif head.startswith(CLOSED):
        raise Unread("it is an archive of a kind that is not opened here")


def zipped(file: IO[bytes]) -> Iterator[tuple[str, Readable]]:
    """Yield the members of a zip file."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.compress_type not in METHODS:
                raise Unread("it is compressed with a method that is not opened here")
            with archive.open(entry) as member:
                yield entry.filename, member


def tarred(file: IO[bytes]) -> Iterator[tuple[str, Readable]]:
    """Yield the regular files of a tar file."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for entry in archive:
            member = archive.extractfile(entry) if entry.isfile() else None
            if member:
                yield entry.name, member


@contextmanager
def spooled(member: Readable, budget: Budget) -> Iterator[IO[bytes]]:
    """Copy a member to where it can be read twice, within the budget."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as copy:
        while data := member.read(BLOCK):
            budget.spend(len(data))
            copy.write(data)
        copy.seek(0)
        yield copy
