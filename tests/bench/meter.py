"""Runs commands and says what they cost: seconds, CPU of every process below them, and the most memory of all together.

``python -P tests/bench/meter.py`` reads ``{"commands": [{"argv", "cwd", "env"}], "lanes", "limit"}`` as JSON from standard
input and prints a `Cost` as JSON. It is a process of its own because it adopts what loses its parents (PR_SET_CHILD_SUBREAPER):
a process that is killed together with the box around it is reaped here, so that its CPU is counted and nothing stays behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
OFTEN, SHARE = 0.02, 20
"""Memory is looked at this often, in seconds, and never for more than one part in so many of one processor's time."""
LINGER = 5.0
"""Seconds that processes may outlive the commands that started them."""


@dataclass(frozen=True)
class Command:
    """One command line, the folder in which it runs, and its whole environment."""

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """What commands took together: seconds by the clock, seconds of CPU in and for the programs, bytes at the peak.

    ``memory`` is the proportional set size (a page that processes share counts once), sampled; ``largest`` the resident set
    of the largest process, which the kernel measured. ``codes`` are the exit codes, ``left`` counts processes that had to be
    killed in the end, and ``late`` says that the limit was over.
    """

    seconds: float
    user: float
    system: float
    memory: int
    largest: int
    codes: tuple[int, ...]
    left: int
    late: bool

    @property
    def cpu(self) -> float:
        """Seconds of CPU."""
        return self.user + self.system


def measure(commands: Sequence[Command], lanes: int, limit: float) -> Cost:
    """Run commands, so many at once, and return what they cost. After ``limit`` seconds all are killed."""
    order = {"commands": [asdict(command) for command in commands], "lanes": lanes, "limit": limit}
    done = subprocess.run(
        [sys.executable, "-P", __file__], input=json.dumps(order), capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    return Cost(**{**found, "codes": tuple(found["codes"])})


class Run:
    """Commands that are running, from the first one's start to the end of whatever they started."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.waiting = list(enumerate(order["commands"]))[::-1]
        self.running: dict[int, tuple[int, subprocess.Popen[bytes]]] = {}
        self.codes = [0] * len(self.waiting)
        self.lanes: int = order["lanes"]
        self.memory = 0
        self.late = False
        self.over = threading.Event()
        self.deadline = time.monotonic() + order["limit"]
        self.left: set[int] = set()

    def all(self) -> Cost:
        """Run all of them."""
        watch = threading.Thread(target=self.watch)
        began = time.perf_counter()
        watch.start()
        while self.waiting or self.running:
            while self.waiting and len(self.running) < self.lanes:
                self.start(*self.waiting.pop())
            pid, status = os.wait()
            if pid in self.running:
                number, process = self.running.pop(pid)
                self.codes[number] = process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        self.reap()
        self.over.set()
        watch.join()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Cost(
            seconds,
            used.ru_utime,
            used.ru_stime,
            self.memory,
            used.ru_maxrss << 10,
            tuple(self.codes),
            len(self.left),
            self.late,
        )

    def start(self, number: int, command: dict[str, Any]) -> None:
        """Start a command; what it prints is thrown away, but for its complaints."""
        with (Path(command["cwd"]) / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command["argv"], cwd=command["cwd"], env=command["env"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        self.running[process.pid] = (number, process)

    def reap(self) -> None:
        """Wait for what outlives the commands; kill what takes too long."""
        end = time.monotonic() + LINGER
        with contextlib.suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    if time.monotonic() > end:
                        self.left |= self.kill()
                    time.sleep(0.002)

    def kill(self) -> set[int]:
        """Kill everything below, and return what that was."""
        found = set(below(os.getpid()))
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return found

    def watch(self) -> None:
        """Note the most memory, and end what is late."""
        pause = OFTEN
        while not self.over.wait(pause):
            began = time.thread_time()
            self.memory = max(self.memory, sum(map(memory_of, below(os.getpid()))))
            pause = max(OFTEN, SHARE * (time.thread_time() - began))
            if time.monotonic() > self.deadline:
                self.late = True
                self.waiting.clear()
                self.kill()


def below(pid: int) -> Iterator[int]:
    """Yield the descendants of a process."""
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from below(int(child))


def memory_of(pid: int) -> int:
    """Return the bytes of a process's proportional set size, 0 if it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def main() -> None:
    """Run what standard input says."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("orphans cannot be adopted here, so their CPU could not be counted; this needs Linux")
    json.dump(asdict(Run(json.load(sys.stdin)).all()), sys.stdout)


if __name__ == "__main__":
    main()
