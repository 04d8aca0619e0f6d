"""Level none: a subprocess over pipes with a deadline, on any operating system. It keeps nothing from anybody.

For a student's own work on the own machine, and for submissions that staff wrote.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from grader.channel.frames import MAX_FRAME, FrameError, encode
from grader.channel.remote import StudentGone
from grader.errors import EngineFault
from grader.models import Limits
from grader.sandbox.process import Ending, StudentProcess
from grader.sandbox.view import ENGINE

if TYPE_CHECKING:
    from grader.sandbox.nursery import Line, Nursery

LOOK = 0.1
"""Seconds between two looks at a write that may hang; a timer for each frame would cost more than the frame."""
LANES = 4
"""Student processes that run at the same time for one submission of a student's own, at most."""


class Plain:
    """Starts student processes without walls: as programs, or by a line to a nursery."""

    boxed = False

    def __init__(self, limits: Limits, line: Line | None = None) -> None:
        self.limits = limits
        self.line = line

    def spawn(self, files: Mapping[str, bytes], listener: socket.socket | None = None) -> PlainProcess:  # noqa: ARG002
        """Start a student process with these files; it opens its own sockets."""
        process = self.start()
        names = sorted(files)
        try:
            process.deliver(encode({"files": names}, [files[name] for name in names]))
        except BaseException:  # nobody else knows of it yet; somebody may have pressed Ctrl-C
            process.discard()
            raise
        return process

    def start(self) -> PlainProcess:
        """Start a process that waits for its files."""
        return PlainProcess(self.limits, self.line)

    def sweep(self, job: int) -> None:
        """End a job; each process cleaned up after itself."""

    def stop(self) -> None:
        """End; nothing is kept running."""

    def restart(self) -> None:
        """Begin anew; there is nothing to renew."""


