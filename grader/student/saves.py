"""Notices when files of exercises are saved, through watchfiles, which asks the operating system."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import Misuse
from grader.student.place import Place

if TYPE_CHECKING:
    from watchfiles import Change

STEP, TOGETHER = 10, 100
"""Milliseconds without a change until a save counts as one, and that changes are taken together at most."""
POLL = 200
"""Milliseconds between looks where the operating system cannot be asked."""


class Saves:
    """Calls ``saved`` with the names of exercises in whose folders something changed, and the paths there."""

    def __init__(self, place: Place, saved: Callable[[dict[str, set[str]]], None]) -> None:
        """Prepare.

        Raises:
            Misuse: watchfiles is not installed.
        """
        try:
            import watchfiles
        except ImportError:
            raise Misuse('grader watch needs the package watchfiles, which is not installed: pip install "watchfiles>=1.0"; '
                         "grader check works without it") from None  # fmt: skip
        self.watch = watchfiles.watch
        self.top = place.folder / "exercises"
        self.saved = saved
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.listen, daemon=True)

    def __enter__(self) -> Saves:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join(2.0)

    def listen(self) -> None:
        """Report changes until it is over; where there are too many watches already, look again and again instead."""
        try:
            self.report(polling=False)
        except OSError:
            self.report(polling=True)

    def report(self, *, polling: bool) -> None:
        """Report changes until it is over."""
        for changes in self.changes(polling=polling):
            found: dict[str, set[str]] = {}
            for _, path in changes:
                parts = Path(path).relative_to(self.top).parts
                if len(parts) > 1:
                    found.setdefault(parts[0], set()).add("/".join(parts[1:]))
            if found:
                self.saved(found)

    def changes(self, *, polling: bool) -> Iterator[set[tuple[Change, str]]]:
        """Yield changes."""
        return self.watch(self.top, watch_filter=None, debounce=TOGETHER, step=STEP, stop_event=self.over, rust_timeout=200,
                          force_polling=polling, poll_delay_ms=POLL, raise_interrupt=False)  # fmt: skip
