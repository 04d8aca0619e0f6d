"""A grading worker as its parent sees it: started per exercise, asked for one report per submission, ended with all it has."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.channel.frames import LENGTH, FrameError, FrameTooLarge, decode, encode
from grader.errors import EngineFault, UsageError
from grader.grading import folders
from grader.grading.surroundings import surroundings
from grader.grading.worker import ATTEMPTS, longest
from grader.models import Exercise, Isolation, TestInfo, Visibility
from grader.sandbox.isolation import Proof
from grader.sandbox.unpack import PIECE
from grader.sandbox.view import ENGINE

START = 120.0
"""Seconds that a worker may take until it is ready."""
LEAVE = 2.0
"""Seconds that a worker has to leave by itself when we hang up."""


@dataclass(frozen=True)
class Ready:
    """What a worker has: the rubric in order, the isolation level that was proven, and the hashes of what it read."""

    rows: tuple[TestInfo, ...]
    proof: Proof
    tests: str = ""
    engine: str = ""


class WorkerDied(EngineFault):
    """The worker ended, gave up or did not answer in time."""


COMPLAINTS = {"UsageError": UsageError, "EngineFault": EngineFault, "WorkerDied": WorkerDied}


class Worker:
    """One worker process. ``private`` is the folder with the private half."""

    def __init__(self, exercise: Exercise, private: Path, slot: int = 0, lanes: int = 1) -> None:
        """Start the worker and wait until it is ready; it may run tests in so many lanes.

        Raises:
            UsageError: something is wrong in the course.
            EngineFault: something of ours is.
        """
        self.exercise = exercise
        self.number = 0
        self.started = time.monotonic()
        self.messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        folders.sweep()
        try:
            self.folder = folders.Folder()
        except OSError as error:
            raise EngineFault(f"no folder for temporary files can be made: {error}") from None
        config = {
            "folder": str(exercise.folder.resolve()),
            "private": str(private.resolve()),
            "slot": slot,
            "lanes": lanes,
            "temporary": str(self.folder.path),
        }
        try:
            self.process = start_process(config)
        except OSError as error:
            self.folder.remove()
            raise EngineFault(f"a grading worker could not be started: {error}") from None
        try:
            self.listener.start()
            self.ready = self.await_ready()
        except RuntimeError as error:
            self.stop()
            raise EngineFault(f"a grading worker could not be listened to: {error}") from None
        except BaseException:
            self.stop()
            raise

    def listen(self) -> None:
        """Put what the worker says into the queue, and None at its end."""
        pipe = self.process.stdout
        assert pipe is not None
        try:
            while len(size := pipe.read(LENGTH.size)) == LENGTH.size:
                self.messages.put(decode(pipe.read(LENGTH.unpack(size)[0]))[0])
        except (OSError, ValueError, FrameError):
            pass  # it was killed in the middle of a message
        finally:
            self.messages.put(None)

    def await_ready(self) -> Ready:
        """Wait until the tests are collected, the box is proven and the reference has full marks."""
        message = self.next_message(START)
        if "error" in message:
            raise COMPLAINTS[message["error"]](message["message"])
        rows = tuple(TestInfo(**{**row, "visibility": Visibility(row["visibility"])}) for row in message["rows"])
        proof = Proof(Isolation(message["isolation"]), tuple(message["mechanisms"]), tuple(message["against"]))
        return Ready(rows, proof, message["tests"], message["engine"])

    def next_message(self, seconds: float) -> dict[str, Any]:
        """Return the next message."""
        try:
            message = self.messages.get(timeout=seconds)
        except queue.Empty:
            message = None
        if message is None:
            self.stop()
            raise WorkerDied("the grading worker ended or did not answer; its messages stand above")
        return message

    def grade(
        self, files: Mapping[str, bytes], seed: int, *, hidden: bool, brief: bool = False, part: str = ""
    ) -> dict[str, Any]:
        """Return the report of one submission (see `grader.grading.job`), a ``brief`` one up to the first failure.

        Raises:
            WorkerDied: take a new worker.
        """
        names = sorted(files)
        return self.answer(
            {"files": names, "seed": seed, "hidden": hidden, "archive": False, "brief": brief, "part": part},
            [files[n] for n in names],
        )

    def unpack(self, archive: bytes) -> dict[str, Any]:
        """Return what is in an archive (see `grader.grading.job.contents_from`).

        Raises:
            WorkerDied: take a new worker.
        """
        for start in range(0, len(archive), PIECE):
            self.send({"piece": 1}, [archive[start : start + PIECE]])
        return self.answer({"files": [], "seed": 0, "hidden": False, "archive": True, "brief": False, "part": ""}, [])

    def answer(self, job: dict[str, Any], blobs: list[bytes]) -> dict[str, Any]:
        """Give out a job and wait for its report."""
        self.number += 1
        self.send({"job": self.number, **job}, blobs)
        report = self.next_message(ATTEMPTS * longest(self.exercise.limits) + START)
        if "error" in report:
            self.stop()
            raise WorkerDied(f"the grading worker gave up: {report['message']}")
        return report

    def send(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        """Send one frame."""
        try:
            frame = encode(header, blobs)
        except FrameTooLarge:
            raise EngineFault("the submission is larger than what a worker takes") from None
        pipe = self.process.stdin
        assert pipe is not None
        try:
            pipe.write(frame)
            pipe.flush()
        except (OSError, ValueError):
            self.stop()
            raise WorkerDied("the grading worker ended") from None

    def hang_up(self) -> None:
        """Have the worker leave by itself, even from the middle of a grading."""
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.close()  # type: ignore[union-attr]

    def stop(self) -> None:
        """End the worker with everything below it, and remove its files; harmless if that was done before."""
        self.hang_up()
        if self.listener.ident is not None:
            self.listener.join(LEAVE)
        if self.process.returncode is None:
            self.kill()
            self.process.wait()
            if self.listener.ident is not None:
                self.listener.join(LEAVE)
        if not self.listener.is_alive():
            self.process.stdout.close()  # type: ignore[union-attr]
        self.folder.remove()

    def kill(self) -> None:
        """Kill the worker, or what outlived it; nobody has taken note of its end yet, so its number is not another's."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()


def start_process(config: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start a worker; its process group is its own. It imports nothing from the working folder: a submission may be there."""
    own = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(path).is_absolute()]
    search = os.pathsep.join([str(ENGINE.parent), *own])
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.grading.worker", json.dumps(config)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env=surroundings(search), start_new_session=True,
    )  # fmt: skip
