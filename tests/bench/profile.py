"""Where the CPU of one grading goes: which process, how much of it in the kernel, and what the judge does with its share.

``python -m tests.bench.profile a1 [--gradings 100]`` grades a class with a warm worker. First what each process used is read
from the kernel. Then the same is done with a profile in each judge (`tests.bench.profiled_worker`), and the shares that it finds
are applied to what a judge without one used, for a profile costs time too, most of all where small functions are called often.
What is written in C, and the standard library, counts for those of our own parts that called it.
"""

from __future__ import annotations

import argparse
import json
import os
import pstats
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from grader.course import load_course
from grader.grading import workers
from grader.grading.surroundings import surroundings
from grader.models import Exercise
from tests.bench.checks import ROOT
from tests.bench.handed_in import hand_in
from tests.bench.meter import below
from tests.bench.profiled_worker import CLOCK, PROFILE
from tests.grader.process_tree import words_of

TICKS = os.sysconf("SC_CLK_TCK")
OWN, REAPED = (11, 12), (13, 14)
"""Where user and system time stand in /proc/<pid>/stat behind the name: the process's own, and its reaped children's."""
GROUPS = (
    ("/_pytest/", "pytest: hooks, fixtures, reports"), ("/pluggy/", "pytest: hooks, fixtures, reports"),
    ("/grader/channel/", "the channel: frames and values"), ("/grader/sandbox/", "starting and ending student processes"),
    ("/grader/testing/", "fixtures, the driver, verdicts"), ("/grader/", "the rest of the engine"),
    ("/exercises/", "the tests themselves"), ("/tests/hidden/", "the tests themselves"),
    ("/requests/", "requests and servers over HTTP"), ("/urllib3/", "requests and servers over HTTP"),
    ("/http/", "requests and servers over HTTP"), ("/email/", "requests and servers over HTTP"),
    ("/werkzeug/", "Werkzeug's client"), ("/json/", "JSON"),
)  # fmt: skip
REST, FORK = "nobody's", "the fork: copies of pages, sending the report, the end"
STEPS = 12
"""Callers that are looked at until a function belongs to nobody."""
CALLS = {("frames.py", "encode"): "frames sent", ("frames.py", "decode"): "frames received"}
Function = tuple[str, int, str]


@dataclass(frozen=True)
class Used:
    """Seconds in the program and in the kernel."""

    user: float = 0.0
    system: float = 0.0

    @property
    def both(self) -> float:
        """The sum."""
        return self.user + self.system

    def minus(self, other: Used) -> Used:
        """Return what was used since."""
        return Used(self.user - other.user, self.system - other.system)


def used_by(pid: int, places: tuple[int, int]) -> Used:
    """Read from /proc what a process used itself, or its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return Used(*(int(fields[place]) / TICKS for place in places))


def zygote_below(pid: int) -> int | None:
    """Return the process that forks student processes, None where there is none (no walls)."""
    for found in below(pid):
        words = words_of(found)
        if any(word.endswith("zygote.py") for word in words) and Path(words[0]).name not in ("bwrap", "setpriv"):
            return found
    return None


def snapshot(worker: int) -> dict[str, Used]:
    """Return what each part has used up to now; jobs and student processes that have ended are their parents' children."""
    zygote = zygote_below(worker)
    found = {"worker: forks a judge per grading": used_by(worker, OWN), "judge": used_by(worker, REAPED)}
    if zygote:
        found["zygote: forks student processes"] = used_by(zygote, OWN)
        found["student processes"] = used_by(zygote, REAPED)
    return {**found, "who asks the worker": used_by(os.getpid(), OWN)}


def grade(worker: workers.Worker, work: Sequence[Mapping[str, bytes]]) -> Counter[str]:
    """Grade submissions one after another; return the seconds of each test, all together."""
    seconds: Counter[str] = Counter()
    for seed, files in enumerate(work):
        report = worker.grade(files, seed, hidden=True)
        if report["fault"]:
            sys.exit(report["fault"])
        seconds.update({name: test["seconds"] for name, test in report["tests"].items()})
    return seconds


def by_process(
    exercise: Exercise, work: Sequence[Mapping[str, bytes]]
) -> tuple[dict[str, Used], float, Counter[str], str]:
    """Return what each part used for all gradings, a judge's share outside of the run, the seconds of tests, and the level."""
    with watched(exercise, CLOCK) as (worker, folder):
        grade(worker, work[:2])
        before = snapshot(worker.process.pid)
        files = set(folder.iterdir())
        seconds = grade(worker, work)
        after = snapshot(worker.process.pid)
        inside = sum(float(path.read_text()) for path in set(folder.iterdir()) - files)
    used = {name: used.minus(before[name]) for name, used in after.items()}
    return used, 1 - inside / (used["judge"].both or 1.0), seconds, str(worker.ready.proof.level)


