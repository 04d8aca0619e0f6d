"""A real terminal for tests: a program runs on a pty, is typed at, and its screen is read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.grader.conftest import ROOT

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>()][A-Z0-9]?")
CLEARED = "\x1b[2J"
FORGOTTEN = frozenset({"NO_COLOR", "LC_ALL", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"})
PATIENCE = 60.0
"""Seconds that a text may take to appear, on a machine that does many other things."""


class Terminal:
    """A program on a terminal of 80 columns. ``seen`` is all that it has written so far, as text with escapes."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.raw = b""
        self.ended = False

    @property
    def seen(self) -> str:
        """What was written so far."""
        return self.raw.decode("utf-8", "replace")

    @property
    def page(self) -> str:
        """What was written since the screen was cleared last, without escapes."""
        return ESCAPES.sub("", self.seen.rpartition(CLEARED)[2]).replace("\r\n", "\n")

    def read(self, seconds: float) -> bool:
        """Wait for more; tell whether there was any."""
        if self.ended or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # what Linux says when the other end is closed
            data = b""
        self.ended = not data
        self.raw += data
        return bool(data)

    def until(self, text: str, after: int = 0) -> str:
        """Wait until a text was written, behind a place in what was seen; return the page."""
        deadline = time.monotonic() + PATIENCE
        while text not in ESCAPES.sub("", self.seen[after:]).replace("\r\n", " ").replace("\n", " "):
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} did not come; there is:\n{self.page}"
            assert self.read(left) or not self.ended, f"the program ended before {text!r}:\n{self.page}"
        while self.read(0.05):
            pass
        return self.page

    def type(self, keys: str) -> int:
        """Press keys; return where what is written from now on begins."""
        while self.read(0.0):
            pass
        place = len(self.seen)
        os.write(self.master, keys.encode())
        return place

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while not self.ended and time.monotonic() < deadline:
            self.read(0.2)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the program and everything it started on this terminal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


@contextlib.contextmanager
def terminal(folder: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """Run ``grader`` on a terminal."""
    running = Terminal([sys.executable, "-m", "grader", *arguments], folder, surroundings(environment))
    try:
        yield running
    finally:
        running.close()


def surroundings(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program: that of the tests, with a known terminal and language."""
    own = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
    return own | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "GRADER_LANG": "en", **more}
