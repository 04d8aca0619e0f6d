"""A pytest session over the tests of one exercise, collected once: what a grading worker and a student's check begin with."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import NoReturn

import pytest

from grader.errors import EngineFault, UsageError
from grader.models import Exercise
from grader.testing.outcome import fault_of_ours
from grader.testing.parity import GRADED, prerequisites
from grader.testing.plugin import RUNTIME, key_of
from grader.testing.rubric import Rubric, read_rubric

INI = Path(__file__).with_name("pytest.ini")
UNUSED = (
    "cacheprovider", "terminal", "logging", "unraisableexception", "threadexception", "faulthandler", "doctest", "junitxml",
    "capture", "warnings", "legacypath", "pastebin", "stepwise", "setuponly", "setupplan", "debugging", "unittest", "subtests",
)  # fmt: skip
"""Plugins of pytest's own that nothing here needs. Only what the command line says of them is read before they are imported."""


class Session:
    """A pytest plugin that collects the tests of an exercise; what is done with them is said by its subclasses."""

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.failed_collection: list[str] = []
        self.fault = ""
        self.interrupted = False

    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place of a student's own run: each job brings its own runtime."""
        config.stash[RUNTIME] = no_job
        config.stash[GRADED] = self.exercise
        config.option.tbstyle = "value"  # nobody reads pytest's long tracebacks, which cost 20 ms each
        warnings.simplefilter(
            "ignore"
        )  # nobody reads them either; pytest's own plugin would ask for them again in each test

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember tests that could not be collected."""
        if report.failed:
            self.failed_collection.append(str(report.longrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that somebody pressed Ctrl-C; a test module that calls `pytest.exit` comes here too."""
        self.interrupted = isinstance(excinfo.value, KeyboardInterrupt)

    def pytest_exception_interact(self, call: pytest.CallInfo[object], report: object) -> None:
        """Remember why, if it is not the tests' fault."""
        if isinstance(report, pytest.CollectReport) and call.excinfo and (fault := fault_of_ours(call.excinfo.value)):
            self.fault = fault

    def collected(self, session: pytest.Session) -> Rubric:
        """Return the rubric of the tests that were collected.

        Raises:
            UsageError: the course is wrong.
            EngineFault: something of ours is.
        """
        if self.fault:
            raise EngineFault(f"{self.exercise.name}: its tests cannot be read: {self.fault}")
        if self.failed_collection:
            raise UsageError("tests of the course cannot be collected:\n" + "\n".join(self.failed_collection))
        if not session.items:
            raise UsageError(f"{self.exercise.folder}: the exercise has no tests")
        rubric = read_rubric(session.items, self.exercise, complete=True)
        for item in session.items:
            key_of(item), prerequisites(item)  # found out once, and not in each fork
        return rubric

    def run(self) -> None:
        """Run pytest with this plugin.

        Raises:
            UsageError: pytest could not begin.
            EngineFault: it met an error of its own.
            KeyboardInterrupt: somebody pressed Ctrl-C while it collected, which pytest catches.
        """
        course = str(self.exercise.folder.parents[1])
        trees = [str(self.exercise.folder)]
        if self.exercise.hidden_folder:
            trees.append(str(self.exercise.hidden_folder))
        arguments = [
            "-c",
            str(INI),
            "--rootdir",
            course,
            "--confcutdir",  # else pytest goes through the folders above the course too
            course,
            *(f"-pno:{name}" for name in UNUSED),
            "-p",
            "grader.testing.plugin",
            *trees,
        ]
        code = pytest.main(arguments, plugins=[self])
        if self.interrupted:
            raise KeyboardInterrupt
        if code == pytest.ExitCode.INTERNAL_ERROR:
            raise EngineFault("the grading worker met an error of its own; it stands above")
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
            raise UsageError("\n".join(self.failed_collection) or f"pytest stopped with {code!s}")


def no_job(item: pytest.Item) -> NoReturn:
    """Refuse fixtures of submissions outside a job."""
    raise EngineFault(f"{item.nodeid} was run outside a job")
