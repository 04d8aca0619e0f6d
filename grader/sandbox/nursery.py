"""The judge's end of a nursery, which forks student processes at level none where processes can fork."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

START = 20.0
"""Seconds that a nursery may take to answer; importing Flask on a cold disk takes a few."""
LEAVE = 2.0
"""Seconds that a nursery has to leave by itself when we hang up."""


class Nursery:
    """A process that has imported what submissions import. Each of several processes may have a line to it."""

    def __init__(self, environment: Mapping[str, str], modules: Iterable[str], lines: int = 1) -> None:
        """Start it; it goes on by itself until it is asked for something.

        Raises:
            OSError: it cannot be started.
        """
        with contextlib.ExitStack() as theirs:
            pairs = [socket.socketpair() for _ in range(lines)]
            numbers = [theirs.enter_context(their).fileno() for _, their in pairs]
            self.lines = [Line(our) for our, _ in pairs]
            words = [sys.executable, "-P", "-m", "grader.sandbox.inside.nursery", ",".join(map(str, numbers)), *modules]
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=dict(environment), pass_fds=numbers,
                start_new_session=True,
            )  # fmt: skip

    def stop(self) -> None:
        """Hang up on every line: it ends what processes are left, and itself."""
        for line in self.lines:
            line.control.close()
        try:
            self.process.wait(LEAVE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Line:
    """What one process, with all of its threads, has of a nursery."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.control.settimeout(START)
        self.said = b""
        self.codes: dict[int, int] = {}
        self.lock = threading.Lock()

    def fork(self, config: dict[str, Any]) -> Nursling:
        """Have a student process forked.

        Raises:
            OSError: the nursery is gone, or does not answer.
        """
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        output, output_inside = os.pipe()
        inside = [theirs_in, theirs_out, output_inside]
        try:
            with self.lock:
                socket.send_fds(self.control, [json.dumps(config).encode()], inside)
                message = self.answer()
        except OSError:
            for descriptor in (ours_out, ours_in, output):
                os.close(descriptor)
            raise
        finally:
            for descriptor in inside:
                os.close(descriptor)
        return Nursling(self, message["process"], ours_out, ours_in, output)

    def answer(self) -> dict[str, int]:
        """Return the message about the process that was asked for.

        Raises:
            OSError: the nursery is gone, or does not answer: a submission may have stopped it.
        """
        deadline = time.monotonic() + START
        while message := self.listen(deadline - time.monotonic()):
            if "process" in message:
                return message
        self.hang_up()
        raise TimeoutError("the process that forks student processes does not answer")

    def hang_up(self) -> None:
        """Take the nursery for gone from here on: who waits for it once need not wait again."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def listen(self, seconds: float) -> dict[str, int]:
        """Return the next message, an empty one if none comes in time; note how processes ended.

        Raises:
            OSError: the nursery is gone.
        """
        while b"\n" not in self.said:
            if self.control.fileno() < 0:
                raise ConnectionResetError("we have hung up ourselves")
            waiting = select.poll()
            waiting.register(self.control, select.POLLIN)
            if not waiting.poll(max(0.0, seconds) * 1000):
                return {}
            part = self.control.recv(1 << 12)
            if not part:
                raise ConnectionResetError("the process that forks student processes is gone")
            self.said += part
        line, _, self.said = self.said.partition(b"\n")
        message: dict[str, int] = json.loads(line)
        if "ended" in message:
            self.codes[message["ended"]] = message["code"]
        return message

    def code_of(self, pid: int, seconds: float) -> int | None:
        """Return how a process ended, None if it did not in time; of what a nursery took along nobody knows more."""
        deadline = time.monotonic() + seconds
        with self.lock:
            try:
                while pid not in self.codes and self.listen(deadline - time.monotonic()):
                    pass
            except OSError:
                return -signal.SIGKILL
            return self.codes.get(pid)


class Nursling:
    """A process that a nursery has forked, with what a `PlainProcess` wants of `subprocess.Popen`."""

    def __init__(self, line: Line, pid: int, writer: int, reader: int, output: int) -> None:
        self.line = line
        self.pid = pid
        self.stdin, self.stdout, self.stderr = os.fdopen(writer, "wb"), os.fdopen(reader, "rb"), os.fdopen(output, "rb")

    def poll(self) -> int | None:
        """Return how it ended, as Popen does; None if it has not."""
        return self.line.code_of(self.pid, 0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; without a timeout as long as a nursery may take to tell of it.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        code = self.line.code_of(self.pid, START if timeout is None else timeout)
        if code is not None:
            return code
        if timeout is not None:
            raise subprocess.TimeoutExpired("a student process", timeout)
        self.line.hang_up()
        return -signal.SIGKILL

    def kill(self) -> None:
        """Kill it; harmless if it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)
