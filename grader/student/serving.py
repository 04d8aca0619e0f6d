"""Serves a student's application for the browser: one process at a time, another one after each save.

The listening socket stays here, so that a browser that asks while the process changes only waits a moment.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import importlib.util
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from grader.errors import EngineFault, Misuse
from grader.models import Exercise
from grader.sandbox.view import ENGINE
from grader.student.tracing import work, wraps
from grader.submissions import own_directory
from grader.testing.serve import SERVERS

POLL = 0.3
"""Seconds between two looks at the files."""
SLOW = 5.0
"""Seconds after which a request counts as one that may never end."""
LOOKED_AT = 50
"""Ports that are tried for one that is free."""
GRACE = 0.5
"""Seconds that a request has to come to its end when the process does."""
LAST_WORDS = 2.0
"""Seconds to read what an ended process said: one that it left behind may hold its pipes."""
SAVED = frozenset({".py", ".html", ".css", ".js", ".sql", ".toml", ".json", ".txt", ".csv"})
"""Endings of files that are part of an application; a database is not, or each request would count as a save."""
MOST_FILES = 2000
LINE = 4096
WAITING = 1000
"""Things that happened and nobody has taken yet, at most; code that prints faster than a terminal shows has to wait."""


@dataclass(frozen=True)
class Happened:
    """One thing that came from the process of number ``run``: what it said, what it printed, or its exit code."""

    run: int
    said: Mapping[str, Any] | None = None
    printed: str = ""
    code: int | None = None


def listen(port: int) -> socket.socket:
    """Open the port on this machine's loopback, 0 for any.

    Raises:
        Misuse: it is in use, or not to be had; names the next free one.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EPERM):
            raise EngineFault(f"port {port}: {error.strerror}") from None
    free = next_free(port)
    raise Misuse("port {port} is in use or kept by the system; the next free one is {free}, so say --port {free}",
                 port=port, free=free)  # fmt: skip