def profiles(exercise: Exercise, work: Sequence[Mapping[str, bytes]]) -> Mapping[Function, Any]:
    """Return the profile of all judges together, as `pstats` keeps it."""
    with watched(exercise, PROFILE) as (worker, folder):
        (folder / "0").unlink()  # the reference, before anything was warm
        grade(worker, work)
        return pstats.Stats(*map(str, folder.iterdir())).stats  # type: ignore[attr-defined, no-any-return]


@contextmanager
def watched(exercise: Exercise, how: str) -> Iterator[tuple[workers.Worker, Path]]:
    """Start a worker whose judges leave a file each in a folder, and end it."""
    usual = workers.start_process
    with tempfile.TemporaryDirectory() as folder:
        workers.start_process = starter(folder, how)  # type: ignore[assignment]
        try:
            worker = workers.Worker(exercise, ROOT)
        finally:
            workers.start_process = usual
        try:
            yield worker, Path(folder)
        finally:
            worker.stop()


def starter(folder: str, how: str) -> Callable[[dict[str, Any]], subprocess.Popen[bytes]]:
    """Return what starts a worker that watches its judges."""

    def start(config: dict[str, Any]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.bench.profiled_worker", json.dumps(config), folder, how],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(str(ROOT)), start_new_session=True,
        )  # fmt: skip

    return start


def group_of(function: Function) -> str | None:
    """Say what a function belongs to; None for what is written in C or stands in the standard library: it has many users."""
    file = function[0].replace(os.sep, "/")
    return next((name for part, name in GROUPS if part in file), None)


def grouped(stats: Mapping[Function, Any]) -> Counter[str]:
    """Return the seconds of each group; those of functions that belong to none go to whoever called them, step by step."""
    seconds: Counter[str] = Counter()
    pending = {function: own for function, (_, _, own, _, _) in stats.items()}
    for _ in range(STEPS):
        passed_on: Counter[Function] = Counter()
        for function, spent in pending.items():
            callers = {caller: part for caller, (_, _, _, part) in stats[function][4].items() if caller != function}
            whole = sum(callers.values())
            if (group := group_of(function)) or not whole:
                seconds[group or REST] += spent
                continue
            passed_on.update({caller: spent * part / whole for caller, part in callers.items()})
        pending = passed_on
    seconds[REST] += sum(pending.values())
    return seconds


def calls(stats: Mapping[Function, Any]) -> Counter[str]:
    """Return how often something telling was done."""
    found: Counter[str] = Counter()
    for (file, _, name), (_, times, *_) in stats.items():
        if what := CALLS.get((Path(file).name, name)):
            found[what] += times
        if name == "spawn" and "/grader/sandbox/" in file.replace(os.sep, "/"):
            found["student processes"] += times
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__.partition("\n")[0])
    parser.add_argument("exercise", nargs="?", default="a1")
    parser.add_argument("--gradings", type=int, default=100)
    options = parser.parse_args()
    exercise = load_course(ROOT).find(options.exercise)
    work = [{exercise.files[0]: content} for content in hand_in(exercise, options.gradings).files.values()]
    used, outside, tests, level = by_process(exercise, work)
    stats = profiles(exercise, work)
    shares: dict[str, float] = dict(grouped(stats))
    shares[FORK] = sum(shares.values()) * outside / (1 - outside)
    each = 1e3 / len(work)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{exercise.name}, level {level}, {len(work)} gradings; CPU in milliseconds for each")
    console.print(processes_table(used, each))
    console.print(judge_table(shares, used["judge"].both * each))
    done = ", ".join(f"{times / len(work):.1f} {what}" for what, times in calls(stats).most_common())
    console.print(f"in each grading: {done}")
    slowest = ", ".join(f"{name} {seconds * each:.1f}" for name, seconds in tests.most_common(5))
    console.print(f"slowest tests, ms by the clock: {slowest}")


def processes_table(used: Mapping[str, Used], each: float) -> Table:
    """Return what each process used."""
    whole = sum(one.both for one in used.values()) or 1.0
    shown = Table("process", "CPU ms", "in the program", "in the kernel", "share")
    rows = [*used.items(), ("all", Used(sum(u.user for u in used.values()), sum(u.system for u in used.values())))]
    for name, one in rows:
        shown.add_row(name, f"{one.both * each:.1f}", f"{one.user * each:.1f}", f"{one.system * each:.1f}",
                      f"{one.both / whole:.0%}")  # fmt: skip
    return shown


def judge_table(seconds: Mapping[str, float], milliseconds: float) -> Table:
    """Return what the judge does with its milliseconds."""
    whole = sum(seconds.values()) or 1.0
    shown = Table("what the judge does", "CPU ms", "share")
    for name, part in sorted(seconds.items(), key=lambda row: -row[1]):
        shown.add_row(name, f"{part / whole * milliseconds:.1f}", f"{part / whole:.0%}")
    return shown


if __name__ == "__main__":
    main()
