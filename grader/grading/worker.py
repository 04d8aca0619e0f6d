"""The grading worker: pytest with the tests of one exercise collected once, a warm box, and a fork for every grading.

Speaks frames (`grader.channel.frames`) over stdin and stdout. First it says ``ready`` with the rubric and the isolation
level that was proven; then it answers each ``job``. The reference is graded first: if it is not full marks, the fault is
ours and nothing is graded.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from grader.channel.frames import LENGTH, decode, encode
from grader.course import load_exercise
from grader.errors import EngineFault, UsageError
from grader.grading.job import Job, run
from grader.models import Exercise, Verdict
from grader.sandbox.isolation import Proof, enter
from grader.sandbox.plain import Plain
from grader.submissions import read_submission
from grader.testing.outcome import NO_ISOLATION
from grader.testing.parity import GRADED
from grader.testing.plugin import RUNTIME
from grader.testing.rubric import Rubric, read_rubric

if TYPE_CHECKING:
    from grader.sandbox.box import Box

INI = Path(__file__).with_name("pytest.ini")
MEMORY = 512 << 20
"""Bytes that one grading may keep: a library that is led to unpack or to collect more fails its test."""
SPARE = 15.0
"""Seconds that a grading may take beyond the submission's own budget before it is our fault."""


class Pipe:
    """Frames over the worker's stdin and stdout; what tests print goes to stderr."""

    def __init__(self) -> None:
        self.reader = os.fdopen(os.dup(0), "rb")
        self.writer = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def send(self, header: dict[str, Any]) -> None:
        """Send one message."""
        self.writer.write(encode(header, []))
        self.writer.flush()

    def receive(self) -> tuple[dict[str, Any], list[bytes]] | None:
        """Return the next message, None when the parent has hung up."""
        size = self.reader.read(LENGTH.size)
        return decode(self.reader.read(LENGTH.unpack(size)[0])) if len(size) == LENGTH.size else None


class Worker:
    """A pytest plugin whose test loop serves jobs."""

    def __init__(self, config: dict[str, Any], pipe: Pipe) -> None:
        self.pipe = pipe
        self.slot: int = config["slot"]
        private = Path(config["private"])
        self.exercise: Exercise = load_exercise(Path(config["folder"]), private)
        self.secrets = [private / "tests", private / "solutions"] if self.exercise.hidden_folders else []
        self.box: Box | Plain
        self.proof: Proof
        self.rubric: Rubric
        self.failed_collection: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place of a student's own run: each job brings its own runtime."""
        config.stash[RUNTIME] = no_job
        config.stash[GRADED] = self.exercise
        config.option.tbstyle = "value"  # nobody reads pytest's long tracebacks, which cost 20 ms each

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember tests that could not be collected."""
        if report.failed:
            self.failed_collection.append(str(report.longrepr))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Prepare, prove the tests with the reference, and serve."""
        try:
            self.prepare(session)
        except (EngineFault, UsageError) as error:
            self.pipe.send({"error": type(error).__name__, "message": str(error)})
            return True
        self.pipe.send(self.ready())
        try:
            while message := self.pipe.receive():
                header, blobs = message
                files = dict(zip(header["files"], blobs, strict=True))
                self.pipe.send(self.grade(session, Job(header["job"], files, header["seed"], header["hidden"])))
        finally:
            self.box.stop()
        return True

    def prepare(self, session: pytest.Session) -> None:
        """Read the rubric, enter the box, grade the reference."""
        if self.failed_collection:
            raise UsageError("tests of the course cannot be collected:\n" + "\n".join(self.failed_collection))
        if not session.items:
            raise UsageError(f"{self.exercise.folder}: the exercise has no tests")
        self.rubric = read_rubric(session.items, self.exercise, complete=True)
        self.box, self.proof = enter(self.exercise.limits, self.secrets, self.slot)
        gc.collect()
        gc.freeze()
        if self.exercise.hidden_folders:
            self.check_reference(session)

    def check_reference(self, session: pytest.Session) -> None:
        """Grade the reference; anything but full marks is a fault of the course or of the engine."""
        folder = self.exercise.reference_folder
        if folder is None:
            raise UsageError(f"{self.exercise.name} has hidden tests but no reference in solutions/ to prove them with")
        reference = read_submission(folder, self.exercise)
        report = self.grade(session, Job(0, reference.files, 0, hidden=True))
        failed = [name for name, test in report["tests"].items() if not proven(test)]
        if report["fault"] or failed or set(report["tests"]) != set(self.rubric.rows):
            said = report["fault"] or ", ".join(f"{name}: {report['tests'][name]['staff'].strip()}" for name in failed)
            self.box.stop()
            raise EngineFault(f"{folder}: the reference is not full marks, so nothing is graded: {said}")

    def ready(self) -> dict[str, Any]:
        """Say what this worker has."""
        rows = [{**asdict(row), "title": dict(row.title)} for row in self.rubric.rows.values()]
        return {"ready": 1, "rows": rows, "isolation": int(self.proof.level), "mechanisms": list(self.proof.mechanisms),
                "against": list(self.proof.against)}  # fmt: skip

    # -- one job

    def grade(self, session: pytest.Session, job: Job) -> dict[str, Any]:
        """Grade one submission; a fault of ours gets a second chance in a fresh box."""
        report = self.attempt(session, job)
        if report["fault"]:
            with contextlib.suppress(EngineFault):
                self.box.restart()
                report = self.attempt(session, job)
        return report

    def attempt(self, session: pytest.Session, job: Job) -> dict[str, Any]:
        """Grade in a fork, and clean the box behind it."""
        if not hasattr(os, "fork"):
            return run(session.items, job, self.exercise, self.box, boxed=False)
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            report = self.forked(session, job, folder)
        try:
            self.box.sweep(job.number)
        except (EngineFault, OSError) as error:
            report["fault"] = report["fault"] or f"BoxDied: {error}"
        return report

    def forked(self, session: pytest.Session, job: Job, folder: str) -> dict[str, Any]:
        """Run a job in a fork with a folder for its files, and return its report or what became of the fork."""
        reader, writer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            code = 70
            try:
                settle(parent)
                tempfile.tempdir = folder
                report = run(session.items, job, self.exercise, self.box, boxed=self.box.boxed, alone=True)
                with os.fdopen(writer, "wb") as file:
                    file.write(json.dumps(report).encode())
                code = 0
            except BaseException:  # noqa: BLE001 - nothing may return from the fork
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writer)
        data, late = read_all(reader, self.exercise.limits.attempt + SPARE)
        if late:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        try:
            return dict(json.loads(data))
        except ValueError:
            fault = "the grading took too long" if late else "the grading process died"
            return {"tests": {}, "output": "", "fault": fault, "late": late}


