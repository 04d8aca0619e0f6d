"""The tests of an exercise as plain functions, for graders that do not run pytest: the same code, the fixtures in-process.

A grader that has been handed a submission as ``app.py`` in its working folder says ``Checks("a1").run("test_says_hello")``;
a check that fails raises, as it does under pytest.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from werkzeug.test import Client

from grader.course import load_course
from grader.errors import UsageError
from grader.models import Exercise
from grader.testing.events import Recorder
from grader.testing.tracer import Tracer
from tests.bench.inprocess import InProcess, InProcessProbes, Maker, entry, imported, no_walls, serving

ROOT = Path(__file__).parents[2]
FIXTURES = ("submission", "app", "client", "make_app", "probes", "trace", "rng", "serve")


def modules_of(exercise: Exercise) -> list[Path]:
    """Return the test modules of an exercise, public ones first."""
    folders = [exercise.folder, *([exercise.hidden_folder] if exercise.hidden_folder else [])]
    return [path for folder in folders for path in sorted(folder.glob("test_*.py"))]


def names_of(exercise: Exercise) -> list[str]:
    """Return the names of an exercise's tests, read and not imported."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules_of(exercise)]
    return [
        node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef) and is_test(node.name)
    ]


class Checks:
    """The tests of one exercise by name; ``submission`` is the file that they are about.

    From now on the tests' own words mean objects of this process, which therefore cannot grade behind walls any more.
    """

    def __init__(self, exercise: str, submission: Path | None = None) -> None:
        """Import the test modules.

        Raises:
            UsageError: a test needs more of pytest than fixtures that are known here.
        """
        no_walls()
        found = load_course(ROOT).find(exercise)
        self.submission = submission or Path.cwd() / found.files[0]
        self.functions: dict[str, Callable[..., None]] = {}
        for path in modules_of(found):
            self.functions |= {name: thing for name, thing in vars(module_at(path)).items() if is_test(name)}
        for name, function in self.functions.items():
            if unknown := set(inspect.signature(function).parameters) - set(FIXTURES):
                raise UsageError(
                    f"{name} of {found.name} needs {', '.join(sorted(unknown))}, which only pytest can give"
                )

    def run(self, name: str) -> None:
        """Run one test; raises if it fails."""
        function = self.functions[name]
        with ExitStack() as stack:
            function(**{word: self.fixture(word, name, stack) for word in inspect.signature(function).parameters})

    def fixture(self, word: str, name: str, stack: ExitStack) -> Any:  # noqa: ANN401 - whatever the test asks for
        """Make what a test asks for by the name of a parameter."""
        makers: dict[str, Callable[[], Any]] = {
            "submission": self.module,
            "app": lambda: entry(self.module()),
            "client": lambda: Client(entry(self.module())),
            "make_app": lambda: Maker(self.module()),
            "probes": InProcessProbes,
            "trace": lambda: Tracer(Recorder()),
            "rng": lambda: random.Random(name),
            "serve": lambda: stack.enter_context(serving()),
        }
        return makers[word]()

    def module(self) -> InProcess:
        """Return the submission, imported once."""
        return imported(self.submission)


def module_at(path: Path) -> ModuleType:
    """Import a file."""
    spec = importlib.util.spec_from_file_location(f"checks_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_test(name: str) -> bool:
    """Tell whether pytest would run it."""
    return name.startswith("test_")
