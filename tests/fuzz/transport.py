"""Transports without a process at the other end."""

from __future__ import annotations

from grader.channel.remote import StudentGone


class Silent:
    """A transport whose other end has gone."""

    phase = "start"

    def send(self, frame: bytes) -> None:
        """Take a frame that nobody reads."""

    def receive(self) -> bytes:
        """Say that there is nobody."""
        raise StudentGone("exited", {"code": "0", "phase": self.phase})

    def expect_quiet(self) -> None:
        """Nobody speaks."""

    def begin(self) -> None:
        """Nobody is waited for."""

    def kill(self) -> None:
        """Nobody is to be ended."""