def proven(test: Mapping[str, Any]) -> bool:
    """Tell whether the reference passed a test, or could not try it on this machine, which costs every attempt its score."""
    return bool(test["verdict"] == Verdict.PASSED or test["detail"].get("reason") == NO_ISOLATION)


def no_job(item: pytest.Item) -> NoReturn:
    """Refuse fixtures of submissions outside a job."""
    raise EngineFault(f"{item.nodeid} was run outside a job")


def settle(parent: int) -> None:
    """Make sure that a fork does not outlive its parent, takes no more than its memory, and stays on its processor."""
    if sys.platform == "linux":
        import resource

        from grader.sandbox.inside import lockdown

        lockdown.prctl(lockdown.PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        lockdown.stay_on(lockdown.current_cpu())
        if os.getppid() != parent:
            os._exit(71)


def read_all(descriptor: int, seconds: float) -> tuple[bytes, bool]:
    """Read until the end or until time is up; say whether it was."""
    deadline = time.monotonic() + seconds
    data = bytearray()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    try:
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                return bytes(data), True
            part = os.read(descriptor, 1 << 16)
            if not part:
                return bytes(data), False
            data += part
    finally:
        os.close(descriptor)


def main() -> None:
    """Serve one exercise; the configuration is the only argument, as JSON."""
    config = json.loads(sys.argv[1])
    pipe = Pipe()
    try:
        worker = Worker(config, pipe)
    except UsageError as error:
        pipe.send({"error": "UsageError", "message": str(error)})
        return
    folders = [str(worker.exercise.folder)]
    if worker.exercise.hidden_folder:
        folders.append(str(worker.exercise.hidden_folder))
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    arguments = [
        "-c",
        str(INI),
        "--rootdir",
        str(worker.exercise.folder.parents[1]),
        "-p",
        "grader.testing.plugin",
        *folders,
    ]
    code = pytest.main(arguments, plugins=[worker])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
        with contextlib.suppress(OSError):
            complaint = "\n".join(worker.failed_collection) or f"pytest stopped with {code!s}"
            pipe.send({"error": "UsageError", "message": complaint})


if __name__ == "__main__":
    main()
