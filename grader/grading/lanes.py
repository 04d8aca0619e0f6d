"""Runs the tests of one job side by side, in lanes with a box each, and puts together what they report.

A lane takes what is next as soon as it is free. Yet the whole is what one lane alone would report, verdict for verdict: where a
submission has died once too often, what other lanes found out about the tests that follow does not count.
"""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import pytest

from grader.grading.forks import Fork, held
from grader.grading.job import as_data, fitting, killed_in
from grader.models import Exercise, Verdict
from grader.sandbox.process import OUTPUT_KEPT
from grader.testing.outcome import Observed
from grader.testing.parity import module_of, prerequisites, test_id
from grader.testing.runtime import died_too_often

WORTH = 3
"""Groups of tests for which a lane is worth its box."""
TURN = struct.Struct(">H")
UNRUN = as_data(Observed(Verdict.NOT_RUN, {"reason": died_too_often().reason})) | {"deaths": 0}
"""What one lane alone reports of a test when the submission has died too often."""


def together(items: Sequence[pytest.Item], exercise: Exercise) -> list[list[pytest.Item]]:
    """Return tests in groups that can be run side by side.

    Those that share a process stay together. There is one group only where tests build on each other, or open servers of the
    submission's own, which may all want the same port.
    """
    if any(prerequisites(item) or item.get_closest_marker("loopback") for item in items):
        return [list(items)]
    groups: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        own = exercise.starts_fresh(item.path)
        groups.setdefault((module_of(item), test_id(item) if own else ""), []).append(item)
    return list(groups.values())


class Turns:
    """Groups of tests, each of which is taken by one lane. Their numbers wait in a pipe, from which every fork may read."""

    def __init__(self, groups: Sequence[list[pytest.Item]]) -> None:
        self.groups = groups
        self.reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as file:
            file.write(b"".join(map(TURN.pack, range(len(groups)))))

    def take(self, _: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
        """Yield what nobody has taken yet."""
        while number := os.read(self.reader, TURN.size):
            yield self.groups[TURN.unpack(number)[0]]

    def run(
        self,
        lanes: Sequence[Callable[[], dict[str, Any]]],
        deadline: float,
        deaths: int,
        parent: IO[bytes] | None = None,
    ) -> dict[str, Any]:
        """Run each lane in a fork and return what all of them report (see `merged`), or what became of one.

        Raises:
            HungUp: the parent is gone; so are the forks.
        """
        forks: list[Fork] = []
        try:
            with held(signal.SIGINT):  # until each fork is known to who ends it
                forks += map(Fork, lanes)
            return self.merged([fork.report(deadline, parent) for fork in forks], deaths)
        finally:
            os.close(self.reader)
            for fork in forks:
                fork.end()

    def merged(self, reports: Sequence[Mapping[str, Any]], deaths: int) -> dict[str, Any]:
        """Return the reports of all lanes as one, in the order of the tests; after so many deaths no test counts as run."""
        faults = [report for report in reports if report["fault"]]
        if faults:
            return dict(faults[0])
        found = {name: test for report in reports for name, test in report["tests"].items()}
        tests: dict[str, Any] = {}
        died = 0
        for item in (item for group in self.groups for item in group):
            name = test_id(item)
            if name not in tests:
                tests[name] = found[name] if died < deaths else {**found[name], **UNRUN}
                died += found[name]["deaths"]
        output = "".join(report["output"] for report in reports)[:OUTPUT_KEPT]
        return fitting({"tests": tests, "output": output, "killed": killed_in(tests), "fault": ""})


def processors(lanes: int) -> list[int | None]:
    """Return a processor for each lane, none where processes cannot be told where to stay."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * lanes
    every = sorted(os.sched_getaffinity(0))
    return [every[number % len(every)] for number in range(lanes)]
