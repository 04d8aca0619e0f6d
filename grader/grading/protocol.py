"""Runs one collected test the way pytest's runner does, without the reports of its phases: in a grading nobody reads them.

The same hooks are called in the same order as in `_pytest.runner.runtestprotocol`, so fixtures, marks and plugins mean what they
mean everywhere. What is left out, a report for each phase of each test that goes to every plugin, costs a third of what a short
test does.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.testing.plugin import note

LEAVE = (KeyboardInterrupt, pytest.exit.Exception)
"""What ends a run and not only a test."""


def run_test(item: pytest.Item, following: pytest.Item | None) -> None:
    """Set up, call and take down a test, and note what each phase came to; ``following`` is the test that comes next."""
    hooks = item.ihook
    if phase(item, "setup", lambda: hooks.pytest_runtest_setup(item=item)):
        phase(item, "call", lambda: hooks.pytest_runtest_call(item=item))
    phase(item, "teardown", lambda: hooks.pytest_runtest_teardown(item=item, nextitem=following))


def phase(item: pytest.Item, when: str, function: Callable[[], None]) -> bool:
    """Run one phase and note it; False if it raised."""
    call = pytest.CallInfo.from_call(function, when, reraise=LEAVE)  # type: ignore[arg-type]
    note(item, call)
    return call.excinfo is None
