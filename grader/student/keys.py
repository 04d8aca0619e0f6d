"""Single keys of a terminal, read in a thread: by termios where there is one, by msvcrt on Windows, none elsewhere."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

SPECIAL = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?", re.DOTALL)
"""What arrows and other special keys send (ECMA-48, control sequences)."""
PATIENCE = 0.1
"""Seconds of a look for a key; whoever wants the terminal for a line waits as long at most."""


class Keys:
    """Calls ``pressed`` with each key, and with nothing when the terminal is gone, until it is closed.

    Without a terminal on standard input there are none.
    """

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self.pressed = pressed
        self.turn = threading.Lock()
        self.over = threading.Event()
        self.before: Any = None
        self.there = sys.stdin is not None and sys.stdin.isatty()
        self.thread = threading.Thread(target=self.listen, daemon=True)

    def __enter__(self) -> Keys:
        if self.there:
            try:
                self.single(on=True)
                self.thread.start()
            except BaseException:  # somebody may have pressed Ctrl-C
                self.single(on=False)
                raise
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        if self.there:
            self.thread.join(4 * PATIENCE)
            self.single(on=False)

    def single(self, *, on: bool) -> None:
        """Have the terminal give out keys one by one, without showing them, or lines again as before."""
        if sys.platform == "win32":
            return
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        with contextlib.suppress(termios.error, OSError):
            if on:
                self.before = self.before or termios.tcgetattr(descriptor)
                tty.setcbreak(descriptor)
            elif self.before:
                termios.tcsetattr(descriptor, termios.TCSADRAIN, self.before)

    @contextlib.contextmanager
    def lines(self) -> Iterator[None]:
        """Give the terminal to somebody who reads lines, or to another program."""
        with self.turn:
            if self.there:
                self.single(on=False)
            try:
                yield
            finally:
                if self.there:
                    self.single(on=True)

    def listen(self) -> None:
        """Wait for keys until it is over."""
        while not self.over.is_set():
            with self.turn:
                found = self.look()
            if found is None:
                self.pressed("")
                return
            for key in found:
                self.pressed(key)
            if not found:
                self.over.wait(PATIENCE / 100)  # let others have their turn

    def look(self) -> str | None:
        """Return the keys that were pressed, None if the terminal is gone; what an arrow or another special key sends is none."""
        if sys.platform == "win32":
            import msvcrt

            if msvcrt.kbhit():
                return msvcrt.getwch()
            self.over.wait(PATIENCE)
            return ""
        import select

        descriptor = sys.stdin.fileno()
        try:
            if not select.select([descriptor], [], [], PATIENCE)[0]:
                return ""
            said = os.read(descriptor, 64)
        except OSError:
            return None
        if not said:
            return None
        return SPECIAL.sub("", said.decode("utf-8", "ignore"))
