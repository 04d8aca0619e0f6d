"""Processes whose parents are gone come to the worker, which ends them (prctl(2), PR_SET_CHILD_SUBREAPER). Linux only.

The kernel ends what is in a box; this is for what was killed while it still made one, and for work without walls.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ROUNDS = 100
"""How often those are ended that the ended ones leave; more than any honest submission has generations."""


def adopt() -> None:
    """Become the parent of every process below that loses its own."""
    if sys.platform == "linux":
        from grader.sandbox.inside import lockdown

        lockdown.prctl(PR_SET_CHILD_SUBREAPER, 1)


def children() -> set[int]:
    """Return the ids of the children of this process, none where the kernel does not tell."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            found.update(map(int, (task / "children").read_text(encoding="ascii").split()))
    return found


def end(keep: set[int]) -> None:
    """End and reap every child but those to keep, and all that comes from them."""
    for _ in range(ROUNDS):
        strays = children() - keep
        if not strays:
            return
        for pid in strays:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for pid in strays:
            with contextlib.suppress(OSError):
                os.waitpid(pid, 0)
