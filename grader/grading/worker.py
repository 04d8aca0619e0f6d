"""The grading worker: pytest with the tests of one exercise collected once, a warm box, and a fork for every grading.

Speaks frames (`grader.channel.frames`) over stdin and stdout. First it says ``ready`` with the rubric and the isolation
level that was proven; then it answers each ``job``. The reference is graded first: if it is not full marks, the fault is
ours and nothing is graded. A worker that meets a fault which a fresh box does not mend says so and leaves; one whose parent
is gone leaves at once.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader.channel.frames import FrameTooLarge
from grader.course import load_exercise
from grader.errors import EngineFault, UsageError
from grader.grading import folders, strays
from grader.grading.forks import Fork, faulty
from grader.grading.job import Job, Take, arrange, run, settle, whole
from grader.grading.lanes import WORTH, Turns, processors, together
from grader.grading.pipes import HungUp, Pipe
from grader.grading.protocol import run_test
from grader.grading.session import Session
from grader.hashing import engine_hash, exercise_hash
from grader.models import Limits, Verdict
from grader.sandbox.isolation import Proof, enter
from grader.sandbox.plain import Plain
from grader.sandbox.view import preload
from grader.submissions import read_submission, sources
from grader.testing.outcome import NO_ISOLATION
from grader.testing.rubric import Rubric

if TYPE_CHECKING:
    from grader.sandbox.box import Box

SPARE = 5.0
"""Seconds that a grading may take beyond what the submission was allowed before it is our fault."""
ATTEMPTS, FAULTS = 3, 2
"""Runs of one grading at most, and how many of them may end in a fault of ours."""
QUIET = 0.1
"""Seconds without a job after which a worker prepares another lane."""


def longest(limits: Limits) -> float:
    """Return the seconds that one run of a grading may take; the last test may begin when the time is nearly up."""
    return limits.attempt + limits.test + SPARE


class Worker(Session):
    """A session whose test loop serves jobs."""

    def __init__(self, config: dict[str, Any], pipe: Pipe) -> None:
        self.pipe = pipe
        self.slot: int = config["slot"]
        private = Path(config["private"])
        super().__init__(load_exercise(Path(config["folder"]), private))
        self.tests = exercise_hash(self.exercise)
        self.secrets = [private / "tests", private / "solutions"] if self.exercise.hidden_folders else []
        self.boxes: list[Box | Plain] = []
        self.proof: Proof
        self.rubric: Rubric
        self.alone = hasattr(os, "fork")
        self.lanes: int = config["lanes"] if self.alone else 1
        self.loaded: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test without pytest's reports, where each job has a process of its own."""
        if self.alone:
            run_test(item, nextitem)
            return True
        return None  # pytest's own runner also tidies up for the next job

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Prepare, prove the tests with the reference, and serve until the parent hangs up or something of ours breaks."""
        with contextlib.suppress(HungUp):
            try:
                self.prepare(session)
                self.pipe.send(self.ready())
                self.serve(session)
            except (EngineFault, UsageError, OSError) as error:
                self.pipe.send(complaint(error))
            finally:
                for box in self.boxes:
                    box.stop()
                strays.end(set())
        return True

    def serve(self, session: pytest.Session) -> None:
        """Answer jobs; the bytes of an archive come before its job, in pieces that fit into frames."""
        pieces: list[bytes] = []
        while message := self.pipe.receive():
            header, blobs = message
            if "piece" in header:
                pieces += blobs
                continue
            files = dict(zip(header["files"], blobs, strict=True))
            archive = b"".join(pieces) if header["archive"] else None
            pieces.clear()
            job = Job(header["job"], files, header["seed"], header["hidden"], archive, header["brief"],
                      header["part"])  # fmt: skip
            self.answer(self.grade(session, job))
            if len(self.boxes) < self.lanes and self.pipe.quiet(QUIET):
                self.open_lane(session)

    def prepare(self, session: pytest.Session) -> None:
        """Read the rubric, enter the box, grade the reference."""
        if exercise_hash(self.exercise) != self.tests:
            raise EngineFault(f"{self.exercise.name}: its tests were changed while they were read; try again")
        self.rubric = self.collected(session)
        strays.adopt()
        box, self.proof = self.enter()
        self.boxes.append(box)
        if self.exercise.hidden_folders or (self.exercise.kind == "diagnostic" and self.exercise.reference_folder):
            self.check_reference(session)
        gc.collect()
        gc.freeze()

    def enter(self) -> tuple[Box | Plain, Proof]:
        """Enter a box, the best one that there is."""
        slot = self.slot + len(self.boxes)
        return enter(self.exercise.limits, self.secrets, slot, preload(sources(self.exercise)))

    def open_lane(self, session: pytest.Session) -> None:
        """Enter one more box if there is use for it, or never again if it is not as good as the first one."""
        groups = together(session.items, self.exercise)
        self.lanes = min(self.lanes, len(groups) // WORTH)
        if len(self.boxes) >= self.lanes:
            return
        with contextlib.suppress(EngineFault, OSError):
            box, proof = self.enter()
            if proof.level == self.proof.level:
                self.boxes.append(box)
                return
            box.stop()
        self.lanes = len(self.boxes)

    def check_reference(self, session: pytest.Session) -> None:
        """Grade the reference; anything but full marks is a fault of the course or of the engine."""
        folder = self.exercise.reference_folder
        if folder is None:
            raise UsageError(f"{self.exercise.name} has hidden tests but no reference in solutions/ to prove them with")
        reference = read_submission(folder, self.exercise)
        self.loaded = set(sys.modules)
        report = self.grade(session, Job(0, reference.files, 0, hidden=True))
        failed = [name for name, test in report["tests"].items() if not proven(test)]
        if report["fault"] or failed or set(report["tests"]) != set(self.rubric.rows):
            said = report["fault"] or ", ".join(f"{name}: {report['tests'][name]['staff'].strip()}" for name in failed)
            raise EngineFault(f"{folder}: the reference is not full marks, so nothing is graded: {said}")
        for name in report.get(
            "imported", ()
        ):  # what the tests' libraries import when they are used, once for all forks
            with contextlib.suppress(Exception):
                importlib.import_module(name)

    def ready(self) -> dict[str, Any]:
        """Say what this worker has."""
        rows = [{**asdict(row), "title": dict(row.title)} for row in self.rubric.rows.values()]
        return {"ready": 1, "rows": rows, "isolation": int(self.proof.level), "mechanisms": list(self.proof.mechanisms),
                "against": list(self.proof.against), "tests": self.tests, "engine": engine_hash()}  # fmt: skip

    def answer(self, report: dict[str, Any]) -> None:
        """Send a report; one that no frame holds is a fault."""
        try:
            self.pipe.send(report)
        except FrameTooLarge as error:
            self.pipe.send(faulty(f"a report of {error} bytes"))

    # -- one job

    def grade(self, session: pytest.Session, job: Job) -> dict[str, Any]:
        """Grade one submission; each run counts as a whole or not at all.

        After a fault of ours there is another run in a fresh box. A process that got SIGKILL from nobody we know was killed
        from outside, or by the submission itself, and nothing tells which: the run is believed if another one agrees.
        """
        killed: list[list[str]] = []
        faults = 0
        for _ in range(ATTEMPTS):
            report = self.attempt(session, job)
            if report["fault"]:
                for box in self.boxes:
                    box.restart()
                faults += 1
                if faults == FAULTS:
                    return report
            elif not report["killed"] or report["killed"] in killed:
                return report
            else:
                killed.append(report["killed"])
        return faulty(
            "student processes were killed, in other tests each time: from outside, or by the submission at random"
        )

    def attempt(self, session: pytest.Session, job: Job) -> dict[str, Any]:
        """Run a job with a folder for its files, and clean up behind it."""
        with tempfile.TemporaryDirectory(prefix="job-", ignore_cleanup_errors=True) as folder:
            if not self.alone:
                return run(session.items, job, self.exercise, self.boxes[0], boxed=False)
            report = self.forked(session, job, folder)
        try:
            for box in self.boxes:
                box.sweep(job.number)
        except EngineFault as error:
            report["fault"] = report["fault"] or f"{type(error).__name__}: {error}"
        strays.end({box.process.pid for box in self.boxes if not isinstance(box, Plain)})
        return report

    def forked(self, session: pytest.Session, job: Job, folder: str) -> dict[str, Any]:
        """Run a job in a fork, or in one for each lane, and return its report or what became of the forks.

        Raises:
            HungUp: the parent is gone; so are the forks.
        """
        deadline = time.monotonic() + longest(self.exercise.limits)
        groups = together(arrange(session.items, self.exercise, job), self.exercise) if len(self.boxes) > 1 else []
        boxes = self.boxes[: max(1, len(groups))]
        work = partial(self.work, session, job, folder, os.getpid())
        if job.archive is not None or job.brief or len(boxes) == 1:
            return Fork(partial(work, boxes[0])).report(deadline, self.pipe.reader)
        turns = Turns(groups)
        lanes = [partial(work, box, cpu, turns.take) for box, cpu in zip(boxes, processors(len(boxes)), strict=True)]
        return turns.run(lanes, deadline, self.exercise.limits.deaths, self.pipe.reader)

    def work(
        self,
        session: pytest.Session,
        job: Job,
        folder: str,
        parent: int,
        box: Box | Plain,
        cpu: int | None = None,
        take: Take = whole,
    ) -> dict[str, Any]:
        """Do a job, or a lane's part of it, in a fork."""
        settle(parent, cpu)
        tempfile.tempdir = folder
        report = run(session.items, job, self.exercise, box, boxed=box.boxed, alone=True, take=take)
        return report if job.number else report | {"imported": sorted(set(sys.modules) - self.loaded)}


