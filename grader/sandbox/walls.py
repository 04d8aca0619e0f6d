"""What stands around a zygote, whatever it is made of: `bubblewrap` has namespaces, `confined` does without."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Protocol


class Walls(Protocol):
    """The walls of one box. ``own_network`` says that it has a loopback that nobody else is on."""

    name: str
    environment: Mapping[str, str]
    own_network: bool

    def missing(self) -> str:
        """Say what this machine lacks, with the remedy; nothing if it lacks nothing."""

    def program(self) -> bytes:
        """Return the filter of system calls."""

    def command(self, filter_: int, control: int) -> list[str]:
        """Return the command that starts a zygote; it inherits two descriptors: the filter's, and that of our wishes."""

    def inherited(self) -> tuple[int, ...]:
        """Return more descriptors that the zygote keeps open."""

    def end(self, process: subprocess.Popen[bytes] | None) -> None:
        """End the zygote and all that is below it; None if it was never there."""

    def mechanisms(self, ready: Mapping[str, object]) -> tuple[str, ...]:
        """Name what these walls are made of, knowing what the zygote said when it was ready."""
