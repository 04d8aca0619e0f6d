"""``nbgrader autograde`` judged by our engine beside nbgrader's own way, in one run: ``python -m tests.bench.nbgrader``.

Both run the same release of nbgrader (the one that is installed here) on the same submissions. Its own way runs the same test
functions in the kernel of each submission, one after the other, so it is measured with few submissions of two sizes, and what
it would take for more is the straight line through both: the table says which figures are such. The contestants take turns,
there and back again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

from grader.course import load_course
from grader.errors import UsageError
from grader.models import Exercise
from tests.bench.checks import ROOT
from tests.bench.contestants import processors, surroundings
from tests.bench.environments import Environment
from tests.bench.handed_in import HandedIn, emptied, hand_in
from tests.bench.meter import Command, Cost, measure
from tests.bench.peers import SCORES, Nbgrader
from tests.grader.nbgrader_class import Class

LIMIT = 3600.0


class Stock(Nbgrader):
    """nbgrader's own way, with the nbgrader that is installed here."""

    @property
    def environment(self) -> Environment:
        """The environment of this process."""
        return Environment(Path(sys.prefix), {"nbgrader": version("nbgrader")})


@dataclass
class Ours:
    """nbgrader with our engine: a course is made once, and copied for each class."""

    exercise: Exercise
    course: Class
    env: dict[str, str] = field(default_factory=dict)

    def prepare(self, class_: HandedIn, place: Path) -> Command:
        """Copy the course, and hand in."""
        course = Class(Path(shutil.copytree(self.course.folder, place / "course")))
        settings = course.folder / "grader.toml"
        settings.write_text(
            settings.read_text(encoding="utf-8").replace(str(self.course.folder.parent), str(place)), encoding="utf-8"
        )
        for student, content in class_.files.items():
            work = course.hand_in(student, self.exercise)
            (work / class_.file).write_bytes(content)
        return self.command(course)

    def command(self, course: Class, *more: str) -> Command:
        """Return the command that grades a class."""
        here = course.folder.parent
        path = f"{Path(sys.prefix) / 'bin'}:{surroundings(here)['PATH']}"
        env = surroundings(here, IPYTHONDIR=str(here / "ipython"), PYTHONPATH=str(ROOT), PATH=path)
        program = str(Path(sys.prefix) / "bin" / "nbgrader")
        return Command((program, "autograde", self.exercise.name, *more), str(course.folder), env)


def cost_of(command: Command) -> Cost:
    """Run a command, which must succeed."""
    cost = measure([command], 1, LIMIT)
    if any(cost.codes) or cost.late:
        raise UsageError(f"{' '.join(command.argv)} in {command.cwd} failed: exit code {cost.codes}")
    return cost


@contextmanager
def folder() -> Iterator[Path]:
    """Yield an empty folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as name:
        yield emptied(Path(name) / "place")


@dataclass
class Found:
    """Costs by contestant and size."""

    costs: dict[str, dict[int, list[Cost]]] = field(default_factory=dict)

    def add(self, who: str, size: int, cost: Cost) -> None:
        """Keep a cost."""
        self.costs.setdefault(who, {}).setdefault(size, []).append(cost)

    def seconds(self, who: str, size: int) -> float:
        """Return the median of the seconds."""
        return median(cost.seconds for cost in self.costs[who][size])

    def cpu(self, who: str, size: int) -> float:
        """Return the median of the CPU seconds."""
        return median(cost.cpu for cost in self.costs[who][size])

    def line(self, value: Callable[[str, int], float], size: int) -> float:
        """Return what the straight line through the two sizes of nbgrader's own way gives for another size."""
        few, more = sorted(self.costs["stock"])
        slope = (value("stock", more) - value("stock", few)) / (more - few)
        return value("stock", few) + slope * (size - few)


def graded(gradebook: Path) -> int:
    """Return how many students have scores."""
    with closing(sqlite3.connect(gradebook)) as database:
        return len(database.execute(SCORES).fetchall())


def run_ours(ours: Ours, size: int, found: Found) -> None:
    """Measure a class that is new, and the same class graded again."""
    with folder() as place:
        command = ours.prepare(hand_in(ours.exercise, size), place)
        found.add("ours", size, cost_of(command))
        course = Class(place / "course")
        if (count := graded(course.folder / "gradebook.db")) != size:
            raise UsageError(f"{count} of {size} submissions have scores")
        found.add("again", size, cost_of(ours.command(course, "--force")))


def run_stock(stock: Stock, exercise: Exercise, size: int, found: Found) -> None:
    """Measure nbgrader's own way."""
    with folder() as place:
        work = stock.prepare(hand_in(exercise, size), place)
        found.add("stock", size, cost_of(work.commands[0]))


def report(found: Found, sizes: list[int]) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    yield f"nbgrader {version('nbgrader')}, {processors()} processors, Python {sys.version.split()[0]}"
    yield ""
    yield "| seconds (CPU) for | " + " | ".join(f"{size} submissions" for size in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for who, text in (("ours", "judged by our engine"), ("again", "the same again, from the store")):
        cells = [f"{found.seconds(who, size):.1f} ({found.cpu(who, size):.1f})" for size in sizes]
        yield f"| {text} | " + " | ".join(cells) + " |"
    cells = [f"{found.line(found.seconds, size):.0f} ({found.line(found.cpu, size):.0f})" for size in sizes]
    yield "| nbgrader's own way, extrapolated | " + " | ".join(cells) + " |"
    measured = ", ".join(
        f"{found.seconds('stock', size):.1f} ({found.cpu('stock', size):.1f}) for {size}"
        for size in sorted(found.costs["stock"])
    )
    yield ""
    yield f"Extrapolated from what was measured of nbgrader's own way: {measured}."


def main(arguments: list[str]) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nbgrader", description=__doc__)
    parser.add_argument("--exercise", default="a1")
    parser.add_argument("--sizes", default="30,300", help="submissions, with commas between (default: %(default)s)")
    parser.add_argument("--stock", default="4,12", help="two sizes for nbgrader's own way (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write all costs there")
    options = parser.parse_args(arguments)
    sizes, few = ([int(word) for word in text.split(",")] for text in (options.sizes, options.stock))
    if len(set(few)) != 2:
        parser.error("--stock must be two sizes, for a straight line")
    exercise = load_course(ROOT).find(options.exercise)
    found, stock = Found(), Stock()
    with folder() as place:
        ours = Ours(exercise, Class.made(place / "course", ROOT, "files", (exercise,), place / "store.db"))
        turns = [*(partial(run_ours, ours, size, found) for size in sizes),
                 *(partial(run_stock, stock, exercise, size, found) for size in few)]  # fmt: skip
        for number in range(options.rounds):
            for turn in turns[:: 1 if number % 2 == 0 else -1]:
                turn()
    print("\n".join(report(found, sizes)))
    if options.json:
        options.json.write_text(json.dumps(found.costs, default=vars, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
