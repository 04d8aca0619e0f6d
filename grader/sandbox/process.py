"""One student process as the judge sees it: frames with a deadline, captured output, and how it ended.

`StudentProcess` keeps the time; how bytes move and how the process is ended is said by its subclasses: `box` (sockets and
a zygote) and `plain` (pipes and a subprocess).
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from grader.channel.frames import LENGTH, MAX_FRAME, FrameError, decode
from grader.channel.remote import StudentError, StudentGone
from grader.channel.trusted import TrustedPeer
from grader.errors import EngineFault
from grader.models import Limits
from grader.sandbox.inside import NO_MEMORY

Socket = TypeVar("Socket", bound=socket.socket)
OUTPUT_KEPT = 64 << 10
OUTPUT_LIMIT = 64 << 20


@dataclass(frozen=True)
class Ending:
    """How a student process ended: a wait status (None: unknown), who ended it, the seconds of CPU it used."""

    status: int | None
    why: str = "exit"
    cpu: float = 0.0


class StudentProcess(ABC):
    """A transport for the judge's end of the channel, with a deadline for each outermost request.

    ``loopback`` says that the submission can open servers that `connect` reaches, ``copies`` that it is worth asking for copies
    of the process.
    """

    loopback = False
    copies = sys.platform == "linux"

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.phase = "start"
        self.output = bytearray()
        self.printed = 0
        self.buffer = bytearray()
        self.deadline = time.monotonic() + limits.load
        self.test_deadline = self.deadline
        self.patience: float | None = None
        self.ending: Ending | None = None
        loading = dict.fromkeys(("import", "serve", "unpack"), limits.load)
        self.longer: dict[str, float] = {"run": limits.test, **loading}

    # -- time

    def begin(self) -> None:
        """Start the deadline of one outermost request; what is more than an answer may take longer."""
        allowed = self.patience or self.longer.get(self.phase, self.limits.call)
        self.deadline = min(time.monotonic() + allowed, self.test_deadline)

    def begin_test(self) -> None:
        """Start the budget of one test, over all its requests."""
        self.test_deadline = time.monotonic() + self.limits.test

    def left(self) -> float:
        """Return the seconds until the deadline.

        Raises:
            StudentGone: there are none left; the process was killed.
        """
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            self.kill()
            raise StudentGone("timeout", {"phase": self.phase})
        return seconds

    # -- frames

    def receive(self) -> bytes:
        """Return the payload of the next frame, or raise what became of the process."""
        buffer = self.buffer
        while len(buffer) < LENGTH.size:
            self.wait()
        size = LENGTH.unpack_from(buffer)[0]
        if size > MAX_FRAME:
            raise FrameError("a frame larger than allowed")
        if not size:
            raise FrameError("an empty frame")
        end = LENGTH.size + size
        while len(buffer) < end:
            self.wait()
        payload = bytes(buffer[LENGTH.size : end])
        del buffer[:end]
        return payload

    def deliver(self, files: bytes) -> None:
        """Send the frame with the submission's files, and wait until the process is ready to run them.

        Raises:
            EngineFault: it gave up by itself, and none of the submission's code has run in it.
            StudentGone: something else ended it.
        """
        try:
            self.send(files)
            said = decode(self.receive())
        except StudentGone as gone:
            self.discard()
            if gone.verdict != "exited":
                raise
            printed = bytes(self.output[-500:]).decode("utf-8", "replace").strip()
            raise EngineFault(f"a student process could not be set up: {printed}") from None
        if said != ({"ready": 1}, []):
            raise EngineFault("a student process could not be set up: it said something else than that it is ready")

    def expect_quiet(self) -> None:
        """Refuse bytes that came before we asked."""
        self.look()
        if self.buffer:
            raise FrameError("bytes that nobody asked for")

    def take_output(self, data: bytes) -> None:
        """Keep the beginning of what the submission printed, for staff; very much of it ends the process."""
        self.printed += len(data)
        self.output += data[: OUTPUT_KEPT - len(self.output)]
        if self.printed > OUTPUT_LIMIT:
            self.kill()
            raise StudentGone("output_limit", {"phase": self.phase})

    def gone(self) -> StudentGone:
        """Say what became of a process whose channel has closed."""
        verdict, detail = judge_ending(self.end(), self.limits)
        return StudentGone(verdict, {**detail, "phase": self.phase})

    def beside(self) -> StudentProcess | None:
        """Start another process in the same folder, which has imported nothing; None where it would be a program of its own.

        Raises:
            EngineFault: it cannot be started.
            StudentGone: something ended it, or this one has ended.
        """
        return None

    @abstractmethod
    def send(self, frame: bytes) -> None:
        """Send one encoded frame before the deadline."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until something came, or raise what became of the process."""

    @abstractmethod
    def look(self) -> None:
        """Take what came already, without waiting."""

    @abstractmethod
    def kill(self) -> None:
        """End the process; harmless if it has ended."""

    @abstractmethod
    def discard(self) -> None:
        """End the process and free what belongs to it."""

    @abstractmethod
    def connect(self, port: int) -> socket.socket | None:
        """Connect to a port that the submission opened on its loopback; None if nothing answers there."""

    @abstractmethod
    def end(self) -> Ending:
        """Return how a process ended whose channel has closed, waiting a moment for it."""


def judge_ending(ending: Ending, limits: Limits) -> tuple[str, dict[str, str]]:
    """Turn the way a process ended into a verdict with its detail."""
    if ending.why in ("memory_limit", "disk_limit"):
        return ending.why, {}
    if ending.why == "killed" or ending.status is None:
        return "protocol_violation", {"reason": "the channel was closed from inside"}
    if ending.status == NO_MEMORY << 8:
        return "memory_limit", {}
    number = -ending.status if sys.platform == "win32" and ending.status < 0 else ending.status & 0x7F
    if number and ending.why == "exit":
        if number == getattr(signal, "SIGXCPU", 24) or (number == 9 and ending.cpu >= limits.cpu):
            return "cpu_limit", {}
        known = {known.value: known.name for known in signal.Signals}
        return "crashed", {"signal": known.get(number, f"signal {number}")}
    return "exited", {"code": str(ending.status >> 8)}


class Student:
    """A student process and the judge's end of the channel to it."""

    def __init__(self, process: StudentProcess) -> None:
        self.process = process
        self.peer = TrustedPeer(process)
        self.import_error: StudentError | None = None
        self.outline: dict[str, str] | None = None
        self.kept: list[socket.socket] = []
        self.probed = False
        self.copied = False
        self.place = ""

    def keep(self, client: Socket) -> Socket:
        """Keep a connection into the box until the test is over."""
        self.kept.append(client)
        return client

    def drop(self) -> None:
        """Close the connections of the test that ended."""
        while self.kept:
            self.kept.pop().close()
