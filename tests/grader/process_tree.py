"""Finds the processes of a grading by walking /proc from a process of the test's own, so that no other one is ever touched."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.grading import strays
from grader.sandbox.inside import lockdown

ROLES = ("worker", "job", "box", "zygote", "student")


@dataclass(frozen=True)
class Process:
    """A process by its id and the time of its start, so that another one with the same id is not taken for it."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Tell whether it runs; one that waits to be reaped does not."""
        found = stat(self.pid)
        return bool(found) and found[19] == self.started and found[0] not in ("Z", "X")

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive():
                os.kill(self.pid, signal.SIGKILL)


def stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat behind the name, none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def children_of(pid: int) -> list[Process]:
    """Return the living children of a process."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                fields = stat(int(child))
                if fields and fields[0] not in ("Z", "X"):
                    found.append(Process(int(child), fields[19]))
    return found


def below(pid: int) -> list[Process]:
    """Return all living descendants of a process."""
    return [process for child in children_of(pid) for process in (child, *below(child.pid))]


def words_of(pid: int) -> list[str]:
    """Return a process's command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def roles_below(pid: int) -> dict[str, list[Process]]:
    """Sort what is below the process that started workers. A worker's command line is also that of its forks."""
    found: dict[str, list[Process]] = {role: [] for role in ROLES}
    found["worker"] = [child for child in children_of(pid) if "grader.grading.worker" in words_of(child.pid)]
    for worker in found["worker"]:
        for child in children_of(worker.pid):
            found["job" if "grader.grading.worker" in words_of(child.pid) else "box"].append(child)
    for box in found["box"]:
        found["zygote"] += children_of(box.pid)
    for zygote in found["zygote"]:
        found["student"] += children_of(zygote.pid)
    return found


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it did not come to be in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


@contextlib.contextmanager
def orphanage() -> Iterator[Callable[[], list[Process]]]:
    """Adopt what loses its parents below this process, and yield a function that returns what came since and still lives."""
    strays.adopt()
    before = set(children_of(os.getpid()))
    try:
        yield lambda: living(before)
    finally:
        lockdown.prctl(strays.PR_SET_CHILD_SUBREAPER, 0)


def living(before: set[Process]) -> list[Process]:
    """Return the living children that were not there before. The dead are reaped, and what they leave is looked for again."""
    known = {process.pid for process in before}
    while True:
        found = strays.children() - known
        dead = {pid for pid in found if stat(pid)[:1] in ([], ["Z"], ["X"])}
        if not dead:
            return [child for child in children_of(os.getpid()) if child.pid in found]
        for pid in dead:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
