"""Archives made by recipe, for what no library writes and no repository holds: bombs, slips, links, lies.

Each recipe is a function without arguments. `GOOD` come to the file, `REFUSED` to a reason of `grader.archives.REASONS`.
"""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from grader.archives import Contents, checked
from grader.sandbox.inside.unpacking import unpack

Recipe = Callable[[], bytes]

APP = b"def application(environ, start_response): ...\n"
MIB = 1 << 20
UTF8, ENCRYPTED = 1 << 11, 1
STORED, DEFLATED, BZIP2, LZMA, AES = 0, 8, 12, 14, 99


# -- zip, byte by byte


@dataclass(frozen=True)
class Entry:
    """One entry of a zip archive; what is left out is told truly. ``place`` is the local header it borrows."""

    name: bytes
    content: bytes = b""
    method: int = DEFLATED
    flags: int = 0
    system: int = 3
    mode: int = 0
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    packed: bytes | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    place: int | None = None

    def fields(self) -> tuple[bytes, bytes]:
        """Return what stands in both headers, and the data."""
        data = self.packed
        if data is None:
            data = deflate(self.content) if self.method == DEFLATED else self.content
        numbers = (
            20, self.flags, self.method, 0, 33,
            zlib.crc32(self.content) if self.crc is None else self.crc,
            len(data) if self.packed_size is None else self.packed_size,
            len(self.content) if self.size is None else self.size,
        )  # fmt: skip
        return struct.pack("<HHHHHIII", *numbers), data


