"""Makes the files."""

import os
import pathlib

NAMES = (
    b"app.py\n", b"two\nlines.py", b"\x1b]0;title\x07.txt", b"\x1b[2J.txt", b"::error file=app.py::failed", b"-rf", b"--help",
    b"..\\..\\evil.py", b"C:evil.py", b"con.txt", b" ", b"...", b"<script>alert(1)</script>", b"=cmd|' C calc'!A0.csv",
    b"$(reboot).txt", b"`id`.txt", b"%s%n%x.txt", b"\xff\xfe.py", b"\xe5\xbd", "a\u202egnp.exe".encode(), "\u2028.py".encode(),
    "e\u0301.py".encode(), "\u00e9.py".encode(), b"n" * 255,
)


def make(folder: pathlib.Path) -> None:
    """Make those that this system can hold."""
    for name in NAMES:
        try:
            with open(os.path.join(os.fsencode(folder), name), "wb"):
                pass
        except OSError:
            continue
