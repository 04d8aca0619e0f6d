"""A student process that has imported the submission, and forks a copy of itself for each test that wants a process of its own.

The copy takes the place of its original on the channel: it answers what the original was asked, serves one test, and says when
it is done. Then the original, which has waited, is as it was before that test; so is its folder, as far as it can tell. What it
cannot restore it says, and the judge takes a new process. A copy that ends in any other way ends its original in the same way,
so the zygote's news of the one is the news of the other.

All of this runs beside the submission, which could make it lie. It would deceive the tests about nothing but its own state, as
it can wherever tests share a process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from grader.channel.frames import decode
from grader.channel.peer import Transport

ENTRIES = 500
"""Files and folders that are looked at; of more nobody says that they are as before."""
DONE = b"."
Look = tuple[int, int, int, int]
"""Of a file its mode, its number, its size, and the nanosecond of its last change."""


class TooMany(Exception):
    """There are more files than are looked at."""


@dataclass
class Original:
    """Makes copies of this process. ``begin`` is called in each copy, before it answers."""

    transport: Transport
    places: tuple[str, ...]
    begin: Callable[[], None]
    mark: int = -1
    over: bool = False

    def copy(self) -> bool:
        """Return True in a copy, once for each test; False in the original if there can be none.

        The original comes back only then: as long as it can, it waits here for its copies and for the next request, which
        is always the same one.
        """
        try:
            before = looks(self.places) if able() else None
        except (OSError, TooMany):
            before = None
        while before is not None:
            done, mark = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(done)
                self.mark = mark
                self.begin()
                return True
            os.close(mark)
            wait_for(pid, done)
            os.close(done)
            tidy = restored(self.places, before)
            decode(self.transport.receive())
            if not tidy or not able():
                break
        return False

    def done(self) -> None:
        """End the test of a copy; its process ends when this is answered."""
        self.over = True
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # whatever the submission has made of them
                stream.flush()
        os.write(self.mark, DONE)


def able() -> bool:
    """Tell whether this process can be copied, and end as a copy did: no thread, no child, signals and orphans of its own."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    from grader.sandbox.inside import lockdown

    try:
        os.kill(os.getpid(), 0)
        lockdown.prctl(lockdown.PR_SET_CHILD_SUBREAPER, 1)  # what a copy leaves running shows as a child
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    except OSError:
        return False
    return False


def wait_for(pid: int, done: int) -> None:
    """Wait until a copy has ended; if it did not say that it was done, end in the same way."""
    _, status = os.waitpid(pid, 0)
    os.set_blocking(done, False)
    with contextlib.suppress(BlockingIOError):
        if os.read(done, 1) == DONE:
            return
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def looks(places: tuple[str, ...]) -> dict[str, Look]:
    """Return what all files and folders below some places look like.

    Raises:
        TooMany: there are more than `ENTRIES`.
    """
    found: dict[str, Look] = {}
    folders = list(places)
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if len(found) >= ENTRIES:
                    raise TooMany
                seen = entry.stat(follow_symlinks=False)
                folder = entry.is_dir(follow_symlinks=False)
                found[entry.path] = (seen.st_mode, seen.st_ino, *((0, 0) if folder else (seen.st_size, seen.st_mtime_ns)))
                if folder:
                    folders.append(entry.path)
    return found


def restored(places: tuple[str, ...], before: dict[str, Look]) -> bool:
    """Remove what is new in some places; tell whether all is as before."""
    try:
        now = looks(places)
        for path in sorted(now.keys() - before.keys(), key=len):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
        return looks(places) == before if now.keys() != before.keys() else now == before
    except (OSError, TooMany):
        return False