def deflate(content: bytes) -> bytes:
    """Compress as zip does, without header and trailer."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(content) + packer.flush()


def raw_zip(entries: Iterable[Entry]) -> bytes:
    """Return a zip archive of entries, exactly as they say."""
    body, directory, count = bytearray(), bytearray(), 0
    for entry in entries:
        fields, data = entry.fields()
        place = len(body) if entry.place is None else entry.place
        if entry.place is None:
            name = entry.name if entry.local_name is None else entry.local_name
            body += b"PK\x03\x04" + fields + struct.pack("<HH", len(name), 0) + name + data
        directory += b"PK\x01\x02" + bytes((20, entry.system)) + fields
        directory += struct.pack("<HHHHHII", len(entry.name), len(entry.extra), 0, 0, 0, entry.mode << 16, place)
        directory += entry.name + entry.extra
        count += 1
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), len(body), 0)
    return bytes(body + directory + end)


def zip_of(*names: str | bytes) -> Recipe:
    """Return the recipe of a zip archive with the application under some names."""
    return lambda: raw_zip(Entry(name if isinstance(name, bytes) else name.encode(), APP) for name in names)


def zip_with(entry: Entry) -> Recipe:
    """Return the recipe of a zip archive with the application and one more entry."""
    return lambda: raw_zip([Entry(b"app.py", APP), entry])


def zip_app(entry: Entry) -> Recipe:
    """Return the recipe of a zip archive with one odd entry for the application itself."""
    return lambda: raw_zip([replace(entry, name=b"app.py", content=entry.content or APP)])


def written_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive as Python's library writes it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def mac_zip() -> bytes:
    """What the Finder of macOS makes of a folder."""
    folders = ("hw1/", "__MACOSX/", "__MACOSX/hw1/")
    others = ("__MACOSX/._hw1", "__MACOSX/hw1/._app.py", "hw1/.DS_Store")
    return raw_zip([
        *(Entry(name.encode(), flags=UTF8, mode=stat.S_IFDIR | 0o755) for name in folders),
        *(Entry(name.encode(), b"\0", flags=UTF8, mode=stat.S_IFREG | 0o644) for name in others),
        Entry(b"hw1/app.py", APP, flags=UTF8, mode=stat.S_IFREG | 0o644),
    ])  # fmt: skip


def windows_zip() -> bytes:
    """What Windows in Chinese makes of a folder: names in GBK, without a flag."""
    folder = "作业一（王）".encode("gbk")
    return raw_zip(Entry(folder + name, APP if name == b"/app.py" else b"x", system=0)
                   for name in (b"/app.py", "/说明.txt".encode("gbk"), b"/\x83\\.txt"))  # fmt: skip


def dos_zip() -> bytes:
    """A folder whose name is in code page 437, which is neither UTF-8 nor GBK."""
    return raw_zip([Entry("\u00fc".encode("cp437") + b"/app.py", APP, system=0)])


def overlapping_zip() -> bytes:
    """Many entries that are one and the same kernel."""
    kernel = Entry(b"kernel", b"\0" * MIB)
    return raw_zip([kernel, *[replace(kernel, place=0)] * 40, Entry(b"app.py", APP)])


def quoting_zip() -> bytes:
    """Entries whose data is the next one's header, quoted in a block of its own, and the next one's data (Fifield)."""
    content = b"\0" * MIB
    data, blocks, entries = deflate(content), [b""], []
    for name in (b"c", b"b", b"app.py"):
        entry = Entry(name, content, packed=data)
        head = b"PK\x03\x04" + entry.fields()[0] + struct.pack("<HH", len(name), 0) + name
        entries.append(entry)
        blocks.append(head + data)
        content = head + content
        data = b"\0" + struct.pack("<HH", len(head), len(head) ^ 0xFFFF) + head + data
    body = blocks[-1]
    rest = raw_zip(
        replace(entry, place=len(body) - len(block)) for entry, block in zip(entries, blocks[1:], strict=True)
    )
    return body + rest[:-6] + struct.pack("<IH", len(body), 0)


def many_in_zip() -> bytes:
    """A hundred thousand empty files."""
    empty = Entry(b"", packed=b"", method=STORED, crc=0, place=0)
    return raw_zip([Entry(b"app.py", APP), *(replace(empty, name=b"%05d" % number) for number in range(100_000))])


def zip64_lie() -> bytes:
    """An entry that declares sixteen exabytes in its zip64 field."""
    extra = struct.pack("<HHQQ", 1, 16, (1 << 64) - 1, 10)
    return raw_zip([Entry(b"app.py", APP), Entry(b"big", b"x", size=0xFFFFFFFF, packed_size=0xFFFFFFFF, extra=extra)])


# -- tar.gz, block by block


@dataclass(frozen=True)
class Block:
    """One header of a tar archive with what follows it; ``size`` may lie."""

    name: bytes
    body: bytes = b""
    kind: bytes = b"0"
    size: bytes | int | None = None
    link: bytes = b""

    def raw(self) -> bytes:
        """Return the header with its checksum, and the body in whole blocks."""
        size = len(self.body) if self.size is None else self.size
        number = b"%011o\0" % size if isinstance(size, int) else size
        fields = (
            self.name[:100], b"0000644\0", b"0001750\0", b"0001750\0", number, b"00000000000\0", b" " * 8, self.kind,
            self.link[:100], b"ustar\x0000", b"student", b"student", b"0000000\0", b"0000000\0", b"", b"",
        )  # fmt: skip
        block = struct.pack("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12s", *fields)
        block = block[:148] + b"%06o\0 " % sum(block) + block[156:]
        return block + self.body + b"\0" * (-len(self.body) % 512)


def raw_tar(blocks: Iterable[Block]) -> bytes:
    """Return a tar archive of blocks with its end, not compressed."""
    return b"".join(block.raw() for block in blocks) + b"\0" * 1024


def tar_of(*names: str | bytes) -> Recipe:
    """Return the recipe of a tar.gz archive with the application under some names."""
    return tar_blocks(*(Block(name if isinstance(name, bytes) else name.encode(), APP) for name in names))


def tar_with(*blocks: Block) -> Recipe:
    """Return the recipe of a tar.gz archive with the application and more."""
    return tar_blocks(Block(b"app.py", APP), *blocks)


def tar_blocks(*blocks: Block) -> Recipe:
    """Return the recipe of a tar.gz archive of some blocks."""
    return lambda: gzip.compress(raw_tar(blocks), mtime=0)


def written_tar(names: Iterable[str], form: int) -> bytes:
    """Return a tar.gz archive with the application under some names, as Python's library writes it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(APP), 1.5  # half a second makes the library write an extended header
            archive.addfile(info, io.BytesIO(APP))
    return target.getvalue()


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> Block:
    """Return an extended header of records."""
    body = b""
    for keyword, value in records:
        rest = b" " + keyword + b"=" + value + b"\n"
        length = len(rest) + len(str(len(rest) + len(str(len(rest)))))
        body += str(length).encode() + rest
    return Block(b"pax", body, kind)


