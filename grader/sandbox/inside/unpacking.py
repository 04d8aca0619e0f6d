"""Opens an archive in memory and takes the listed files out of it; nothing is written, nothing else is decompressed.

Every archive is hostile until it is read: this runs in a student process that has given up its rights, with limits of
its own that are tighter. Sources: APPNOTE.TXT 6.3.10 (PKWARE), pax(1) of POSIX.1-2017, the GNU tar manual.
"""

from __future__ import annotations

import contextlib
import copy
import io
import re
import stat
import struct
import tarfile
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from grader.archives import IGNORED_NAME, decoded
from grader.directories import is_junk
from grader.sandbox.inside.selection import Member, Parts, Refused, taken

MEMBERS = 10_000
EXPANDED = 64 << 20
"""Bytes that an archive may unpack to: all its files as declared (zip), or the tar in a tar.gz."""
DEPTH, NAME = 32, 1000
GZIP_MAGIC, ZIP_MAGIC, ZIP_ENTRY = b"\x1f\x8b", b"PK", b"PK\x01\x02"
ZIP_ENCRYPTED, ZIP_UTF8, ZIP_LOCAL_HEADER = 1, 1 << 11, 30
GZIP_ONLY = 31
"""zlib's ``wbits`` for a stream with gzip's header and trailer, checksum included."""
BLOCK = tarfile.BLOCKSIZE
UNREADABLE = (
    zipfile.BadZipFile, tarfile.HeaderError, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError,
    OverflowError,
)  # fmt: skip
"""What the libraries raise for bytes that are no archive or a broken one; NotImplementedError is a RuntimeError."""


def unpack(data: bytes, wanted: Sequence[str], most: int) -> dict[str, Any]:
    """Take the wanted files, ``most`` bytes each at most, out of a zip or tar.gz archive.

    Returns ``{"files": {name: bytes}, "ignored": [name]}``, or ``{"refused": reason, "values": {name: text}}``. A wanted
    file that is not there is not among the files; of a wanted directory every file is. They may be at the top or in one
    folder there.
    """
    try:
        members = [member for member in opened(data) if not nobodys(member.path)]
        return taken(members, wanted, most)
    except Refused as refused:
        return {"refused": refused.reason, "values": refused.values}


def opened(data: bytes) -> Iterator[Member]:
    """Return the members of an archive; its first bytes say what it is, its name was a hint only."""
    if data.startswith(ZIP_MAGIC):
        return zip_members(data)
    if data.startswith(GZIP_MAGIC):
        return tar_members(inflated(data))
    raise Refused("kind")


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Refuse what a library cannot read."""
    try:
        yield
    except UnicodeDecodeError:
        raise Refused("encoding") from None
    except UNREADABLE:
        raise Refused("damaged") from None


# -- zip


def zip_members(data: bytes) -> Iterator[Member]:
    """Yield the members of a zip archive as its central directory lists them."""
    if data.count(ZIP_ENTRY) > MEMBERS:  # before the library reads them all
        raise Refused("members", most=str(MEMBERS))
    with reading(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive = zipfile.ZipFile(io.BytesIO(data))
    infos = archive.infolist()
    if sum(info.file_size for info in infos) > EXPANDED:
        raise Refused("size", most=str(EXPANDED))
    refuse_overlap(infos)
    for info in infos:
        yield zip_member(archive, info)


def refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share bytes of the archive: so small bombs become large (D. Fifield, WOOT 2019)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Refused("overlap")
        end = info.header_offset + ZIP_LOCAL_HEADER + len(info.orig_filename) + info.compress_size


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """Return one member of a zip archive."""
    name = info.orig_filename  # the other name is cut off at the first NUL
    if not info.flag_bits & ZIP_UTF8:
        name = readable(name.encode("cp437"), "cp437")
    path = parts_of(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise Refused("link", file=name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused("special", file=name)
    if info.flag_bits & ZIP_ENCRYPTED:
        raise Refused("encrypted")
    folder = name.endswith("/") or kind == stat.S_IFDIR
    return Member(path, folder, info.file_size, lambda: zip_content(archive, info, name))


def zip_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """Decompress a member up to the size that it declares, and one byte more if there is one, which tells of a lie."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("method", file=name)
    longer = copy.copy(info)
    longer.file_size += 1  # the library would stop at the declared size, and think no more of it
    with reading(), archive.open(longer) as file:
        return file.read(longer.file_size)


# -- tar.gz


