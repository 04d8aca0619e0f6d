"""Keeps the judge's own HTTP clients at home: an app may answer with a redirect to anywhere, and clients follow.

Only the ports of the submission's own server can be reached from a grading process. The guard is an audit hook (PEP 578):
it cannot be taken out again, so it is set in processes that end with their grading.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Elsewhere(OSError):
    """A connection to somewhere else was refused."""


def guard() -> set[int]:
    """Refuse connections and look-ups from this process; return the set of loopback ports that stay open to it."""
    ports: set[int] = set()
    sys.addaudithook(hook(ports))
    return ports


def hook(ports: set[int]) -> Callable[[str, tuple[object, ...]], None]:
    """Return the audit hook for a set of ports."""

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect" and not allowed(arguments[1], ports):
            raise Elsewhere("a test may only reach the submission's own server")
        if event == "socket.getaddrinfo" and arguments[0] not in LOOPBACK:
            raise Elsewhere("a test may only look up the submission's own server")

    return refuse


def allowed(address: object, ports: set[int]) -> bool:
    """Tell whether an address is a path of ours or one of the ports."""
    if isinstance(address, str | bytes):
        return True  # a Unix socket: its path was made here
    return isinstance(address, tuple) and address[0] in LOOPBACK and address[1] in ports
