"""Measures one full warm grade against the same tests cold under pytest in one process, in turns, in one run.

``python tests/bench/bench_grade.py [--exercise a1] [--runs 30]`` prints medians of wall and CPU time in milliseconds and
their ratios. CPU is that of every process that took part: worker, job, zygote, student processes.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from grader.course import load_course
from grader.grading.workers import Worker
from grader.models import Exercise
from grader.submissions import read_submission

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found


def cpu_of(pids: list[int]) -> float:
    """Return the CPU seconds of processes and of their reaped children."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(int(fields[index]) for index in (11, 12, 13, 14))
    return total / TICKS


def warm(worker: Worker, files: dict[str, bytes], seed: int) -> tuple[float, dict[str, Any]]:
    """Return the wall seconds of one grade, and its report."""
    began = time.perf_counter()
    report = worker.grade(files, seed, hidden=True)
    return time.perf_counter() - began, report


def cold(exercise: Exercise, submission: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of a cold pytest with the fixtures in-process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "inprocess", "-c", os.devnull,
         "--import-mode=importlib", str(exercise.folder), str(exercise.hidden_folder)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "BENCH_SUBMISSION": str(submission),
             "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exercise", default="a1")
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    exercise = load_course(ROOT).find(options.exercise)
    assert exercise.reference_folder
    submission = read_submission(exercise.reference_folder, exercise)
    worker = Worker(exercise, ROOT)
    pids = descendants(worker.process.pid)
    walls, cold_walls, cold_cpus, tests = [], [], [], {}
    cpu = 0.0
    for run in range(options.runs):
        before = cpu_of(pids)
        wall, report = warm(worker, dict(submission.files), run)
        cpu += cpu_of(pids) - before
        walls.append(wall)
        tests = report["tests"]
        if run % 3 == 0:
            cold_wall, cold_cpu = cold(exercise, exercise.reference_folder / exercise.files[0])
            cold_walls.append(cold_wall)
            cold_cpus.append(cold_cpu)
    worker.stop()
    wall, cold_wall = statistics.median(walls), statistics.median(cold_walls)
    mean_cpu, cold_cpu = cpu / options.runs, statistics.median(cold_cpus)
    print(
        f"isolation {worker.ready.proof.level}, {len(tests)} tests, {options.runs} warm and {len(cold_walls)} cold runs"
    )
    print(f"warm: wall {wall * 1e3:6.1f} ms (min {min(walls) * 1e3:.1f})   CPU {mean_cpu * 1e3:6.1f} ms (mean)")
    print(f"cold: wall {cold_wall * 1e3:6.1f} ms (min {min(cold_walls) * 1e3:.1f})   CPU {cold_cpu * 1e3:6.1f} ms")
    print(f"ratio warm/cold: wall {wall / cold_wall:.3f}   CPU {mean_cpu / cold_cpu:.3f}")
    slowest = sorted(((test["seconds"], name) for name, test in tests.items()), reverse=True)[:5]
    print("slowest: " + ", ".join(f"{name} {seconds * 1e3:.1f} ms" for seconds, name in slowest))


if __name__ == "__main__":
    main()
