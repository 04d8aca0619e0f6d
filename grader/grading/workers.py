"""A grading worker as its parent sees it: started per exercise, asked for one report per submission, replaced when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.channel.frames import LENGTH, FrameTooLarge, decode, encode
from grader.errors import EngineFault, UsageError
from grader.grading.surroundings import surroundings
from grader.grading.worker import SPARE
from grader.models import Exercise, Isolation, TestInfo, Visibility
from grader.sandbox.isolation import Proof
from grader.sandbox.unpack import PIECE
from grader.sandbox.view import ENGINE

START = 120.0
"""Seconds that a worker may take until it is ready."""


@dataclass(frozen=True)
class Ready:
    """What a worker has: the rubric in order, and the isolation level that was proven."""

    rows: tuple[TestInfo, ...]
    proof: Proof


class WorkerDied(EngineFault):
    """The worker ended or did not answer in time."""


class Worker:
    """One worker process. ``private`` is the folder with the private half."""

    def __init__(self, exercise: Exercise, private: Path, slot: int = 0) -> None:
        config = {
            "folder": str(exercise.folder.resolve()),
            "private": str(private.resolve()),
            "slot": slot,
        }
        self.exercise = exercise
        self.number = 0
        search = os.pathsep.join([str(ENGINE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grader.grading.worker", json.dumps(config)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=surroundings(search), start_new_session=True,
        )  # fmt: skip
        self.messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self.listen, daemon=True).start()
        self.ready = self.await_ready()

    def listen(self) -> None:
        """Put what the worker says into the queue, and None at its end."""
        with contextlib.suppress(OSError, ValueError):
            pipe = self.process.stdout
            assert pipe is not None
            while len(size := pipe.read(LENGTH.size)) == LENGTH.size:
                self.messages.put(decode(pipe.read(LENGTH.unpack(size)[0]))[0])
        self.messages.put(None)

    def await_ready(self) -> Ready:
        """Wait until the tests are collected, the box is proven and the reference has full marks.

        Raises:
            UsageError: something is wrong in the course.
            EngineFault: something of ours is.
        """
        message = self.next_message(START)
        if "error" in message:
            self.stop()
            raise (UsageError if message["error"] == "UsageError" else EngineFault)(message["message"])
        rows = tuple(TestInfo(**{**row, "visibility": Visibility(row["visibility"])}) for row in message["rows"])
        proof = Proof(Isolation(message["isolation"]), tuple(message["mechanisms"]), tuple(message["against"]))
        return Ready(rows, proof)

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

    def grade(self, files: Mapping[str, bytes], seed: int, *, hidden: bool) -> dict[str, Any]:
        """Return the report of one submission (see `grader.grading.job.run`).

        Raises:
            WorkerDied: take a new worker.
        """
        names = sorted(files)
        return self.answer(
            {"files": names, "seed": seed, "hidden": hidden, "archive": False}, [files[n] for n in names]
        )

    def unpack(self, archive: bytes) -> dict[str, Any]:
        """Return what is in an archive (see `grader.grading.job.contents_from`).

        Raises:
            WorkerDied: take a new worker.
        """
        for start in range(0, len(archive), PIECE):
            self.send({"piece": 1}, [archive[start : start + PIECE]])
        return self.answer({"files": [], "seed": 0, "hidden": False, "archive": True}, [])

    def answer(self, job: dict[str, Any], blobs: list[bytes]) -> dict[str, Any]:
        """Give out a job and wait for its report."""
        self.number += 1
        self.send({"job": self.number, **job}, blobs)
        report = self.next_message(2 * (self.exercise.limits.attempt + SPARE) + START)
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
        except OSError:
            self.stop()
            raise WorkerDied("the grading worker ended") from None

    def stop(self) -> None:
        """End the worker; what is below it ends with it."""
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                pipe.close()  # type: ignore[union-attr]
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