def many_in_tar() -> bytes:
    """A hundred thousand empty files."""
    return gzip.compress(
        raw_tar([Block(b"app.py", APP)])[:-1024] + Block(b"empty").raw() * 100_000 + b"\0" * 1024, mtime=0
    )


def zeros(count: int) -> bytes:
    """Return so many mebibytes of zeros, compressed by gzip."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * MIB) for _ in range(count)) + packer.flush()


def tar_bomb() -> bytes:
    """A hundred mebibytes in a file beside the application."""
    start = raw_tar([Block(b"app.py", APP)])[:-1024] + Block(b"bomb", size=100 * MIB).raw()
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(start) + b"".join(packer.compress(b"\0" * MIB) for _ in range(100)) + packer.flush()


def slow_pax() -> bytes:
    """Extended headers full of digits, on which a library's expression tries every way to read them."""
    return gzip.compress(raw_tar([*[Block(b"pax", b"1" * 60_000, b"x")] * 100, Block(b"app.py", APP)]), mtime=0)


def damaged(recipe: Recipe, place: float, value: int = 0x55) -> Recipe:
    """Return the recipe of an archive with one byte changed, at a share of its length."""

    def change() -> bytes:
        data = bytearray(recipe())
        data[int(len(data) * place)] ^= value
        return bytes(data)

    return change


def cut(recipe: Recipe, share: float) -> Recipe:
    """Return the recipe of an archive of which only a share has arrived."""
    return lambda: (data := recipe())[: int(len(data) * share)]


SYMLINK, FIFO, CHARACTER, BLOCK_DEVICE = (
    kind | 0o777 for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK)
)
TEN_ZEROS = zlib.crc32(b"\0" * 10)
LONG = "/".join(["a-long-name-of-a-folder"] * 8)