def inflated(data: bytes) -> bytes:
    """Decompress one gzip stream, which must be all there is."""
    with reading():
        stream = zlib.decompressobj(wbits=GZIP_ONLY)
        content = stream.decompress(data, EXPANDED + 1)
    if len(content) > EXPANDED:
        raise Refused("size", most=str(EXPANDED))
    if not stream.eof or stream.unused_data.strip(b"\0"):
        raise Refused("damaged")
    return content


def tar_members(content: bytes) -> Iterator[Member]:
    """Yield the members of a tar archive.

    The library's ``TarInfo.frombuf`` reads the headers. Its ``TarFile`` is not used: a few kilobytes of extended header
    keep it busy for minutes, and it takes a broken header for the end.
    """
    place, longer = 0, b""
    for _ in range(MEMBERS + 1):
        block = content[place : place + BLOCK]
        if not block.strip(b"\0"):
            return
        header = tar_header(block, first=place == 0)
        place += BLOCK
        kind, size = header.type, 0 if header.type == tarfile.DIRTYPE else header.size
        if size < 0 or place + size > len(content):
            raise Refused("damaged")
        if kind in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            longer = long_name(content[place : place + size]) if kind == tarfile.GNUTYPE_LONGNAME else longer
        elif kind in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE):
            longer = pax_path(content[place : place + size], everywhere=kind == tarfile.XGLTYPE) or longer
        else:
            yield tar_member(header, longer, content, place)
            longer = b""
        place += -(-size // BLOCK) * BLOCK
    raise Refused("members", most=str(MEMBERS))


def tar_header(block: bytes, *, first: bool) -> tarfile.TarInfo:
    """Read one header; if it is the first one and broken, then this is no tar archive."""
    try:
        with reading():
            return tarfile.TarInfo.frombuf(block, "latin-1", "strict")
    except Refused:
        raise Refused("kind" if first else "damaged") from None


def tar_member(header: tarfile.TarInfo, longer: bytes, content: bytes, place: int) -> Member:
    """Return the member of a header whose content begins at ``place``."""
    raw = longer or header.name.encode("latin-1")
    name = readable(raw)
    path = parts_of(name)
    if header.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        raise Refused("link", file=name)
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        raise Refused("special", file=name)
    folder = header.type == tarfile.DIRTYPE or raw.endswith(b"/")
    return Member(path, folder, header.size, lambda: content[place : place + header.size])


def long_name(body: bytes) -> bytes:
    """Return the name that GNU tar keeps in a member of its own."""
    return body.split(b"\0", 1)[0]


def pax_path(body: bytes, *, everywhere: bool) -> bytes:
    """Return the path that an extended header gives to the next member; refuse what changes more than that."""
    records = dict(pax_records(body))
    if b"size" in records or any(key.startswith(b"GNU.sparse") for key in records):
        raise Refused("damaged")
    if everywhere and b"path" in records:
        raise Refused("damaged")
    return records.get(b"path", b"")


def pax_records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keyword and value of each record ``LENGTH KEYWORD=VALUE`` and a line feed, the length counting them all."""
    place = 0
    while place < len(body):
        blank = body.find(b" ", place, place + 12)
        digits = body[place : max(blank, place)]
        if not digits.isdigit():
            raise Refused("damaged")
        record = body[blank + 1 : place + int(digits)]
        place += int(digits)
        keyword, separator, value = record[:-1].partition(b"=")
        if place > len(body) or not separator or record[-1:] != b"\n":
            raise Refused("damaged")
        yield keyword, value


# -- names


def readable(raw: bytes, otherwise: str = "") -> str:
    """Return a name as text."""
    try:
        return decoded(raw, otherwise)
    except UnicodeError:
        raise Refused("encoding") from None


def parts_of(name: str) -> Parts:
    """Return the parts of a member's path.

    Raises:
        Refused: the name could lead anywhere else than into the archive's own folder, or is not fit to be shown.
    """
    shown = name[:IGNORED_NAME]
    if len(name) > NAME:
        raise Refused("deep", file=shown)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise Refused("control", file=shown)
    if "\\" in name:
        raise Refused("backslash", file=shown)
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        raise Refused("absolute", file=shown)
    found = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in found:
        raise Refused("climbs", file=shown)
    if len(found) > DEPTH:
        raise Refused("deep", file=shown)
    return found


def nobodys(path: Parts) -> bool:
    """Tell whether a member is nobody's work: left by a file manager or by Python, or the top folder itself."""
    return not path or any(is_junk(part) for part in path)
