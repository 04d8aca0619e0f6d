"""The settings under which attacks are graded: an isolation level and a kind of user, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from grader.models import Isolation
from tests.grader import ordinary
from tests.grader.attack_range.look import Seen, Service
from tests.grader.conftest import ROOT

POORER = ROOT / "tests" / "grader" / "poorer.py"
ONLY_ROOT = "only root can try it"
MODULE = "tests.grader.attack_range"


@dataclass(frozen=True)
class Setting:
    """A level, the user, and what is taken away from the machine so that it has no higher level."""

    name: str
    level: Isolation
    root: bool
    poorer: tuple[str, ...] = ()


SETTINGS = (
    Setting("full/root", Isolation.FULL, root=True),
    Setting("full/ordinary", Isolation.FULL, root=False),
    Setting("confined/root", Isolation.CONFINED, root=True, poorer=("--no-namespaces",)),
    Setting("confined/ordinary", Isolation.CONFINED, root=False, poorer=("--no-namespaces",)),
    Setting("none", Isolation.NONE, root=False, poorer=("--no-namespaces", "--no-landlock")),
)


class CannotBeHad(Exception):
    """A setting is not to be had on this machine; the message says why."""


class Launcher:
    """Runs the range under a setting; keeps what the ordinary user needs, and the service that nobody may visit."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.root = os.geteuid() == 0
        self.service = Service.open()
        self.stack.callback(self.service.close)
        self.place: ordinary.Place | None = None

    def prepare(self) -> None:
        """Make what every user may read."""
        if self.root and not ordinary.obstacle():
            self.place = self.stack.enter_context(ordinary.readable_copy(course=True))

    def obstacle(self, setting: Setting) -> str:
        """Say why a setting cannot be had; nothing if it can be tried."""
        if setting.root and not self.root:
            return ONLY_ROOT
        if setting.poorer and not POORER.is_file():
            return f"{POORER.name} is not there"
        return ordinary.obstacle() if self.root and not setting.root else ""

    def command(self, setting: Setting, words: list[str]) -> tuple[list[str], Path]:
        """Return a command for a setting, and the folder to run it in."""
        python, course, user = sys.executable, ROOT, []
        if self.root and not setting.root:
            assert self.place
            python, course, user = str(self.place.python), self.place.course, ["--user", str(ordinary.NOBODY)]
        own = [python, "-m", MODULE, "--level", str(setting.level), *words]
        if setting.poorer:
            return [sys.executable, str(POORER), *setting.poorer, *user, "--", *own], course
        return [*(ordinary.become() if user else []), *own], course

    def run(self, setting: Setting, names: list[str], done: Callable[[Seen], None]) -> None:
        """Grade samples under a setting; each is handed on as soon as it is there.

        Raises:
            CannotBeHad: the level was not proven here.
        """
        if self.obstacle(setting):
            raise CannotBeHad(self.obstacle(setting))
        descriptors = [one.fileno() for one in self.service.sockets]
        words, folder = self.command(setting, ["--service", ",".join(map(str, descriptors)), *names])
        process = subprocess.Popen(
            words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=descriptors,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "PYTHONPATH": str(folder)},
        )  # fmt: skip
        assert process.stdout
        assert process.stderr
        try:
            for line in process.stdout:
                row = json.loads(line)
                if "obstacle" in row:
                    raise CannotBeHad(row["obstacle"])
                done(Seen(**row))
            if process.wait():
                raise CannotBeHad(f"the range ended with code {process.returncode}: {process.stderr.read()[-1000:]}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()
