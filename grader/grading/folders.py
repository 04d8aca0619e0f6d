"""A folder for each worker's temporary files, which goes when the worker does, however that ends.

Whoever uses a folder holds a shared lock on a file in it (flock(2)), and the kernel lets go of it for those who are killed.
A folder that nobody holds is removed before the next worker is started. Windows has no such locks: there a folder is removed
by the worker and by its parent, and stays only if both were killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on every system
    fcntl = None  # type: ignore[assignment]

PREFIX = "grader-worker-"
LOCK = "lock"
MODE = 0o711
"""Nobody else can list the folder; the user that root gives to submissions can pass to what is meant for it."""
LINGER = 2.0
"""Seconds that killed processes may take to let go of a folder."""


class Folder:
    """A new folder, held until it is removed."""

    def __init__(self) -> None:
        """Make the folder.

        Raises:
            OSError: there is no place for it.
        """
        held = None
        while held is None:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            try:
                self.path.chmod(MODE)
                held = hold(self.path)
            except FileNotFoundError:
                continue  # another start of a worker swept it away before it was held
            except OSError:
                shutil.rmtree(self.path, ignore_errors=True)
                raise
        self.held = held

    def remove(self) -> None:
        """Remove the folder as soon as nobody else holds it; harmless if it is gone."""
        self.held.close()
        deadline = time.monotonic() + LINGER
        while self.path.exists():
            with taken(self.path) as alone:
                if alone or time.monotonic() > deadline:
                    shutil.rmtree(self.path, ignore_errors=True)
                    return
            time.sleep(0.01)


class Held:
    """A folder is held while this is open; processes that are forked hold it too."""

    def __init__(self, descriptor: int = -1) -> None:
        self.descriptor = descriptor

    def close(self) -> None:
        """Let go."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def hold(folder: Path) -> Held | None:
    """Hold a folder; None if it is gone, or about to be removed.

    Raises:
        OSError: there is no room for a lock.
    """
    if fcntl is None:
        return Held() if folder.is_dir() else None
    lock = folder / LOCK
    try:
        held = Held(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held.descriptor), lock.lstat()):
            return held
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        return held  # a file system without locks: nobody else gets one either
    held.close()
    return None


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[bool]:
    """Keep everybody else from holding a folder, and say whether that worked."""
    if fcntl is None:
        yield True
        return
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except OSError:
        alone = False
    try:
        yield alone
    finally:
        os.close(descriptor)


def sweep() -> None:
    """Remove the folders of workers that were killed together with their parents: own ones that nobody holds."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                sweep_one(Path(entry.path))


def sweep_one(folder: Path) -> None:
    """Remove a folder that nobody holds; one without a lock, if it is empty."""
    with taken(folder) as alone:
        if alone:
            shutil.rmtree(folder, ignore_errors=True)
        elif not (folder / LOCK).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