def next_free(port: int) -> int:
    """Return the next port that can be had, any one if those that follow cannot."""
    for number in (*range(max(port, 1023) + 1, min(port + LOOKED_AT, 1 << 16)), 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", number)) as found:
            return int(found.getsockname()[1])
    raise EngineFault("this machine has no free port on its loopback")


def check_server(server: str) -> None:
    """See that a server can be started here.

    Raises:
        Misuse: it is not installed, or not for this system.
    """
    if server == "gunicorn" and not hasattr(os, "fork"):
        raise Misuse("gunicorn does not run on this system; take --server waitress")
    if not importlib.util.find_spec(SERVERS[server]):
        raise Misuse("this machine lacks the server {server}; pip install {server} adds it", server=server)


def folder_of(exercise: Exercise, path: Path | None) -> Path:
    """Return the folder in which a student's files lie.

    Raises:
        Misuse: it is none, or files are missing in it.
    """
    folder = (path or exercise.folder).absolute()
    if not folder.is_dir():
        raise Misuse("{path} is no folder; serve runs the files where they lie", path=folder)
    work(exercise, folder)
    return folder.parent if own_directory(folder, exercise) else folder


class Serving:
    """The process that serves, and what is known of it."""

    def __init__(
        self, exercise: Exercise, folder: Path, server: str, listener: socket.socket, scratch: str, texts: Mapping[str, str]
    ) -> None:  # fmt: skip
        self.exercise = exercise
        self.folder = folder
        self.server = server
        self.listener = listener
        self.scratch = scratch
        self.texts = texts
        self.events: queue.Queue[Happened] = queue.Queue(WAITING)
        self.run = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.readers: list[threading.Thread] = []
        self.stamps = self.look()
        self.problem = ""
        self.ready = False
        self.deadline = 0.0
        self.open: dict[str, tuple[float, str]] = {}

    # -- the process

    def start(self, problem: str = "") -> None:
        """Start the process in place of the one before; with a ``problem`` it only serves a page that says so."""
        self.stop()
        self.problem = problem
        self.run += 1
        self.ready, self.open = False, {}
        self.deadline = time.monotonic() + self.exercise.limits.load
        config = self.config(problem)
        passed: dict[str, Any]
        if sys.platform == "win32":
            passed = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        else:
            passed = {"pass_fds": [self.listener.fileno()], "start_new_session": True}
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.student.served", json.dumps(config)], env=environment(),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **passed,
            )  # fmt: skip
        except OSError as error:
            raise EngineFault(f"a process for your app could not be started: {error}") from None
        if sys.platform == "win32":
            self.process.stdin.write(base64.b64encode(self.listener.share(self.process.pid)) + b"\n")  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        self.readers = []
        for target in (self.hear, self.read):
            reader = threading.Thread(target=target, args=(self.run, self.process), daemon=True)
            reader.start()
            self.readers.append(reader)  # only now: one that was not started cannot be joined

    def config(self, problem: str) -> dict[str, Any]:
        """Return what the process has to know."""
        exercise = self.exercise
        factory = exercise.factory
        word = str(Path(self.scratch, "app"))
        settings = {
            name.upper() if factory.takes == "settings" else name: (
                value.replace("{new}", word) if isinstance(value, str) else value
            )
            for name, value in factory.settings.items()
        }
        return {
            "folder": str(self.folder), "module": exercise.module, "server": self.server, "listener": self.listener.fileno(),
            "attribute": exercise.attribute, "wraps": wraps(exercise), "called": exercise.called,
            "takes": factory.takes, "settings": settings, "problem": problem, **self.texts,
        }  # fmt: skip

    def stop(self) -> None:
        """End the process and whatever it started."""
        process, self.process = self.process, None
        if process is None:
            return
        if self.server == "gunicorn":  # its word for "finish what you do"
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        for reader in self.readers:
            reader.join(LAST_WORDS)

    def hear(self, run: int, process: subprocess.Popen[bytes]) -> None:
        """Take what the process says, and its end."""
        for line in lines(process.stdout):
            with contextlib.suppress(ValueError, RecursionError):  # the student's code may write here too
                said = json.loads(line)
                if type(said) is dict:
                    self.tell(Happened(run, said=said))
        self.tell(Happened(run, code=process.wait()))

    def read(self, run: int, process: subprocess.Popen[bytes]) -> None:
        """Take what the student's code prints."""
        for line in lines(process.stderr):
            self.tell(Happened(run, printed=line.decode("utf-8", "backslashreplace")))

    def tell(self, happened: Happened) -> None:
        """Have one thing taken; wait while there are many, unless nobody wants to know any more."""
        while True:
            with contextlib.suppress(queue.Full):
                return self.events.put(happened, timeout=POLL)
            if self.process is None or happened.run != self.run:
                return None

    # -- the files

    def look(self) -> dict[str, tuple[int, int]]:
        """Return when each file was written last, and its size."""
        found: dict[str, tuple[int, int]] = {}
        for path in self.files():
            with contextlib.suppress(OSError):
                status = path.stat()
                found[str(path)] = status.st_mtime_ns, status.st_size
            if len(found) >= MOST_FILES:
                break
        return found

    def files(self) -> Iterator[Path]:
        """Yield the files of the application: those beside the listed ones, and all in listed directories."""
        yield from (path for path in self.folder.glob("*.*") if path.suffix in SAVED)
        for name in self.exercise.files:
            if name.endswith("/"):
                yield from (path for path in (self.folder / name).rglob("*.*") if path.suffix in SAVED)

    def saved(self) -> str:
        """Return the name of a file that was saved since the last look, nothing if there is none."""
        before, self.stamps = self.stamps, self.look()
        changed = [name for name in {**before, **self.stamps} if before.get(name) != self.stamps.get(name)]
        return os.path.relpath(changed[0], self.folder) if changed else ""


def environment() -> dict[str, str]:
    """Return the environment of the process: that of the student, in which the engine is found."""
    search = [str(ENGINE.parent), *(path for path in sys.path if path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search), "PYTHONUTF8": "1"}


def lines(pipe: IO[bytes] | None) -> Iterator[bytes]:
    """Yield lines of a pipe until it ends; very long ones in pieces."""
    assert pipe
    with pipe, contextlib.suppress(OSError, ValueError):
        while line := pipe.readline(LINE):
            yield line
