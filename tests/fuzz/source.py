"""Choices made of bytes: the same bytes give the same choices, and when they have run out everything is empty or nought."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

Anything = TypeVar("Anything")

ODD = (
    "\x00\x01\x07\t\n\r\x1b\x7f\x85\x9b  /\\:*?\"<>|'`&;%$!#{}[]()=.,~-_"
    "\u00a0\u00ad\u0301\u200b\u200e\u202e\u2028\u2066\ufeff\ufff9\U000e0041\ud83d\ude00\udcff\udfff\ue000\uffff\u0378"
    "影İıßǅ🂡"
)
WORDS = (
    "CON", "nul.txt", "..", ".", "{0}", "{text}", "%s", "\x1b[31m", "\x1b]0;t\x07", "[red]", "<b>", "</script>", "::error::",
    "=1+1", "a" * 300, "-rf", "__pycache__", "app.py", "a1_hello_wsgi", "line\nline", "\ud83d\ude00", "leak-marker-",
)  # fmt: skip


class Source:
    """Reads choices from bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def __bool__(self) -> bool:
        return self.place < len(self.data)

    def number(self, most: int) -> int:
        """Return a number from 0 to ``most``."""
        size = (most.bit_length() + 7) // 8
        return int.from_bytes(self.take(size), "big") % (most + 1)

    def maybe(self, one_in: int = 2) -> bool:
        """Return True for one of so many bytes, the large ones: never when there are none left."""
        return bool(self) and self.number(255) >= 256 - 256 // one_in

    def pick(self, options: Sequence[Anything]) -> Anything:
        """Return one of some things."""
        return options[self.number(len(options) - 1)]

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        self.place += size
        return self.data[self.place - size : self.place]

    def some(self, most: int = 255) -> bytes:
        """Return a few bytes."""
        return self.take(self.number(most))

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(max(0, len(self.data) - self.place))

    def text(self, most: int = 12) -> str:
        """Return a text with more odd characters than people use."""
        return "".join(self.piece() for _ in range(self.number(most)))

    def piece(self) -> str:
        """Return a character or a few."""
        kind = self.number(7)
        if kind == 0:
            return self.pick(WORDS)
        if kind <= 3:
            return self.pick(ODD)
        if kind == 4:
            return chr(self.number(0x10FFFF))
        return chr(32 + self.number(94))


def scratch(prefix: str) -> Path:
    """Return a folder for files of this process, in memory where that can be had; it is removed at the end."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix=prefix, dir=memory if os.access(memory, os.W_OK) else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
