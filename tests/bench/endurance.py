"""Counts what one warm worker has after ever more gradings: descriptors, processes, files, memory, and what each one cost.

``python -m tests.bench.endurance a1 --after 100,1000,5000``; exit code 1 if something grew or stayed behind.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.course import load_course
from grader.grading import strays
from grader.grading.workers import Worker
from grader.models import Exercise
from tests.bench.checks import ROOT
from tests.bench.handed_in import hand_in
from tests.bench.meter import below, memory_of

FIRST = 20
"""Gradings until the first count: everything that is made once has been made."""
WINDOW = 100
"""The last gradings before a count, of which the median is told."""
BOXES = Path("/dev/shm")
"""Where boxes of the level confined have their folders."""
KINDS_OF_WORK = 40


@dataclass(frozen=True)
class Count:
    """What there is after some gradings; descriptors are those of this process and of all below it."""

    gradings: int
    descriptors: int
    processes: int
    files: int
    memory: int
    milliseconds: float

    @property
    def things(self) -> tuple[int, int, int]:
        """What must not grow at all."""
        return self.descriptors, self.processes, self.files


def count(gradings: int, temporary: Path, seconds: Sequence[float]) -> Count:
    """Count now. One look may catch a process that is just ending, so the smallest of a few looks is taken."""
    looks = []
    for _ in range(5):
        processes = list(below(os.getpid()))
        looks.append((sum(map(descriptors_of, (os.getpid(), *processes))), len(processes)))
        time.sleep(0.05)
    descriptors, running = min(looks)
    boxes = [path for path in BOXES.glob("grader-box-*") if path.stat().st_uid == os.getuid()] if BOXES.is_dir() else []
    memory = sum(map(memory_of, below(os.getpid())))
    spent = statistics.median(seconds[-WINDOW:]) * 1e3 if seconds else 0.0
    return Count(gradings, descriptors, running, len(list(temporary.rglob("*"))) + len(boxes), memory, spent)


def descriptors_of(pid: int) -> int:
    """Return how many descriptors a process has, 0 if it is gone or not ours to look at."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def endure(exercise: Exercise, marks: Sequence[int]) -> list[Count]:
    """Grade up to the last mark; return the counts after the first gradings, at each mark, and when the worker is gone."""
    class_ = cycle(hand_in(exercise, KINDS_OF_WORK).files.values())
    strays.adopt()
    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        Path(folder).chmod(0o711)
        worker = Worker(exercise, ROOT)
        counts = []
        try:
            for number in range(1, max(marks) + 1):
                began = time.perf_counter()
                report = worker.grade({exercise.files[0]: next(class_)}, number, hidden=True)
                seconds.append(time.perf_counter() - began)
                if report["fault"]:
                    sys.exit(f"grading {number}: {report['fault']}")
                if number == FIRST or number in marks:
                    counts.append(count(number, Path(folder), seconds))
        finally:
            worker.stop()
        return [*counts, count(0, Path(folder), ())]


def complaints(before: Count, counts: Sequence[Count]) -> list[str]:
    """Say what grew since the first count, and what stayed after the end (the last count)."""
    *during, after = counts
    found = [f"after {c.gradings} gradings {c.things} descriptors, processes, files; {before.things} after {before.gradings}"
             for c in during if any(now > then for now, then in zip(c.things, before.things, strict=True))]  # fmt: skip
    if after.processes or after.files:
        found.append(f"in the end {after.processes} processes and {after.files} files were left")
    return found


def table(counts: Sequence[Count]) -> Table:
    """Return the counts as a table."""
    shown = Table("gradings", "descriptors", "processes", "files", "memory MiB", "ms each")
    for c in counts:
        shown.add_row(str(c.gradings or "the end"), str(c.descriptors), str(c.processes), str(c.files),
                      f"{c.memory / 2**20:.0f}", f"{c.milliseconds:.1f}")  # fmt: skip
    return shown


def main() -> None:
    """Grade, count, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.endurance", description=__doc__.partition("\n")[0])
    parser.add_argument("exercise", nargs="?", default="a1")
    parser.add_argument("--after", default="100,1000,5000", help="gradings after which is counted")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    marks = [int(word) for word in options.after.split(",")]
    counts = endure(load_course(ROOT).find(options.exercise), [*marks, FIRST])
    found = complaints(counts[0], counts[1:])
    if options.json:
        print(json.dumps({"counts": [asdict(c) for c in counts], "complaints": found}))
    else:
        Console().print(table(counts), *found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
