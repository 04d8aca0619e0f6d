"""Hands in a right solution, with files beside it whose names no report should say as they are."""

import os
from pathlib import Path

NAMES = (
    "\x1b[2J\x1b[31mred.txt", "\x1b]0;100\x07.txt", "a\n::error::injected.txt", "a\rPASSED", "\u202etxt.sserp", "=cmd|' /C calc'!A0.csv",
    "<script>alert(1)<.html", "]]>.xml", "{0.__class__}%s[red].md", "![x](http:).md", "\u2028\u2029\x85\x9b", "&amp;&#0;.txt",
    "-rf", "--help", "a'b\"c`d$(id)", "o" + "\u0301" * 60, "x" * 250, ". ", "con", "nul.txt", "app.py ", "APP.PY", "\udcff\udcfe.bin",
    "test_\x1b[31mred.py",
)  # fmt: skip


def make(folder: Path) -> None:
    """Make the files; a file system that refuses a name goes without it."""
    for name in NAMES:
        try:
            with open(os.path.join(os.fsencode(folder), os.fsencode(name)), "x") as file:
                file.write("raise LookupError\n")
        except (OSError, ValueError):
            continue
