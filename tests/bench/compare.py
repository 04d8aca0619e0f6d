"""Our engine and its peers, side by side in one run: ``python -m tests.bench.compare``.

Every contestant grades the same classes with the same tests. They take turns, first in one order and then in the reverse one, so
that whatever else the machine does hits all alike. A size that a contestant would not end within ``--budget`` seconds, judged by
the size before, is left out and named. ``--quick`` only shows that the benchmark works; its numbers say nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from grader.course import load_course
from grader.errors import UsageError
from grader.models import Exercise
from tests.bench import tables
from tests.bench.checks import ROOT
from tests.bench.contestants import Contestant, Ours, PlainPytest, processors, surroundings, versions_here
from tests.bench.endurance import FIRST
from tests.bench.handed_in import HandedIn, emptied, hand_in
from tests.bench.meter import Command, Cost, measure
from tests.bench.peers import GradescopeUtils, Nbgrader, OtterRun

CONTESTANTS: dict[str, Callable[[], Contestant]] = {
    "full": lambda: Ours("full"),
    "confined": lambda: Ours("confined"),
    "none": lambda: Ours("none"),
    "pytest": lambda: PlainPytest(versions_here()),
    "gradescope-utils": GradescopeUtils,
    "otter": OtterRun,
    "nbgrader": Nbgrader,
    "nbgrader-split": lambda: Nbgrader(split=True),
}
LATE = 4.0
"""How many times longer than foreseen, and than the budget, a measurement may take until it is ended."""
WARM = 20
"""Gradings of one warm worker in each round."""
ENDURING = 1000
"""The smallest size after which what a worker keeps is counted."""
IMPORTS = "from tests.bench.checks import Checks; Checks({!r})"


@dataclass
class Results:
    """What was measured, by contestant: costs by size, costs of one submission, seconds of warm gradings, tests passed."""

    costs: dict[str, dict[int, list[Cost]]] = field(default_factory=dict)
    ones: dict[str, list[Cost]] = field(default_factory=dict)
    warm: dict[str, list[float]] = field(default_factory=dict)
    passed: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    imports: list[Cost] = field(default_factory=list)
    endurance: dict[str, Any] = field(default_factory=dict)


@dataclass
class Comparison:
    """One run. ``say`` tells how far it is."""

    exercise: Exercise
    contestants: list[Contestant]
    place: Path
    rounds: int
    budget: float
    say: Callable[[str], None]
    results: Results = field(default_factory=Results)

    def turns(self, rounds: int) -> Iterator[Contestant]:
        """Yield the contestants in turns: there and back again. One that is dropped meanwhile has no more turns."""
        for number in range(rounds):
            for contestant in self.contestants[:: -1 if number % 2 else 1]:
                if contestant in self.contestants:
                    yield contestant

    def warm_up(self) -> None:
        """Have everybody grade once, unmeasured: files are read, bytecode is written, and who cannot is found out."""
        class_ = hand_in(self.exercise, 1)
        for contestant in self.turns(1):
            self.tried(contestant, class_)

    def grow(self, sizes: Sequence[int]) -> None:
        """Measure classes of all sizes."""
        for size in sizes:
            class_ = hand_in(self.exercise, size)
            for contestant in self.turns(self.rounds):
                costs = self.results.costs.setdefault(contestant.name, {})
                if (size in costs or self.affordable(contestant, size)) and (cost := self.tried(contestant, class_)):
                    costs.setdefault(size, []).append(cost)
                    self.say(f"{size} submissions, {contestant.name}: {size / cost.seconds:.2f} a second")

    def affordable(self, contestant: Contestant, size: int) -> bool:
        """Tell whether a size ends within the budget; if not, it is left out, once."""
        known = self.results.costs[contestant.name]
        if not known:
            return True
        before = max(known)
        foreseen = median(cost.seconds for cost in known[before]) / before * size
        text = f"{contestant.name}: {size} submissions, about {foreseen:,.0f} s by {before} of them, over {self.budget:,.0f} s"
        if foreseen > self.budget and text not in self.results.left_out:
            self.results.left_out.append(text)
        return foreseen <= self.budget

    def tried(self, contestant: Contestant, class_: HandedIn) -> Cost | None:
        """Measure a contestant with one class; None, and it is dropped, if that was not graded."""
        place = emptied(self.place / contestant.name)
        try:
            work = contestant.prepare(class_, place)
            cost = measure(work.commands, work.lanes, LATE * self.budget)
            passed = contestant.passed(class_, place)
        except UsageError as error:
            self.drop(contestant, str(error))
            return None
        if len(passed) < len(class_.files):
            self.drop(contestant, f"{len(passed)} of {len(class_.files)} graded {trouble(cost, place)}")
            return None
        self.results.passed.setdefault(contestant.name, {}).update(passed)
        return cost

    def drop(self, contestant: Contestant, why: str) -> None:
        """Go on without a contestant."""
        self.results.left_out.append(f"{contestant.name}: {why}")
        self.say(self.results.left_out[-1])
        self.contestants.remove(contestant)

    def latencies(self, rounds: int) -> None:
        """Measure one submission, cold by a command for it alone, and by a warm worker where there is one."""
        reference = hand_in(self.exercise, 1)
        for contestant in self.turns(rounds):
            cost = self.tried(contestant, reference)
            if cost is None:
                continue
            self.results.ones.setdefault(contestant.name, []).append(cost)
            if isinstance(contestant, Ours):
                self.results.warm.setdefault(contestant.name, []).extend(self.warm(contestant))
            self.say(f"one submission, {contestant.name}: {cost.seconds:.2f} s")

    def warm(self, contestant: Ours) -> list[float]:
        """Return the seconds of gradings by a warm worker."""
        place = emptied(self.place / "warm")
        script = ROOT / "tests" / "bench" / "warm.py"
        words = [*contestant.prefix, "-P", str(script), str(ROOT), self.exercise.name, str(WARM)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=surroundings(place), cwd=place)
        if done.returncode:
            raise UsageError(f"no warm grading at level {contestant.level}: {done.stderr.strip()[-2000:]}")
        found: list[float] = json.loads(done.stdout)["seconds"]
        return found

    def import_tests(self, rounds: int) -> None:
        """Measure what importing the tests and their fixtures costs, which everybody pays who starts a process."""
        place = emptied(self.place / "imports")
        words = (sys.executable, "-P", "-c", IMPORTS.format(self.exercise.name))
        command = Command(words, str(place), surroundings(place, PYTHONPATH=str(ROOT)))
        self.results.imports = [measure([command], 1, LATE * self.budget) for _ in range(rounds)]

    def endure(self, marks: Sequence[int]) -> None:
        """Count what a worker keeps after ever more gradings."""
        after = ",".join(map(str, marks))
        words = [sys.executable, "-m", "tests.bench.endurance", self.exercise.name, "--json", "--after", after]
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
        if not done.stdout:
            raise UsageError(f"counting what a worker keeps: {done.stderr.strip()[-2000:]}")
        self.results.endurance = json.loads(done.stdout)


def trouble(cost: Cost, place: Path) -> str:
    """Say how commands went that did not do their work."""
    said = [path.read_text(encoding="utf-8", errors="replace").strip() for path in place.glob("**/stderr")]
    last = next((text[-300:] for text in said if text), "nothing on standard error")
    return f"({'ended after the limit' if cost.late else f'exit codes {sorted(set(cost.codes))}'}: {last})"


def there(names: Sequence[str], left_out: list[str]) -> list[Contestant]:
    """Return the contestants that can be had here; the others are named in ``left_out``."""
    found = []
    for name in names:
        contestant = CONTESTANTS[name]()
        try:
            contestant.versions  # noqa: B018 - makes the environment
            found.append(contestant)
        except UsageError as error:
            left_out.append(f"{name}: {error}")
    return found


def differing(passed: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Return the students for whom not all contestants found the same number of passed tests, with each one's number."""
    students = sorted(set().union(*passed.values()))
    found = {student: {name: seen[student] for name, seen in passed.items() if student in seen} for student in students}
    return {student: numbers for student, numbers in found.items() if len(set(numbers.values())) > 1}


