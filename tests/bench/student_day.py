"""``python -m tests.bench.student_day [EXERCISE ...]``: how long a student waits, in seconds, as a table.

Each is measured from outside, in one run on one machine, and in turns with what it is compared with: from the save of a file
to the verdict on the terminal of ``grader watch``, and a cold ``grader check``; against a cold ``pytest`` of the same folder,
and ``python -c "import flask, pytest"``.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.student.place import place_at
from tests.grader.conftest import ROOT
from tests.grader.terminals import Terminal, surroundings, terminal

ROUNDS = 9
EXERCISES = ("a1", "a5", "b1", "b3", "d1", "d2", "d3")
TARGETS = {"a": 0.15, "b": 0.15, "d": 0.3}


def main() -> None:
    """Measure, and print medians."""
    with tempfile.TemporaryDirectory(prefix="student-day-") as place:
        top = Path(place)
        shutil.copytree(ROOT / "exercises", top / "exercises", ignore=shutil.ignore_patterns("__pycache__"))
        print(
            f"{'':4}{'own tests':>10}{'verdict':>9}{'cold check':>12}{'cold pytest':>13}{'imports':>9}{'check/imports':>15}"
        )
        for short in sys.argv[1:] or EXERCISES:
            row(top, short)


def row(top: Path, short: str) -> None:
    """Measure one exercise with its reference as the student's work."""
    exercise = place_at(top).find(short)
    reference = ROOT / "solutions" / exercise.name
    for name in exercise.files:
        target = exercise.folder / name
        if name.endswith("/"):
            shutil.rmtree(target)
            shutil.copytree(reference / name, target)
        else:
            shutil.copy(reference / name, target)
    saved = exercise.folder / exercise.files[0]
    saved = saved if saved.is_file() else saved / "__init__.py"
    alone = [sys.executable, "-c", "import flask, pytest"]
    check = [sys.executable, "-m", "grader", "check", short]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(exercise.folder)]
    measured: list[tuple[float, ...]] = []
    with terminal(top, "watch", short) as watching:
        watching.until("[q] quit")
        for number in range(ROUNDS):
            waits = save(watching, saved, number)
            measured.append((*waits, seconds(top, check), seconds(top, pytest), seconds(top, alone)))
    own, verdict, checked, tested, imported = (statistics.median(column) for column in zip(*measured, strict=True))
    ratio = statistics.median(values[2] / values[4] for values in measured)
    most = TARGETS[short[0]]
    said = "" if verdict <= most else f"  slower than {most:.2f}"
    print(
        f"{short:4}{own:10.3f}{verdict:9.3f}{checked:12.3f}{tested:13.3f}{imported:9.3f}{ratio:15.2f}{said}", flush=True
    )


def save(watching: Terminal, path: Path, number: int) -> tuple[float, float]:
    """Save a file with another last line, and return the seconds until the first page and until the whole verdict.

    The first page of an exercise of part D is about its own tests; for others it is the verdict.
    """
    text = path.read_text(encoding="utf-8").partition("\n# saved")[0]
    before = watching.type("")
    began = time.perf_counter()
    path.write_text(f"{text}\n# saved {number} {time.time_ns()}\n", encoding="utf-8")
    first = whole = 0.0
    while not whole:
        watching.read(10.0)
        seen = watching.seen[before:]
        first = first or ("still running" in seen or "checked at" in seen) * (time.perf_counter() - began)
        whole = ("checked at" in seen) * (time.perf_counter() - began)
    assert "✗" not in watching.until("[q] quit", before), watching.page
    return first, whole


def seconds(top: Path, command: list[str]) -> float:
    """Return how long a command takes that succeeds."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=top, env=surroundings({}), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