GOOD: dict[str, Recipe] = {
    "zip": zip_of("app.py"),
    "zip with other files": zip_of("app.py", "notes.txt", "old/app_old.py"),
    "zip of a folder": zip_of("hw1/app.py", "hw1/notes.txt"),
    "zip written by Python": lambda: written_zip({"hw/app.py": APP}),
    "zip without compression": lambda: written_zip({"app.py": APP}, zipfile.ZIP_STORED),
    "zip made by macOS": mac_zip,
    "zip made by Windows in Chinese": windows_zip,
    "zip with a name in code page 437": dos_zip,
    "zip with a Chinese folder in UTF-8": lambda: raw_zip([Entry("作业/app.py".encode(), APP, flags=UTF8)]),
    "zip with dots in paths": zip_of("./hw/./app.py"),
    "zip with compiled files": zip_of("hw/app.py", "hw/__pycache__/app.cpython-311.pyc"),
    "zip with a hidden folder": zip_of("app.py", ".history/app.py", "_old/app.py"),
    "zip with an odd method elsewhere": zip_with(Entry(b"notes.txt", b"x", method=LZMA)),
    "tar.gz": tar_of("app.py"),
    "tar.gz of a folder": tar_blocks(Block(b"hw1/", kind=b"5"), Block(b"hw1/app.py", APP)),
    "tar.gz of the working folder": tar_blocks(Block(b"./", kind=b"5"), Block(b"./app.py", APP), Block(b"./._app.py", b"x")),
    "tar.gz with names in GBK": tar_of("作业/app.py".encode("gbk"), "作业/说明.txt".encode("gbk")),
    "tar.gz in the old format": tar_blocks(Block(b"app.py", APP, kind=b"\0")),
    "tar.gz as GNU tar writes it": lambda: written_tar(["app.py", f"{LONG}/notes.txt"], tarfile.GNU_FORMAT),
    "tar.gz with a long name before the file": lambda: written_tar([f"{LONG}/notes.txt", "app.py"], tarfile.GNU_FORMAT),
    "tar.gz as pax writes it": lambda: written_tar(["app.py", f"{LONG}/说明.txt"], tarfile.PAX_FORMAT),
    "tar.gz from git": tar_blocks(pax((b"comment", b"0" * 40), kind=b"g"), Block(b"hw1/app.py", APP)),
    "tar.gz without an end": lambda: gzip.compress(Block(b"app.py", APP).raw()),
    "tar.gz with a long name": tar_blocks(Block(b"././@LongLink", b"hw1/app.py\0", b"L"), Block(b"hw1/ap", APP)),
    "tar.gz with an extended name": tar_blocks(pax((b"path", b"hw1/app.py"), (b"mtime", b"1.5")), Block(b"hw1/ap", APP)),
}  # fmt: skip