def environment() -> dict[str, str]:
    """Return only what a Python needs to start."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    wanted = {name: os.environ[name] for name in kept if name in os.environ}
    search = os.pathsep.join(path for path in (str(ENGINE.parent), *sys.path) if path)
    return wanted | {"PYTHONPATH": search, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}


def start_process(config: dict[str, object]) -> subprocess.Popen[bytes]:
    """Start a student process as a program of its own."""
    command = [sys.executable, "-P", "-m", "grader.sandbox.inside.student", json.dumps(config)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        start_new_session=True,
    )  # fmt: skip


def as_bytes(path: Path | str) -> str:
    """Return the bytes of a path as text: the process decodes the names of files in a way of its own."""
    return os.fsencode(path).decode("latin-1")


class Ahead(Plain):
    """Prepares at once for the processes that somebody will want.

    Where processes can fork, a nursery imports ``modules`` for all of them. Elsewhere the first one is started at once, and with
    ``always`` each next one too.
    """

    def __init__(self, limits: Limits, modules: Iterable[str] = (), *, always: bool = False) -> None:
        self.nursery = start_nursery(modules)
        super().__init__(limits, self.nursery.lines[0] if self.nursery else None)
        self.always = always
        self.waiting = None if self.nursery else PlainProcess(limits)
        self.wanted: list[PlainProcess] = []

    def start(self) -> PlainProcess:
        """Return the process that was started ahead, or a new one."""
        process, self.waiting = self.waiting, None
        if process is None:
            process = super().start()
        elif self.always:
            self.waiting = PlainProcess(self.limits)
        process.deadline = time.monotonic() + self.limits.load
        self.wanted.append(process)
        return process

    def lanes(self) -> list[Plain]:
        """Return what starts student processes in each lane; this one does it in the first."""
        return [self, *(Plain(self.limits, line) for line in (self.nursery.lines[1:] if self.nursery else ()))]

    def stop(self) -> None:
        """End the process that nobody wanted, and those that are left where somebody pressed Ctrl-C in the middle."""
        for process in [*self.wanted, *filter(None, [self.waiting])]:
            process.discard()
        self.waiting = None
        if self.nursery:
            self.nursery.stop()


def start_nursery(modules: Iterable[str]) -> Nursery | None:
    """Start a nursery where processes can fork.

    Raises:
        EngineFault: it cannot be started.
    """
    if not hasattr(os, "fork"):
        return None
    from grader.sandbox.nursery import Nursery

    try:
        return Nursery(environment(), modules, LANES)
    except OSError as error:
        raise EngineFault(f"student processes cannot be started: {error}") from None


class PlainProcess(StudentProcess):
    """A subprocess; two threads read its pipes and one minds the third, for not every system waits for pipes with a deadline."""

    loopback = True

    def __init__(self, limits: Limits, line: Line | None = None, folder: str | None = None) -> None:
        super().__init__(limits)
        self.line = line
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="submission-")
        config = {"paths": [as_bytes(ENGINE.parent)], "folder": as_bytes(self.folder), "cpu": limits.cpu}
        try:
            self.process = line.fork(config) if line else start_process(config)
        except BaseException as error:
            if self.own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise EngineFault(f"a student process did not start: {error}") from None
            raise
        self.arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self.writing_until: float | None = None
        self.done = threading.Event()
        threading.Thread(target=self.mind, daemon=True).start()
        for kind, pipe in (("frames", self.process.stdout), ("output", self.process.stderr)):
            threading.Thread(target=self.pump, args=(kind, pipe), daemon=True).start()

    def beside(self) -> PlainProcess | None:
        """Have another process forked in the same folder; a program of its own would have no less to import than any other."""
        if not self.line:
            return None
        process = PlainProcess(self.limits, self.line, self.folder)
        process.deliver(encode({"files": []}, []))
        return process

    def pump(self, kind: str, pipe: IO[bytes]) -> None:
        """Move bytes from a pipe to the queue until it ends."""
        with contextlib.suppress(OSError, ValueError):
            while data := pipe.read1(1 << 16):  # type: ignore[attr-defined]
                self.arrived.put((kind, data))
        self.arrived.put((kind, b""))

    def send(self, frame: bytes) -> None:
        """Send one frame; the process reads whenever it is not busy, so a full pipe is a deadline's matter."""
        self.writing_until = time.monotonic() + self.left()
        try:
            self.process.stdin.write(frame)  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except (OSError, ValueError):
            raise self.gone() from None
        finally:
            self.writing_until = None

    def mind(self) -> None:
        """Kill a process that does not read until the deadline of what is written to it."""
        while not self.done.wait(LOOK):
            until = self.writing_until
            if until is not None and time.monotonic() > until:
                self.kill()

    def wait(self) -> None:
        """Wait for bytes of either kind."""
        try:
            self.take(*self.arrived.get(timeout=self.left()))
        except queue.Empty:
            self.left()

    def look(self) -> None:
        """Take what is there."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.take(*self.arrived.get_nowait())

    def take(self, kind: str, data: bytes) -> None:
        """Sort what arrived."""
        if kind == "output":
            self.take_output(data)
        elif not data:
            raise self.gone()
        else:
            self.buffer += data
            if len(self.buffer) > 2 * MAX_FRAME:
                raise FrameError("more bytes than any answer has")

    def kill(self) -> None:
        """Kill the process with the commands that it runs; what left its group is out of our reach at this level."""
        if hasattr(os, "killpg") and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()

    def connect(self, port: int) -> socket.socket | None:
        """Connect to a port of this machine's loopback: at this level the submission has no other."""
        try:
            return socket.create_connection(("127.0.0.1", port), max(0.01, self.test_deadline - time.monotonic()))
        except OSError:
            return None

    def end(self) -> Ending:
        """Return how the process ended; one that only closed its channel is killed."""
        try:
            code = self.process.wait(0.25)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
            return Ending(None, "killed")
        return Ending(-code if code < 0 else code << 8)

    def discard(self) -> None:
        """End the process and remove its folder."""
        self.done.set()
        self.kill()
        self.process.wait()
        with contextlib.suppress(StudentGone):
            self.look()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
