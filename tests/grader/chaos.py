"""Grades while processes are killed and resources are taken away at random, and counts what comes out.

``python -m tests.grader.chaos --strikes 300`` runs it by hand; the seed repeats the choices, though not the machine's timing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import load_course
from grader.grading.grade import Grader
from grader.models import Attempt, Exercise, Isolation, Submission
from grader.submissions import read_submission
from tests.grader.process_tree import ROLES, Process, below, orphanage, roles_below, wait_for

ROOT = Path(__file__).parents[2]
NAME = "a1_hello_wsgi"
SAMPLES = ("partial", "class_exhausted", "shapes_missing", "raises")
"""Submissions that earn everything, about half, three quarters, nothing."""
LIMITS = "\n[limits]\ncall = 30.0\nload = 60.0\ntest = 120.0\nattempt = 300.0\n"
"""Nobody's time is up on a busy machine: that would be another verdict, and the right one."""
GONE = 15.0
LATER = 0.05
"""Seconds at most between the moment when a process is seen and the one when it is killed."""
PACE = 0.2
"""The mean time between two strikes, in parts of what the start of a worker and four gradings take."""


@dataclass
class Tally:
    """What became of the gradings, and what was done to them."""

    strikes: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a few lines for people."""
        return (
            f"strikes {sum(self.strikes.values())}: {dict(self.strikes)}\nattempts {dict(self.attempts)}\n"
            f"faults {dict(self.faults)}\nwrong {self.wrong}\nleft {self.left}"
        )


class Chaos(threading.Thread):
    """Strikes at random times at whatever is below this process and belongs to a grading, or at the course's files."""

    def __init__(self, rng: random.Random, course: Path, pace: float, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.rng = rng
        self.course = course
        self.pace = pace
        self.tally = tally
        self.over = threading.Event()
        self.count = 0
        self.ways: tuple[Callable[[], str], ...] = (
            *[self.kill] * 8, self.take_descriptors, self.remove_folder, self.break_reference, self.hide_a_test,
        )  # fmt: skip

    def run(self) -> None:
        """Strike until it is over."""
        while not self.over.wait(self.rng.uniform(0, 2 * self.pace)):
            done = self.rng.choice(self.ways)()
            if done:
                self.count += 1
                self.tally.strikes[done] += 1

    def stop(self) -> None:
        """Let the last strike end."""
        self.over.set()
        self.join()

    def kill(self) -> str:
        """Kill one process soon after there is one of the role that was chosen."""
        role, later = self.rng.choice(ROLES), self.rng.uniform(0, LATER)
        deadline = time.monotonic() + 2 * self.pace
        while not self.over.is_set() and time.monotonic() < deadline:
            if roles_below(os.getpid())[role]:
                self.over.wait(later)
                found = roles_below(os.getpid())[role]
                if found:
                    self.rng.choice(found).kill()
                    return role
            self.over.wait(0.002)
        return ""

    def worker(self) -> Process | None:
        """Return the worker if there is one."""
        return next(iter(roles_below(os.getpid())["worker"]), None)

    def take_descriptors(self) -> str:
        """Leave the worker next to no file descriptors."""
        worker = self.worker()
        if worker is None:
            return ""
        limit = (self.rng.randrange(4, 20), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, limit)
        return "descriptors"

    def remove_folder(self) -> str:
        """Remove what there is of temporary files."""
        for path in Path(tempfile.gettempdir()).glob("grader-worker-*"):
            shutil.rmtree(path, ignore_errors=True)
        return "folder"

    def break_reference(self) -> str:
        """Break the reference for a moment."""
        return self.for_a_moment(self.course / "solutions" / NAME / "app.py", b"broken = True\n", "reference")

    def hide_a_test(self) -> str:
        """Take hidden tests away for a moment."""
        return self.for_a_moment(self.course / "tests" / "hidden" / NAME / "test_contract.py", b"", "tests")

    def for_a_moment(self, path: Path, content: bytes, what: str) -> str:
        """Write something else into a file, kill the worker so that the next one reads it, and undo it."""
        text = path.read_bytes()
        path.write_bytes(content)
        worker = self.worker()
        if worker:
            worker.kill()
        self.over.wait(self.rng.uniform(0, self.pace))
        path.write_bytes(text)
        return what


def make_course(folder: Path) -> Path:
    """Copy the course, with limits that nobody reaches."""
    for tree in ("exercises", "solutions", "tests/hidden"):
        shutil.copytree(ROOT / tree / NAME, folder / tree / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = folder / "exercises" / NAME / "exercise.toml"
    text = manifest.read_text(encoding="utf-8")
    assert "[limits]" not in text
    before, mark, rest = text.partition("[[hidden]]")
    manifest.write_text(f"{before}{LIMITS}\n{mark}{rest}", encoding="utf-8")
    return folder


def read_samples(exercise: Exercise) -> list[Submission]:
    """Read the submissions that are graded in turns."""
    return [read_submission(ROOT / "tests" / "submissions" / NAME / name, exercise, name) for name in SAMPLES]


def verdicts(attempt: Attempt) -> dict[str, str]:
    """Return what each test came to."""
    return {result.info.id: str(result.verdict) for result in attempt.results}


def grade_in_chaos(folder: Path, seed: int, strikes: int, seconds: float) -> Tally:
    """Grade until there were so many strikes, for some seconds at most; temporary files go where they always go."""
    rng, tally = random.Random(seed), Tally()
    course = make_course(folder)
    exercise = load_course(course).exercises[NAME]
    samples = read_samples(exercise)
    with orphanage() as left:
        grader = Grader(load_course(course), course, Isolation.FULL, seed=1)
        try:
            began = time.monotonic()
            calm = [grader.grade(sample) for sample in samples]
            assert all(attempt.score for attempt in calm), [dict(attempt.detail) for attempt in calm]
            right = [verdicts(attempt) for attempt in calm]
            chaos = Chaos(rng, course, (time.monotonic() - began) * PACE, tally)
            chaos.start()
            try:
                while chaos.count < strikes and time.monotonic() - began < seconds:
                    number = rng.randrange(len(samples))
                    before = chaos.count
                    count(tally, grader.grade(samples[number]), right[number], struck=chaos.count > before)
            finally:
                chaos.stop()
            count_calm(tally, [grader.grade(sample) for sample in samples * 2], right * 2)
        finally:
            grader.close()
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not left(), GONE)
        tally.left += [f"process {process.pid}" for process in left()]
    tally.left += [str(path) for path in Path(tempfile.gettempdir()).glob("grader-worker-*")]
    return tally


def count(tally: Tally, attempt: Attempt, right: dict[str, str], *, struck: bool) -> None:
    """Sort an attempt: right at once, right although it was struck, reported as ours, or wrong."""
    if attempt.score is None and attempt.outcome.ours and not any(v == "passed" for v in verdicts(attempt).values()):
        tally.attempts["reported"] += 1
        tally.faults[f"{attempt.outcome}: {attempt.detail['message'][:70]}"] += 1
    elif attempt.score is not None and verdicts(attempt) == right:
        tally.attempts["right although struck" if struck else "right"] += 1
    else:
        found = verdicts(attempt)
        other = {name: (found.get(name), wanted) for name, wanted in right.items() if found.get(name) != wanted}
        tally.attempts["wrong"] += 1
        tally.wrong.append(f"{attempt.student} {attempt.outcome} {attempt.score} {other}")


def count_calm(tally: Tally, attempts: list[Attempt], right: list[dict[str, str]]) -> None:
    """When nothing is struck any more every submission is graded, but for the first one, which may find a wreck."""
    for attempt, wanted in list(zip(attempts, right, strict=True))[1:]:
        if attempt.score is None or verdicts(attempt) != wanted:
            tally.wrong.append(f"afterwards: {attempt.student} {attempt.outcome} {dict(attempt.detail)}")


def kill_command_line(folder: Path, rng: random.Random, most: float) -> list[str]:
    """Start the command line, kill it within ``most`` seconds, and return what is left of it."""
    tree, out = folder / "submitted", folder / f"out-{rng.randrange(1 << 30)}"
    for name in SAMPLES:
        target = tree / name / NAME
        if not target.exists():
            shutil.copytree(ROOT / "tests" / "submissions" / NAME / name, target)
    words = [sys.executable, "-m", "grader", "grade", str(tree), "--course", str(ROOT), "--out", str(out)]
    with orphanage() as left:
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, most))
        seen = below(process.pid)
        process.kill()
        process.wait()
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not left() and not any(one.alive() for one in seen), GONE)
        remains = [f"process {one.pid}" for one in {*left(), *(one for one in seen if one.alive())}]
    remains += [str(path) for path in Path(tempfile.gettempdir()).glob("grader-worker-*")]
    return remains + [str(path) for path in out.rglob("*") if path.is_file() and path.suffix != ".json"]


@contextlib.contextmanager
def private_temporary() -> Iterator[Path]:
    """Have all temporary files in one folder, which goes in the end."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name) / "temporary"
        folder.mkdir()
        before, os.environ["TMPDIR"], tempfile.tempdir = os.environ.get("TMPDIR"), str(folder), str(folder)
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = None
            os.environ.pop("TMPDIR")
            if before:
                os.environ["TMPDIR"] = before


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strikes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--commands", type=int, default=10, help="how often a command line is started and killed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)  # noqa: T201
    with private_temporary() as folder:
        tally = grade_in_chaos(folder / "course", options.seed, options.strikes, options.seconds)
        print(tally, flush=True)  # noqa: T201
        rng = random.Random(options.seed)
        remains = [one for _ in range(options.commands) for one in kill_command_line(folder, rng, 6.0)]
        print(f"command lines killed {options.commands}, left {remains}")  # noqa: T201
    sys.exit(bool(tally.wrong or tally.left or remains))


if __name__ == "__main__":
    main()