REFUSED: dict[str, tuple[str, Recipe]] = {
    "nothing": ("kind", lambda: b""),
    "text": ("kind", lambda: b"print('hello')\n"),
    "rar": ("kind", lambda: b"Rar!\x1a\x07\x01\x00" + b"\0" * 100),
    "7z": ("kind", lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 100),
    "xz": ("kind", lambda: lzma.compress(raw_tar([Block(b"app.py", APP)]))),
    "a gzipped text": ("kind", lambda: gzip.compress(APP)),
    "zip magic and noise": ("damaged", lambda: b"PK\x03\x04" + bytes(range(256)) * 4),
    "gzip magic and noise": ("damaged", lambda: b"\x1f\x8b\x08\x00" + bytes(range(256)) * 4),
    "half a zip": ("damaged", cut(zip_of("app.py", "notes.txt"), 0.5)),
    "half a tar.gz": ("damaged", cut(tar_of("app.py", "notes.txt"), 0.5)),
    "a zip with a changed byte": ("damaged", damaged(zip_app(Entry(b"", APP * 9, method=STORED)), 0.2)),
    "a tar.gz with a changed checksum": ("damaged", damaged(tar_of("app.py"), 0.97)),
    "two gzip streams": ("damaged", lambda: tar_of("app.py")() + gzip.compress(b"x")),
    "half a tar in a whole gzip": ("damaged", lambda: gzip.compress(Block(b"app.py", APP, size=2000).raw())),
    "a second header that is noise": ("damaged", lambda: gzip.compress(Block(b"app.py", APP).raw() + b"x" * 1024)),
    "a zip with 100,000 members": ("members", many_in_zip),
    "a tar.gz with 100,000 members": ("members", many_in_tar),
    "20,000 extended headers": ("members", tar_blocks(*[pax((b"comment", b"x"))] * 20_000)),
    "a zip bomb": ("size", zip_with(Entry(b"bomb", b"\0" * (65 * MIB)))),
    "a bomb in zip64": ("size", zip64_lie),
    "a declared bomb": ("size", zip_with(Entry(b"bomb", b"x", size=0xFFFFFFFE))),
    "a gzip bomb": ("size", lambda: zeros(1024)),
    "a tar bomb": ("size", tar_bomb),
    "a large file in a zip": ("large", zip_app(Entry(b"", b"#" * (2 * MIB)))),
    "a large file in a tar.gz": ("large", tar_blocks(Block(b"app.py", b"#" * (2 * MIB)))),
    "overlapping entries": ("overlap", overlapping_zip),
    "quoting entries": ("overlap", quoting_zip),
    "a zip that declares too little": ("damaged", zip_app(Entry(b"", b"\0" * (50 * MIB), size=10, crc=TEN_ZEROS))),
    "a zip that stores more than it declares": ("damaged", zip_app(Entry(b"", b"\0" * 50, STORED, size=10, crc=TEN_ZEROS))),
    "a zip that declares too much": ("damaged", zip_app(Entry(b"", APP, size=len(APP) + 1))),
    "a zip with another checksum": ("damaged", zip_app(Entry(b"", APP, crc=1))),
    "a zip with two names for one file": ("damaged", zip_app(Entry(b"", APP, local_name=b"apq.py"))),
    "a tar.gz that declares too much": ("damaged", tar_with(Block(b"big", size=0o77777777777))),
    "a tar.gz that declares less than nothing": ("damaged", tar_with(Block(b"back", size=b"\xff" * 11 + b"\0"))),
    "a deep path in a zip": ("deep", zip_of("app.py", "a/" * 100 + "x")),
    "a deep path in a tar.gz": ("deep", tar_with(pax((b"path", b"a/" * 100 + b"x")), Block(b"x", APP))),
    "a long name in a zip": ("deep", zip_of("app.py", "x" * 60_000)),
    "a long name in a tar.gz": ("deep", tar_with(Block(b"@", b"x" * MIB, b"L"), Block(b"x", APP))),
    "a zip with an absolute path": ("absolute", zip_of("app.py", "/etc/cron.d/x")),
    "a tar.gz with an absolute path": ("absolute", tar_of("app.py", "/etc/cron.d/x")),
    "an absolute path in an extended header": ("absolute", tar_with(pax((b"path", b"/etc/x")), Block(b"x", APP))),
    "a zip with a drive": ("absolute", zip_of("app.py", "C:/Windows/x")),
    "a tar.gz with a drive": ("absolute", tar_of("app.py", "c:x")),
    "a zip with a network share": ("absolute", zip_of("app.py", "//server/share/x")),
    "a zip with a network share in backslashes": ("backslash", zip_of("app.py", "\\\\server\\share\\x")),
    "a zip with backslashes": ("backslash", zip_of("hw\\app.py")),
    "a tar.gz with backslashes": ("backslash", tar_of("app.py", "..\\x")),
    "a zip slip": ("climbs", zip_of("app.py", "../../x")),
    "a zip slip in the middle": ("climbs", zip_of("app.py", "a/../../x")),
    "a tar slip": ("climbs", tar_of("app.py", "../x")),
    "a tar slip in a long name": ("climbs", tar_with(Block(b"@", b"a/../../x\0", b"L"), Block(b"x", APP))),
    "a zip with a NUL in a name": ("control", zip_of(b"app.py\0.txt")),
    "a zip with a line feed in a name": ("control", zip_of("app.py", "two\nlines")),
    "a tar.gz with a line feed in a name": ("control", tar_of("app.py", "two\nlines")),
    "a zip with an escape in a name": ("control", zip_of("app.py", "\x1b[2J")),
    "a tar.gz with a NUL in a name": ("control", tar_blocks(pax((b"path", b"app.py\0x")), Block(b"x", APP))),
    "a symbolic link in a zip": ("link", zip_with(Entry(b"x", b"/etc/passwd", mode=SYMLINK))),
    "a symbolic link for the file": ("link", zip_app(Entry(b"", b"/etc/passwd", mode=SYMLINK))),
    "a symbolic link in a tar.gz": ("link", tar_blocks(Block(b"app.py", kind=b"2", link=b"/etc/passwd"))),
    "a hard link in a tar.gz": ("link", tar_with(Block(b"x", kind=b"1", link=b"app.py"))),
    "a pipe in a zip": ("special", zip_with(Entry(b"x", mode=FIFO))),
    "a device in a zip": ("special", zip_app(Entry(b"", mode=CHARACTER))),
    "a disk in a zip": ("special", zip_app(Entry(b"", mode=BLOCK_DEVICE))),
    "a pipe in a tar.gz": ("special", tar_blocks(Block(b"app.py", kind=b"6"))),
    "a device in a tar.gz": ("special", tar_with(Block(b"x", kind=b"3"))),
    "a disk in a tar.gz": ("special", tar_with(Block(b"x", kind=b"4"))),
    "an unknown kind in a tar.gz": ("special", tar_with(Block(b"x", APP, kind=b"Z"))),
    "a sparse file": ("special", tar_with(Block(b"x", APP, kind=b"S"))),
    "a sparse file in an extended header": ("damaged", tar_with(pax((b"GNU.sparse.major", b"1")), Block(b"x", APP))),
    "a size in an extended header": ("damaged", tar_with(pax((b"size", b"9" * 12)), Block(b"x", APP))),
    "a path for all in an extended header": ("damaged", tar_blocks(pax((b"path", b"app.py"), kind=b"g"), Block(b"x", APP))),
    "an extended header that lies": ("damaged", tar_with(Block(b"pax", b"999 path=x\n", b"x"), Block(b"x", APP))),
    "an extended header without numbers": ("damaged", tar_with(Block(b"pax", b"path=x\n", b"x"), Block(b"x", APP))),
    "extended headers full of digits": ("damaged", slow_pax),
    "an encrypted zip": ("encrypted", zip_app(Entry(b"", APP, flags=ENCRYPTED))),
    "bzip2 in a zip": ("method", lambda: written_zip({"app.py": APP}, zipfile.ZIP_BZIP2)),
    "lzma in a zip": ("method", lambda: written_zip({"app.py": APP}, zipfile.ZIP_LZMA)),
    "an unknown method in a zip": ("method", zip_app(Entry(b"", APP, method=AES))),
    "the file twice in a zip": ("twice", zip_of("app.py", "app.py")),
    "the file twice in a tar.gz": ("twice", tar_of("app.py", "app.py")),
    "the file twice by a dot": ("twice", zip_of("app.py", "./app.py")),
    "the file twice by case": ("twice", zip_of("hw/app.py", "hw/APP.py")),
    "the file twice by normalization": ("twice", lambda: raw_zip([Entry(b"app.py", APP), Entry("ａpp.py".encode(), APP)])),
    "the file and a folder of its name": ("special", zip_of("app.py", "app.py/x")),
    "a folder in place of the file": ("special", zip_of("app.py/")),
    "a zip with bytes that are no UTF-8": ("encoding", lambda: raw_zip([Entry(b"\xff\xfe", APP, flags=UTF8)])),
    "a tar.gz with bytes in no encoding": ("encoding", tar_of("app.py", b"\xff\xff\xff")),
    "the file at the top and in a folder": ("several", zip_of("app.py", "hw/app.py")),
    "the file in two folders": ("several", tar_of("ada/app.py", "bohan/app.py")),
}  # fmt: skip

HEAVY = frozenset({"a zip bomb", "a gzip bomb", "a tar bomb", "a zip that declares too little", "a zip with 100,000 members",
                   "a tar.gz with 100,000 members", "20,000 extended headers", "extended headers full of digits"})  # fmt: skip
"""Refused ones that would do harm to a machine if a limit did not hold."""

WANTED, MOST = ("app.py", "watchlist/views.py"), 1 << 16


def fuzz_target(data: bytes) -> Contents:
    """Unpack any bytes as the box does and check the answer as the judge does; whatever it raises is a bug."""
    return checked(unpack(data, WANTED, MOST), WANTED, MOST)
