"""Runs nbgrader's own commands, each in a fork of a process that has imported nbgrader once: its imports take two seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.grader.conftest import ROOT


class Commands:
    """A process that runs commands one after the other. ``home`` is the home folder of whoever gives them."""

    def __init__(self, home: Path) -> None:
        scripts = Path(sys.executable).parent  # nbgrader looks for alembic's script there
        around = os.environ | {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self.said = home / "said"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.grader.nbgrader_commands", str(self.said)], cwd=ROOT, env=around, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Commands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def run(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``nbgrader WORDS`` in a folder; standard output and standard error are one text."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([str(folder), *words]) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return subprocess.CompletedProcess(words, code, self.said.read_text(encoding="utf-8", errors="replace"))


def child(folder: str, words: list[str], said: str) -> None:
    """Become one command."""
    from nbgrader.apps.nbgraderapp import main

    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    sys.argv = ["nbgrader", *words]
    sys.exit(main())


def serve(said: str) -> None:
    """Run what is asked for, a line of JSON each, and answer with exit codes."""
    import nbgrader.apps  # noqa: F401 - once, for all forks

    for line in sys.stdin:
        folder, *words = json.loads(line)
        if process := os.fork():
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
            sys.stdout.flush()
        else:
            sys.stdin.close()
            child(folder, words, said)


if __name__ == "__main__":
    serve(sys.argv[1])
