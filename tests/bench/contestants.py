"""Who is compared: our engine at each level and plain pytest. The peers that are installed are in `tests.bench.peers`.

A contestant prepares a class (which is not measured), says with which commands it is graded (which is), and counts for each
student how many tests passed, so that a run shows that all did the same work.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree as ET

from grader.cli import grade
from grader.errors import UsageError
from tests.bench.checks import ROOT, modules_of
from tests.bench.handed_in import HandedIn
from tests.bench.meter import Command
from tests.grader.scenarios import private_python, readable_python

POORER = ROOT / "tests" / "grader" / "poorer.py"
WALLS = {"none": ("--no-namespaces", "--no-landlock"), "confined": ("--no-namespaces",), "full": ()}


@dataclass(frozen=True)
class Work:
    """The commands that grade a class, and how many of them run at once."""

    commands: tuple[Command, ...]
    lanes: int


class Contestant(Protocol):
    """A grader."""

    @property
    def name(self) -> str:
        """How it is called on the command line and in tables."""

    @property
    def isolates(self) -> str:
        """What stands between the submission and the tests."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions of what does the work."""

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Write what it needs into an empty folder.

        Raises:
            UsageError: it cannot be had here.
        """

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:
        """Return after the commands how many tests each student passed; nobody is in it who was not graded."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def surroundings(place: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of the user's own is found, with temporary files below a place."""
    folders = {word: str(place / word.lower()) for word in ("HOME", "TMPDIR")}
    for folder in folders.values():
        Path(folder).mkdir(exist_ok=True, mode=0o711)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, **folders, **more}


def dealt(students: Sequence[str], lanes: int) -> list[list[str]]:
    """Deal students to lanes in turn; no lane is empty."""
    return [list(students[number::lanes]) for number in range(min(lanes, len(students)))]


# -- ours


@dataclass(frozen=True)
class Ours:
    """``grader grade`` on a tree of submissions, with every processor."""

    level: str

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions here, with that of the Python that is used."""
        words = [self.python, "-c", "import platform; print(platform.python_version())"]
        python = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        return {**versions_here(), "python": python}

    @property
    def name(self) -> str:
        """The level."""
        return self.level

    @property
    def isolates(self) -> str:
        """What the level is about."""
        return {"none": "another process", "confined": "Landlock, seccomp", "full": "namespaces, seccomp"}[self.level]

    @property
    def python(self) -> str:
        """The interpreter: this one, or a copy that the submissions' own user may run."""
        return str(readable_python()) if private_python(self.level) else sys.executable

    @property
    def prefix(self) -> list[str]:
        """The beginning of a command line of Python at the level: what this machine has more is denied."""
        poorer = [self.python, str(POORER), *WALLS[self.level], "--"] if WALLS[self.level] else []
        return [*poorer, self.python]

    @property
    def options(self) -> set[str]:
        """The options that ``grader grade`` has."""
        return {option for parameter in grade.command.params for option in parameter.opts}

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Write a tree, or one for each processor if ``grader grade`` has no workers of its own."""
        many = "--workers" in self.options
        trees = [list(class_.files)] if many else dealt(list(class_.files), processors())
        more = [word for word in ("--no-store",) if word in self.options]
        more += ["--workers", str(processors())] if many else []
        env = surroundings(place, COLUMNS="200")
        commands = []
        for number, students in enumerate(trees):
            folder = place / f"lane{number}"
            tree = class_.write(folder / "submitted", students)
            words = ["-m", "grader", "grade", str(tree), "--course", str(ROOT), "--min-isolation", self.level, "--seed", "0",
                     "--out", str(place / "out"), *more]  # fmt: skip
            commands.append(Command((*self.prefix, *words), str(folder), env))
        return Work(tuple(commands), len(commands))

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:
        """Read the documents, and make sure that they were made at the level."""
        found = {}
        for path in place.glob(f"out/*/{class_.exercise.name}.json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["isolation"] != self.level:
                raise UsageError(
                    f"graded at level {content['isolation']}: {self.level} is not to be had on this machine"
                )
            if content["score"] is not None:
                found[path.parent.name] = sum(test["verdict"] == "passed" for test in content["tests"])
        return found


@cache
def versions_here() -> Mapping[str, str]:
    """Return the versions of what our engine and plain pytest run on."""
    from importlib.metadata import version

    names = ("web-framework-course", "pytest", "werkzeug", "requests")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


# -- graders with a process for each submission


@dataclass(frozen=True)
class PlainPytest:
    """``pytest`` with the fixtures in the same process, started anew for each submission, as continuous integration would."""

    versions: Mapping[str, str]
    name: str = "pytest"
    isolates: str = "nothing"

    def prepare(self, class_: HandedIn, place: Path) -> Work:
        """Write the submissions; the tests are where they always are."""
        class_.write(place)
        words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.bench.inprocess", "-c", os.devnull,
                 "--import-mode=importlib", "--junitxml=report.xml", *map(str, modules_of(class_.exercise)))  # fmt: skip
        env = surroundings(place, PYTHONPATH=str(ROOT), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        return one_each(class_, place, words, env)

    def passed(self, class_: HandedIn, place: Path) -> dict[str, int]:
        """Count in the JUnit files."""
        found = {}
        for student in class_.files:
            path = place / student / class_.exercise.name / "report.xml"
            if path.is_file():
                found[student] = sum(not len(case) for case in ET.parse(path).iter("testcase"))
        return found


def one_each(class_: HandedIn, place: Path, words: tuple[str, ...], env: Mapping[str, str]) -> Work:
    """Return the work of a grader that is started for each submission, in its folder."""
    folders = [place / student / class_.exercise.name for student in class_.files]
    commands = [
        Command(words, str(folder), {**env, "BENCH_SUBMISSION": str(folder / class_.file)}) for folder in folders
    ]
    return Work(tuple(commands), processors())
