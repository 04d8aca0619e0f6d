"""Runs a command for the judge where the submission is: its folder, its user, its limits, its walls."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from typing import IO

MOST = 1 << 20
"""Bytes of each output that are kept; more than that ends the command."""
PYTHON = ("python", "python3")
"""Words that stand for the interpreter which runs the submission."""
TICK = 0.05
"""Seconds between two looks at how much was printed."""


class Commands:
    """Runs commands in a folder. The environment is the one from before the submission was imported."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        programs = os.path.dirname(sys.executable)
        self.environment = {
            **os.environ, "PATH": os.pathsep.join(filter(None, [programs, os.environ.get("PATH")])),
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
        }  # fmt: skip

    def run(self, argv: list[str], stdin: bytes, env: dict[str, str]) -> tuple[int | None, bytes, bytes]:
        """Run a command to its end; return its exit code (negative: a signal), stdout and stderr.

        Files take the output: what a background process keeps open holds nobody up. The exit code is None if the command
        printed too much and was ended.
        """
        words = [sys.executable, *argv[1:]] if argv[0] in PYTHON else argv
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                words, stdin=given, stdout=out, stderr=err, cwd=self.folder, env={**self.environment, **env}
            )
            code = wait(process, (out, err))
            return code, beginning(out), beginning(err)


def wait(process: subprocess.Popen[bytes], files: tuple[IO[bytes], ...]) -> int | None:
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