def machine() -> dict[str, Any]:
    """Say where this was measured, and how busy it was then."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return {"processor": model, "processors": processors(), "system": platform.platform(), "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 2)}  # fmt: skip


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__.partition("\n")[0])
    parser.add_argument("--exercise", default="a1")
    parser.add_argument("--sizes", default="10,100,1000,5000", help="sizes of classes (default %(default)s)")
    parser.add_argument("--peers", default=",".join(CONTESTANTS), help="who takes part (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="measurements of each size")
    parser.add_argument("--latencies", type=int, default=6, help="measurements of one submission")
    parser.add_argument("--budget", type=float, default=300.0, help="seconds that one measurement may take")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--quick", action="store_true", help="one round of two submissions, to see that it works")
    options = parser.parse_args(words)
    options.peers = options.peers.split(",")
    if unknown := set(options.peers) - set(CONTESTANTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose among {', '.join(CONTESTANTS)}")
    options.sizes = [2] if options.quick else sorted({int(word) for word in options.sizes.split(",")})
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parse(words)
    before = machine()
    left_out: list[str] = []
    contestants = there(options.peers, left_out)
    taking_part = list(contestants)
    console, progress = Console(width=None if sys.stdout.isatty() else 160), Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="grader-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        comparison = Comparison(
            load_course(ROOT).find(options.exercise), contestants, Path(folder), 1 if options.quick else options.rounds,
            options.budget, lambda text: progress.print(text, style="dim", highlight=False, markup=False),
        )  # fmt: skip
        comparison.results.left_out = left_out
        try:
            if not options.quick:
                comparison.warm_up()
            comparison.grow(options.sizes)
            if not options.quick:
                comparison.latencies(options.latencies)
                comparison.import_tests(options.latencies)
            marks = [size for size in options.sizes if size >= ENDURING]
            if marks and "full" in options.peers:
                comparison.endure([FIRST, *marks])
        except UsageError as error:
            sys.exit(str(error))
    report = {"machine": before, "load_after": machine()["load"], "exercise": comparison.exercise.name,
              "versions": {c.name: dict(c.versions) for c in taking_part}, "differing": differing(comparison.results.passed),
              **asdict(comparison.results)}  # fmt: skip
    tables.show(console, report, {c.name: c.isolates for c in taking_part})
    if options.json:
        options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
