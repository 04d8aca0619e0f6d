"""Reads the download of a class, one zip for all its students, and cuts out what is each one's.

It is too large for a student process: hundreds of students are more than one may have of memory and disk. So the judge
reads its list of names, offsets and sizes, within bounds, and nothing else. The list was written by a platform, and by
students the names in it; the library that reads it is written in Python. The bytes behind a name are copied as they are
into an archive for the student they belong to, which a student process opens: no bomb is set off here, no name becomes a
path on this disk, and nothing is written. Only where a student handed in an archive is one layer taken off, up to its
limit in bytes.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from zipfile import ZipInfo

from grader.archives import IGNORED_NAME, decoded
from grader.errors import UsageError
from grader.printable import printable

MEMBERS = 100_000
LIST = 16 << 20
"""Bytes of the list of a download: names, offsets, sizes."""
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
UTF8, ENCRYPTED, STREAMED = 1 << 11, 1, 1 << 3
FULL = 0xFFFFFFFF
RAW = -15
"""zlib's ``wbits`` for Deflate alone."""


class Unreadable(Exception):
    """A part of a download is not taken; ``reason`` is one of `grader.archives.REASONS`, the values fill in its text."""

    def __init__(self, reason: str, **values: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


class Bounded(io.RawIOBase):
    """A file of which nobody reads more at once than a list may have."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        """Read some bytes.

        Raises:
            OverflowError: they are too many.
        """
        data = self.file.read(LIST + 1 if size < 0 else min(size, LIST + 1))
        if len(data) > LIST:
            raise OverflowError("the list is too long")
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self.file.tell()

    def seekable(self) -> bool:
        """Tell that places can be gone to."""
        return True


@dataclass(frozen=True)
class Download:
    """The zip of a class: its members, without folders, by their names; those whose names cannot be read are ``nameless``."""

    path: Path
    members: tuple[tuple[str, ZipInfo], ...] = field(repr=False)
    nameless: int = 0

    def content(self, info: ZipInfo, name: str, most: int) -> bytes:
        """Decompress one member, ``most`` bytes at most.

        Raises:
            Unreadable: it is too large, damaged, asks for a password, or is compressed by another method.
            OSError: the download cannot be read any more.
        """
        if info.flag_bits & ENCRYPTED:
            raise Unreadable("encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("method", file=name[:IGNORED_NAME])
        if max(info.file_size, info.compress_size - 1024) > most:  # what is stored well is never longer by more
            raise Unreadable("large", file=name[:IGNORED_NAME], most=str(most))
        data = self.raw(info)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            data = inflated(data, info.file_size)
        if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            raise Unreadable("damaged")
        return data

    def raw(self, info: ZipInfo) -> bytes:
        """Return the bytes of a member as they are."""
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            header = file.read(LOCAL.size)
            if len(header) < LOCAL.size or not header.startswith(b"PK\x03\x04"):
                raise Unreadable("damaged")
            *_, name, extra = LOCAL.unpack(header)
            file.seek(name + extra, io.SEEK_CUR)
            data = file.read(info.compress_size)
        if len(data) != info.compress_size:
            raise Unreadable("damaged")
        return data


def inflated(data: bytes, size: int) -> bytes:
    """Decompress what must come to some size, and one byte more at most, which tells of a lie."""
    try:
        stream = zlib.decompressobj(wbits=RAW)
        content = stream.decompress(data, size + 1)
    except zlib.error:
        raise Unreadable("damaged") from None
    if not stream.eof and len(content) <= size:
        raise Unreadable("damaged")
    return content


def open_download(path: Path) -> Download:
    """Read the list of a download.

    Raises:
        UsageError: it is no zip, or its list is longer than that of any class.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            infos = zipfile.ZipFile(Bounded(file)).infolist()
    except OverflowError:
        raise UsageError(
            f"{path}: its list of files is longer than {LIST} bytes; unzip it, and name the folder"
        ) from None
    except UnicodeError:
        raise UsageError(f"{path}: a name in it is not in UTF-8; unzip it, and name the folder") from None
    except (zipfile.BadZipFile, ValueError, RuntimeError, struct.error, EOFError) as error:
        raise UsageError(f"{path}: is no zip, or damaged ({printable(str(error))}); download it again") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); download it again") from None
    if len(infos) > MEMBERS:
        raise UsageError(f"{path}: holds more than {MEMBERS} files; unzip it, and name the folder")
    named = [(name_of(info), info) for info in infos]
    members = tuple((name, info) for name, info in named if name and not name.endswith("/"))
    return Download(path, members, sum(name is None for name, _ in named))


def name_of(info: ZipInfo) -> str | None:
    """Return the name of a member, None if nobody can read it."""
    name = info.orig_filename  # the other name is cut off at the first NUL
    try:
        return name if info.flag_bits & UTF8 else decoded(name.encode("cp437"), "cp437")
    except UnicodeError:
        return None


def zip_of(download: Download, members: Iterable[tuple[str, ZipInfo]], most: int) -> bytes:
    """Return members of a download, under other names, as a zip of ``most`` bytes at most.

    What the list of the download says of each stays as it is, sizes, checksum, method, password and kind of file, except
    for times: the same work gives the same bytes. Sources: APPNOTE.TXT 6.3.10 (PKWARE), sections 4.3.7, 4.3.12, 4.3.16.

    Raises:
        Unreadable: it would be larger, or the download is damaged.
    """
    body, index, count = bytearray(), bytearray(), 0
    for name, info in members:
        raw = name.encode("utf-8", "surrogatepass")
        if info.file_size > min(most, FULL - 1):
            raise Unreadable("large", file=name[:IGNORED_NAME], most=str(most))
        if len(body) + len(index) + len(raw) + info.compress_size > most:
            raise Unreadable("together", most=str(most))
        if len(raw) > 0xFFFF:
            raise Unreadable("deep", file=name[:IGNORED_NAME])
        flags = info.flag_bits & ~STREAMED | UTF8
        common = (flags, info.compress_type, 0, 0x21, info.CRC, info.compress_size, info.file_size, len(raw))
        index += CENTRAL.pack(
            b"PK\x01\x02", 20 | info.create_system << 8, 20, *common, 0, 0, 0, 0, info.external_attr & FULL, len(body)
        )
        index += raw
        body += LOCAL.pack(b"PK\x03\x04", 20, *common, 0) + raw + download.raw(info)
        count += 1
    if count > 0xFFFE:
        raise Unreadable("members", most=str(0xFFFE))
    return bytes(body + index + END.pack(b"PK\x05\x06", 0, 0, count, count, len(index), len(body), 0))
