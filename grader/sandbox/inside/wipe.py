"""Empties the writable places between two jobs, whatever a submission left there."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat

BUDGET = 20000
"""Entries that a job may leave before its box is given up instead of being cleaned."""


class TooMuch(Exception):
    """There is more to remove than the budget allows."""


def wipe(folder: str, budget: int = BUDGET) -> None:
    """Remove everything below a folder, never following a link. Nothing may be running there any more.

    Folders are taken out of their folders before they are emptied, so that no path and no recursion gets long: a
    submission can nest them deeper than any path may name.

    Raises:
        TooMuch: more than ``budget`` entries.
        OSError: something cannot be removed.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while names := some_entries(top):
            for name in names:
                budget -= remove(top, name, budget) if is_folder(top, name) else unlink(top, name)
                if budget < 0:
                    raise TooMuch(folder)
    finally:
        os.close(top)


def some_entries(folder: int, most: int = 1000) -> list[str]:
    """Return the names of some entries of an open folder."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in itertools.islice(entries, most)]


def unlink(folder: int, name: str) -> int:
    """Remove one file, and count it."""
    os.unlink(name, dir_fd=folder)
    return 1


def remove(top: int, name: str, budget: int) -> int:
    """Remove a folder with its files, moving the folders in it up to ``top``; return how many entries that were."""
    unlock(top, name)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    count = 1
    try:
        while (names := some_entries(inner)) and count <= budget:
            for below in names:
                count += 1
                if is_folder(inner, below):
                    unlock(inner, below)
                    os.rename(below, f".{os.urandom(12).hex()}", src_dir_fd=inner, dst_dir_fd=top)
                else:
                    os.unlink(below, dir_fd=inner)
    finally:
        os.close(inner)
    if count <= budget:
        os.rmdir(name, dir_fd=top)
    return count


def is_folder(parent: int, name: str) -> bool:
    """Tell whether an entry is a folder, and not a link to one."""
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def unlock(parent: int, name: str) -> None:
    """Let the owner in; whoever is not the owner may have the right to pass by a folder's mode."""
    with contextlib.suppress(PermissionError):
        os.chmod(name, stat.S_IRWXU, dir_fd=parent)
