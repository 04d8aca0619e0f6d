"""Who the boxes run as: users that belong to nobody else, if this process may choose them."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

FIRST_USER, USERS = 61000, 4000
"""Real user ids of the boxes that root starts: one per process and slot, for the kernel counts processes per user."""
NEEDED = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}
"""Capabilities (capabilities(7)) that a zygote needs in order to give its students a user of their own."""


def is_root() -> bool:
    """Tell whether this process is root."""
    return os.geteuid() == 0


def capabilities() -> int:
    """Return the effective capabilities of this process as bits; none where the kernel does not tell."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def lacking() -> list[str]:
    """Return the capabilities that are needed and not there."""
    have = capabilities()
    return [name for name, bit in NEEDED.items() if not have >> bit & 1]


def claim(first: int) -> tuple[int, socket.socket]:
    """Return a user that no other box on this machine has, and what has to be kept open to keep it.

    A name in the abstract namespace of Unix sockets is taken by one process at a time and is free as soon as that ends.

    Raises:
        OSError: all are taken.
    """
    for number in range(USERS):
        user = FIRST_USER + (first + number) % USERS
        claimed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claimed.bind(f"\0grader-user-{user}")
        except OSError:
            claimed.close()
            continue
        return user, claimed
    raise OSError(f"every user id from {FIRST_USER} on is taken by another box")
