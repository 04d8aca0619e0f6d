"""Forks student processes at level none: to start an interpreter for each, and to import Flask into it, takes longer than tests.

It runs no line of a submission and reads no byte of one. Whoever wants processes has a line to it, a Unix socket of its own;
messages are JSON, one to a line of text.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from grader.sandbox.inside import student
from grader.sandbox.inside.preloading import preload

PIPES = 3
"""Descriptors that come with each request: channel in and out, output."""


class Nursery:
    """Forks a student process for each request, and says how each of them ended."""

    def __init__(self, lines: list[socket.socket]) -> None:
        self.lines = {line.fileno(): line for line in lines}
        self.owners: dict[int, socket.socket] = {}
        self.ended, wake = socket.socketpair()
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.detach())

    def run(self) -> None:
        """Serve until everybody has hung up."""
        waiting = select.poll()
        for descriptor in (*self.lines, self.ended.fileno()):
            waiting.register(descriptor, select.POLLIN)
        while self.lines:
            for descriptor, _ in waiting.poll():
                if descriptor == self.ended.fileno():
                    self.ended.recv(1 << 10)
                    self.reap()
                elif not self.obey(self.lines[descriptor]):
                    waiting.unregister(descriptor)
                    self.give_up(self.lines.pop(descriptor))
        os._exit(0)

    def obey(self, line: socket.socket) -> bool:
        """Fork a student process for whom asks; False if nobody is there any more."""
        try:
            text, descriptors, _, _ = socket.recv_fds(line, 1 << 16, PIPES)
        except ConnectionResetError:  # with something unread
            return False
        if not text:
            return False
        pid = os.fork()
        if pid == 0:
            try:
                self.become_student(json.loads(text), descriptors)
            finally:
                os._exit(1)
        self.owners[pid] = line
        for descriptor in descriptors:
            os.close(descriptor)
        say(line, {"process": pid})
        return True

    def become_student(self, config: dict[str, Any], descriptors: list[int]) -> None:
        """Run in the fork, as a program of its own would begin."""
        os.close(signal.set_wakeup_fd(-1))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (self.ended, *self.lines.values()):
            other.close()
        os.setsid()
        reader, writer, output = descriptors
        student.standard_streams(output)
        os.close(output)
        student.begin(student.Pipe(reader, writer), config)

    def give_up(self, line: socket.socket) -> None:
        """End the processes of somebody who is gone, and what they run."""
        for pid, owner in self.owners.items():
            if owner is line:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
        line.close()

    def reap(self) -> None:
        """Say of each student process that has ended how it did."""
        while self.owners:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            say(self.owners.pop(pid), {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def say(line: socket.socket, message: dict[str, int]) -> None:
    """Send one message; that nobody is there any more shows when we listen."""
    with contextlib.suppress(OSError):
        line.sendall(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Prepare and serve; the arguments are the descriptors of the lines, joined by commas, and the modules to import."""
    descriptors, *modules = sys.argv[1:]
    preload(modules)
    gc.collect()
    gc.freeze()
    Nursery([socket.socket(fileno=int(number)) for number in descriptors.split(",")]).run()


if __name__ == "__main__":
    main()
