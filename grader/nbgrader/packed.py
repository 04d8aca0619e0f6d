"""Unpacks archives that students made, within bounds: what is too much is refused as a whole, what would climb out is left."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from grader.directories import Unfit, check_name
from grader.errors import UsageError

SUFFIXES = (".tar.gz", ".tgz", ".tar", ".zip", ".gz")
MOST_ENTRIES = 5000
BLOCK = 1 << 16


def stem(name: str) -> str:
    """Return the name of an archive without what says that it is one: ``ada`` of ``ada.tar.gz``."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return Path(name).stem


def unpack(archive: Path, folder: Path, limit: int) -> None:
    """Unpack the regular files of a zip or a tar below a folder, ``limit`` bytes at most; archives in it stay as they are.

    Raises:
        UsageError: it is none, or damaged, or holds too much; nothing of it is there then.
    """
    try:
        with members(archive) as found:
            left = limit
            for name, file in found:
                with file:
                    left -= write(file, folder, name, left)
    except UsageError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ValueError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(f"cannot be unpacked ({error})") from None


def write(file: IO[bytes], folder: Path, name: str, most: int) -> int:
    """Write one file where its name says, if every system can hold it; return its size.

    Raises:
        UsageError: it is larger than ``most`` bytes.
    """
    name = name.replace("\\", "/").removeprefix("./")
    try:
        check_name(name)
    except Unfit:
        return 0
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with place.open("wb") as out:
        while block := file.read(BLOCK):
            size += len(block)
            if size > most:
                raise UsageError("holds more bytes than nbgrader's CourseDirectory.max_dir_size allows")
            out.write(block)
    return size


@contextmanager
def members(archive: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Open an archive, and give its regular files one after the other."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            yield zipped(pack)
    else:
        with tarfile.open(archive, "r|*") as tape:
            yield taped(tape)


def zipped(pack: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a zip."""
    entries = pack.infolist()
    counted(len(entries))
    for entry in entries:
        if not entry.is_dir():
            yield entry.filename, pack.open(entry)


def taped(tape: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the files of a tar in their order; links are passed over."""
    for number, entry in enumerate(tape):
        counted(number)
        if entry.isreg() and (file := tape.extractfile(entry)):
            yield entry.name, file


def counted(entries: int) -> None:
    """Refuse too many entries."""
    if entries > MOST_ENTRIES:
        raise UsageError(f"holds more than {MOST_ENTRIES} entries")
