"""The settings under which attacks are graded: an isolation level and a kind of user, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from grader.models import Isolation
from tests.grader import ordinary
from tests.grader.attack_range.look import Seen
from tests.grader.conftest import ROOT

POORER = ROOT / "tests" / "grader" / "poorer.py"
ONLY_ROOT = "only root can try it"
NETWORK = Path(__file__).with_name("own_network.py")
MODULE = "tests.grader.attack_range"


@dataclass(frozen=True)
class Setting:
    """A level, the user, and what is taken away from the machine so that it has no higher level."""

    name: str
    level: Isolation
    root: bool
    poorer: tuple[str, ...] = ()

    @property
    def public(self) -> bool:
        """Whether other users than the one who grades must be able to run this Python: without namespaces they do."""
        return not self.root or bool(self.poorer)


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
    """Runs the range under a setting; keeps what the ordinary user needs.

    Each setting has a network of its own where that can be had, so that nobody visits the service of another one; else they
    take turns.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.root = os.geteuid() == 0
        self.place = stack.enter_context(ordinary.readable_copy(course=True)) if self.needs_copy() else None
        self.network = [sys.executable, str(NETWORK)] if self.root else []
        if self.root and subprocess.run([*self.network, "true"], capture_output=True, check=False).returncode:
            self.network = []
        self.turn = threading.Semaphore(2 if self.network else 1)
        self.stopping = threading.Event()
        self.running: list[subprocess.Popen[str]] = []

    def needs_copy(self) -> bool:
        """Tell whether this Python has to be copied for other users."""
        return self.root and not ordinary.obstacle()

    def stop(self) -> None:
        """End what runs, and begin nothing new."""
        self.stopping.set()
        for process in list(self.running):
            process.terminate()

    def obstacle(self, setting: Setting) -> str:
        """Say why a setting cannot be had; nothing if it can be tried."""
        if setting.root and not self.root:
            return ONLY_ROOT
        if setting.poorer and not POORER.is_file():
            return f"{POORER.name} is not there"
        return ordinary.obstacle() if self.root and setting.public else ""

    def command(self, setting: Setting, words: list[str]) -> tuple[list[str], Path]:
        """Return a command for a setting, and the folder to run it in."""
        python, course = sys.executable, ROOT
        if self.root and setting.public:
            assert self.place
            python, course = str(self.place.python), self.place.course
        user = ["--user", str(ordinary.NOBODY)] if self.root and not setting.root else []
        own = [python, "-m", MODULE, "--level", str(setting.level), *words]
        if setting.poorer:
            return [*self.network, sys.executable, str(POORER), *setting.poorer, *user, "--", *own], course
        return [*self.network, *(ordinary.become() if user else []), *own], course

    def run(self, setting: Setting, names: list[str], done: Callable[[Seen], None]) -> None:
        """Grade samples under a setting; each is handed on as soon as it is there.

        Raises:
            CannotBeHad: the level was not proven here.
        """
        if self.obstacle(setting):
            raise CannotBeHad(self.obstacle(setting))
        words, folder = self.command(setting, names)
        with self.turn:
            if self.stopping.is_set():
                raise CannotBeHad("stopped")
            self.follow(words, folder, done)

    def follow(self, words: list[str], folder: Path, done: Callable[[Seen], None]) -> None:
        """Run a command and hand on what it says."""
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8", "PYTHONPATH": str(folder)}
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                words, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
            self.running.append(process)
            try:
                assert process.stdout
                for line in process.stdout:
                    row = json.loads(line)
                    if "obstacle" in row:
                        raise CannotBeHad(row["obstacle"])
                    done(Seen(**row))
                if process.wait():
                    errors.seek(0)
                    said = errors.read().decode("utf-8", "replace")[-1000:]
                    raise CannotBeHad(f"the range ended with code {process.returncode}: {said}")
            finally:
                process.terminate()
                process.communicate()
                self.running.remove(process)
