"""Where the CPU of one grading goes: which process, how much of it in the kernel, and what the judge does with its share.

``python -m tests.bench.profile a1 [--gradings 100]`` grades a class with a warm worker. First what each process used is read
from the kernel. Then the same is done with a profile in each judge (`tests.bench.profiled_worker`), and the shares that it finds
are applied to what a judge without one used, for a profile costs time too.
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
from collections.abc import Callable, Mapping, Sequence
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
REST = "deeper in the standard library"
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


def by_process(exercise: Exercise, work: Sequence[Mapping[str, bytes]]) -> tuple[dict[str, Used], Counter[str], str]:
    """Return what each part used for all gradings, the seconds of each test, and the level."""
    worker = workers.Worker(exercise, ROOT)
    try:
        grade(worker, work[:2])
        before = snapshot(worker.process.pid)
        seconds = grade(worker, work)
        after = snapshot(worker.process.pid)
        return {name: used.minus(before[name]) for name, used in after.items()}, seconds, str(worker.ready.proof.level)
    finally:
        worker.stop()


def profiles(exercise: Exercise, work: Sequence[Mapping[str, bytes]]) -> Mapping[Function, Any]:
    """Return the profile of all judges together, as `pstats` keeps it."""
    usual = workers.start_process
    with tempfile.TemporaryDirectory() as folder:
        workers.start_process = starter(folder)  # type: ignore[assignment]
        try:
            worker = workers.Worker(exercise, ROOT)
        finally:
            workers.start_process = usual
        try:
            grade(worker, work)
        finally:
            worker.stop()
        (Path(folder) / "0.prof").unlink()  # the reference, before anything was warm
        files = sorted(map(str, Path(folder).glob("*.prof")))
        return pstats.Stats(*files).stats  # type: ignore[attr-defined, no-any-return]


def starter(folder: str) -> Callable[[dict[str, Any]], subprocess.Popen[bytes]]:
    """Return what starts a worker that profiles."""

    def start(config: dict[str, Any]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.bench.profiled_worker", json.dumps(config), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings(str(ROOT)),
            start_new_session=True,
        )  # fmt: skip

    return start


def group_of(function: Function) -> str | None:
    """Say what a function belongs to; None for what is written in C or stands in the standard library: it has many users."""
    file = function[0].replace(os.sep, "/")
    return next((name for part, name in GROUPS if part in file), None)


def grouped(stats: Mapping[Function, Any]) -> Counter[str]:
    """Return the seconds of each group; those of functions that belong to none go to their callers, one step."""
    seconds: Counter[str] = Counter()
    for function, (_, _, own, _, callers) in stats.items():
        group = group_of(function)
        if group or not callers:
            seconds[group or REST] += own
            continue
        for caller, (_, _, part, _) in callers.items():
            seconds[group_of(caller) or REST] += part
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
    used, tests, level = by_process(exercise, work)
    stats = profiles(exercise, work)
    each = 1e3 / len(work)
    console = Console()
    console.print(f"{exercise.name}, level {level}, {len(work)} gradings; CPU in milliseconds for each")
    console.print(processes_table(used, each))
    console.print(judge_table(grouped(stats), used["judge"].both * each))
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


def judge_table(seconds: Counter[str], milliseconds: float) -> Table:
    """Return what the judge does with its milliseconds."""
    whole = sum(seconds.values()) or 1.0
    shown = Table("what the judge does", "CPU ms", "share")
    for name, part in seconds.most_common():
        shown.add_row(name, f"{part / whole * milliseconds:.1f}", f"{part / whole:.0%}")
    return shown


if __name__ == "__main__":
    main()
