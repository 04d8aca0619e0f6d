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
            f"{'':4}{'save to verdict':>18}{'worst':>8}{'cold check':>12}{'cold pytest':>13}{'imports':>9}{'check/imports':>15}"
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
    (saved,) = [path for path in [exercise.folder / exercise.files[0]] if path.is_file()] or [
        exercise.folder / exercise.files[0] / "__init__.py"
    ]
    checks, tests, imports, waits = [], [], [], []
    grader, python = [sys.executable, "-m", "grader", "check", short], [sys.executable]
    folder = str(exercise.folder)
    with terminal(top, "watch", short) as watching:
        watching.until("[q] quit")
        for number in range(ROUNDS):
            waits.append(save(watching, saved, number))
            imports.append(seconds(top, [*python, "-c", "import flask, pytest"]))
            checks.append(seconds(top, grader))
            tests.append(seconds(top, [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]))
    middle = [statistics.median(each) for each in (waits, checks, tests, imports)]
    ratio = statistics.median(check / alone for check, alone in zip(checks, imports, strict=True))
    target = TARGETS[short[0]]
    said = "" if middle[0] <= target else f"  slower than {target:.2f}"
    print(
        f"{short:4}{middle[0]:18.3f}{max(waits):8.3f}{middle[1]:12.3f}{middle[2]:13.3f}{middle[3]:9.3f}{ratio:15.2f}{said}"
    )


def save(watching: Terminal, path: Path, number: int) -> float:
    """Save a file with another last line, and return the seconds until the verdict stands on the terminal."""
    text = path.read_text(encoding="utf-8").partition("\n# saved")[0]
    before = watching.type("")
    began = time.perf_counter()
    path.write_text(f"{text}\n# saved {number} {time.time_ns()}\n", encoding="utf-8")
    while "checked at" not in watching.seen[before:]:
        watching.read(10.0)
    waited = time.perf_counter() - began
    assert "✗" not in watching.until("[q] quit", before), watching.page
    return waited


def seconds(top: Path, command: list[str]) -> float:
    """Return how long a command takes that succeeds."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=top, env=surroundings({}), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
