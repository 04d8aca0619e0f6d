"""Runs a command for the judge where the submission is: its folder, its user, its limits, its walls."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO

MOST = 1 << 20
"""Bytes of each output that are kept; more than that ends the command."""
PYTHON = ("python", "python3")
"""Words that stand for the interpreter which runs the submission."""
TICK = 0.05
"""Seconds between two looks at how much was printed."""
SOON = 0.002
"""Seconds between two looks at whether a fork has ended."""

Ended = tuple[int | None, bytes, bytes]
"""The exit code of a command (negative: a signal; None: it printed too much and was ended), its stdout and its stderr."""


class Commands:
    """Runs commands in a folder. The environment is the one from before the submission was imported."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        programs = os.path.dirname(sys.executable)
        self.environment = {
            **os.environ, "PATH": os.pathsep.join(filter(None, [programs, os.environ.get("PATH")])),
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
        }  # fmt: skip

    def run(self, argv: list[str], stdin: bytes, env: dict[str, str]) -> Ended:
        """Run a command to its end."""
        words = [sys.executable, *argv[1:]] if argv[0] in PYTHON else argv
        return with_files(stdin, lambda given, out, err: subprocess.Popen(
            words, stdin=given, stdout=out, stderr=err, cwd=self.folder, env={**self.environment, **env}
        ))  # fmt: skip

    def flask(self, argv: list[str], stdin: bytes, env: dict[str, str]) -> Ended:
        """Run ``python -m flask`` to its end in a fork of this process, which has imported nothing of the submission."""
        from grader.sandbox.inside.programs import run_module

        def begin(given: IO[bytes], out: IO[bytes], err: IO[bytes]) -> Forked:
            streams = [file.fileno() for file in (given, out, err)]
            return Forked(lambda: run_module("flask", argv[3:], streams, {**self.environment, **env}))

        return with_files(stdin, begin)


class Forked:
    """A fork of this process, with what is wanted of `subprocess.Popen`."""

    def __init__(self, run: Callable[[], None]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                run()
            finally:
                os._exit(1)

    def wait(self, timeout: float) -> int:
        """Wait for its end, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(SOON)
        raise subprocess.TimeoutExpired("a fork", timeout)

    def kill(self) -> None:
        """Kill it; harmless if it has ended."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)


def with_files(
    stdin: bytes, begin: Callable[[IO[bytes], IO[bytes], IO[bytes]], subprocess.Popen[bytes] | Forked]
) -> Ended:
    """Run what begins with three files, and return how it ended; what a background process keeps open holds nobody up."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        code = wait(begin(given, out, err), (out, err))
        return code, beginning(out), beginning(err)


def wait(process: subprocess.Popen[bytes] | Forked, files: tuple[IO[bytes], ...]) -> int | None:
    """Wait for a command, and end it if it prints too much."""
    while True:
        try:
            code: int | None = process.wait(TICK)
        except subprocess.TimeoutExpired:
            code = None
        if any(os.fstat(file.fileno()).st_size > MOST for file in files):
            with contextlib.suppress(PermissionError):  # where no signal may be sent, it ends with the box
                process.kill()
            return None
        if code is not None:
            return code


def beginning(file: IO[bytes]) -> bytes:
    """Return what was printed, as far as it is kept."""
    file.seek(0)
    return file.read(MOST)