def complaint(error: Exception) -> dict[str, Any]:
    """Return the message of a worker that gives up: the course is wrong, we are, or it may pass and another may try."""
    kind = type(error).__name__ if type(error) in (UsageError, EngineFault) else "WorkerDied"
    return {"error": kind, "message": str(error)}


def proven(test: Mapping[str, Any]) -> bool:
    """Tell whether the reference passed a test, or could not try it on this machine, which costs every attempt its score."""
    return bool(test["verdict"] == Verdict.PASSED or test["detail"].get("reason") == NO_ISOLATION)


def main() -> None:
    """Serve one exercise; the configuration is the only argument, as JSON."""
    config = json.loads(sys.argv[1])
    pipe = Pipe()
    folder = Path(config["temporary"])
    try:
        move_in(folder)
        Worker(config, pipe).run()
    except (EngineFault, UsageError, OSError) as error:
        with contextlib.suppress(HungUp):
            pipe.send(complaint(error))
    except HungUp:
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_in(folder: Path) -> None:
    """Hold the folder for temporary files as long as this process lives, and put all of them there."""
    if folders.hold(folder) is None:
        raise FileNotFoundError(f"{folder} is gone, so there is no place for temporary files")
    tempfile.tempdir = str(folder)
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)))


if __name__ == "__main__":
    main()
