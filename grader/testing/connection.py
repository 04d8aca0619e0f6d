"""A connection of the test's to a server that the submission's own code opened (`grader.testing.submission`)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from grader.testing.finding import LimitReached

MOST = 8 << 20
"""Bytes that one connection may carry each way."""


class Connection(socket.socket):
    """A client's end. A socket like any other, but waiting ends with the time of the test, and there is an end to bytes.

    A socket's own timeout counts from byte to byte, so a server that drips could hold a test for ever.
    """

    def __init__(self, client: socket.socket, deadline: float, late: Callable[[], NoReturn]) -> None:
        super().__init__(fileno=client.detach())
        self.deadline = deadline
        self.late = late
        self.patience: float | None = None
        self.carried = 0

    def settimeout(self, value: float | None, /) -> None:
        """Choose how long a single operation may take; never longer than the test."""
        self.patience = value

    def gettimeout(self) -> float | None:
        """Return how long a single operation may take."""
        return self.patience

    def recv(self, *args: Any) -> bytes:  # noqa: ANN401 - as for every socket
        """Receive bytes."""
        with self.in_time():
            return self.count(super().recv(*args))

    def recv_into(self, buffer: Any, *args: Any) -> int:  # noqa: ANN401
        """Receive bytes into a buffer, as files over a socket do."""
        with self.in_time():
            size = super().recv_into(buffer, *args)
        self.count(bytes(size))
        return size

    def send(self, data: Any, *args: Any) -> int:  # noqa: ANN401
        """Send some bytes."""
        with self.in_time():
            return super().send(data, *args)

    def sendall(self, data: Any, *args: Any) -> None:  # noqa: ANN401
        """Send bytes."""
        with self.in_time():
            super().sendall(data, *args)

    @contextlib.contextmanager
    def in_time(self) -> Iterator[None]:
        """Let one operation take what is left of the test, or of the socket's own timeout."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.late()
        super().settimeout(left if self.patience is None else min(left, self.patience))
        try:
            yield
        except TimeoutError:
            if time.monotonic() >= self.deadline:
                self.late()
            raise

    def count(self, data: bytes) -> bytes:
        """Mind how much came."""
        self.carried += len(data)
        if self.carried > MOST:
            raise LimitReached("connection")
        return data
