"""The worker's pipes: to its parent, which may be gone at any time, and from the fork that does a job."""

from __future__ import annotations

import os
import select
import time
from typing import IO, Any

from grader.channel.frames import LENGTH, decode, encode


class HungUp(Exception):
    """The parent is gone, and nobody waits for what is being done."""


class Pipe:
    """Frames over the worker's stdin and stdout; what tests print goes to stderr."""

    def __init__(self) -> None:
        self.reader = os.fdopen(os.dup(0), "rb")
        self.writer = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def send(self, header: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            HungUp: nobody takes it.
        """
        try:
            self.writer.write(encode(header, []))
            self.writer.flush()
        except BrokenPipeError:
            raise HungUp from None

    def quiet(self, seconds: float) -> bool:
        """Tell whether for so long nothing comes: no message, and no end."""
        waiting = select.poll()
        waiting.register(self.reader, select.POLLIN)
        return not waiting.poll(seconds * 1000)

    def receive(self) -> tuple[dict[str, Any], list[bytes]] | None:
        """Return the next message, None when the parent has hung up."""
        size = self.reader.read(LENGTH.size)
        if len(size) < LENGTH.size:
            return None
        payload = self.reader.read(LENGTH.unpack(size)[0])
        return decode(payload) if len(payload) == LENGTH.unpack(size)[0] else None


def read_all(descriptor: int, seconds: float, parent: IO[bytes] | None) -> tuple[bytes, bool]:
    """Read until the end or until time is up; say whether it was. A parent's pipe tells that nobody waits any more.

    Raises:
        HungUp: the parent is gone.
    """
    deadline = time.monotonic() + seconds
    data = bytearray()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    if parent:
        waiting.register(parent, 0)  # that its other end is closed is told unasked
    try:
        while True:
            left = deadline - time.monotonic()
            ready = dict(waiting.poll(left * 1000)) if left > 0 else {}
            if parent and parent.fileno() in ready:
                raise HungUp
            if not ready:
                return bytes(data), True
            part = os.read(descriptor, 1 << 16)
            if not part:
                return bytes(data), False
            data += part
    finally:
        os.close(descriptor)
