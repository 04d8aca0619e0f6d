"""Forks student processes at level none: to start an interpreter for each, and to import Flask into it, takes longer than tests.

It runs no line of a submission and reads no byte of one. Messages are JSON, a line each, over a Unix socket.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from grader.sandbox.inside import student
from grader.sandbox.inside.preloading import preload

PIPES = 3
"""Descriptors that come with each request: channel in and out, output."""


def serve(control: socket.socket) -> None:
    """Fork a student process for each request until the judge hangs up; say how each of them ended."""
    signal.signal(signal.SIGCHLD, lambda *_: reap(control))
    while True:
        text, descriptors, _, _ = socket.recv_fds(control, 1 << 16, PIPES)
        if not text:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            try:
                become_student(json.loads(text), descriptors, control)
            finally:
                os._exit(1)
        for descriptor in descriptors:
            os.close(descriptor)
        say(control, {"process": pid})


def become_student(config: dict[str, Any], descriptors: list[int], control: socket.socket) -> None:
    """Run in the fork, as a program of its own would begin."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.close()
    os.setsid()
    reader, writer, output = descriptors
    student.standard_streams(output)
    os.close(output)
    student.begin(student.Pipe(reader, writer), config)


def reap(control: socket.socket) -> None:
    """Say of each student process that has ended how it did."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say(control, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def say(control: socket.socket, message: dict[str, int]) -> None:
    """Send one message; a judge that is gone ends this process too."""
    try:
        control.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        os._exit(0)


def main() -> None:
    """Prepare and serve: the socket is stdin, and the modules to import are the arguments."""
    control = socket.socket(fileno=os.dup(0))
    preload(sys.argv[1:])
    gc.collect()
    gc.freeze()
    serve(control)


if __name__ == "__main__":
    main()
