"""One grading, in a process of its own: runs the collected tests against one submission and returns plain data."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import pytest

from grader.errors import EngineFault
from grader.models import Exercise, Verdict
from grader.testing.events import Event
from grader.testing.network import guard
from grader.testing.outcome import Observed
from grader.testing.parity import module_of, test_id
from grader.testing.plugin import OBSERVED, PASSED, RAN, RUNTIME, fixture_names, key_of
from grader.testing.rubric import in_order
from grader.testing.runtime import Runtime, Spawner


@dataclass(frozen=True)
class Job:
    """What is to be graded."""

    number: int
    files: Mapping[str, bytes]
    seed: int
    hidden: bool


def run(
    items: list[pytest.Item], job: Job, exercise: Exercise, spawner: Spawner, *, boxed: bool, alone: bool = False
) -> dict[str, Any]:
    """Run the tests and return ``{"tests": {id: …}, "output": …, "fault": …}`` as JSON-able data.

    ``alone`` says that this process ends with the job.
    """
    chosen = arrange(items, exercise, job)
    serving = frozenset(module_of(item) for item in chosen if "serve" in fixture_names(item)) if boxed else None
    runtime = Runtime(spawner, exercise, job.files, job.seed, serving)
    if alone:
        runtime.ports = guard()
    forget(items)
    seconds: dict[str, float] = {}
    try:
        for item, following in pairwise([*chosen, None]):
            assert item is not None
            if not item.config.stash[PASSED].get(key_of(item), True):
                continue  # an earlier case of the same test has failed already
            item.config.stash[RUNTIME] = lambda _item: runtime
            began = time.perf_counter()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[test_id(item)] = seconds.get(test_id(item), 0.0) + time.perf_counter() - began
        runtime.close()
    except EngineFault as error:
        return {"tests": {}, "output": "", "fault": f"{type(error).__name__}: {error}"}
    observed = results(chosen)
    faults = [found.fault for found in observed.values() if found.fault]
    tests = {name: {**asdict(found), "seconds": seconds[name]} for name, found in observed.items()}
    return {"tests": tests, "output": runtime.output.decode("utf-8", "replace"), "fault": faults[0] if faults else ""}


def forget(items: list[pytest.Item]) -> None:
    """Forget an earlier job; needed only where jobs cannot fork and share one process."""
    for item in items:
        item.config.stash[PASSED] = {}
        item.stash = pytest.Stash()


def arrange(items: list[pytest.Item], exercise: Exercise, job: Job) -> list[pytest.Item]:
    """Put public modules first, hidden ones in an order that follows from the seed, and tests behind their prerequisites."""
    modules: dict[tuple[bool, str], list[pytest.Item]] = {}
    for item in items:
        modules.setdefault((exercise.hides(item.path), str(item.path)), []).append(item)
    open_ones = [modules[key] for key in sorted(modules) if not key[0]]
    hidden = [modules[key] for key in sorted(modules) if key[0] and job.hidden]
    random.Random(job.seed).shuffle(hidden)  # noqa: S311 - not a secret
    return in_order([item for group in (*open_ones, *hidden) for item in group])


def results(items: list[pytest.Item]) -> dict[str, Observed]:
    """Return what each test came to; of parametrized cases the first one that did not pass."""
    found: dict[str, Observed] = {}
    for item in items:
        if test_id(item) in found and found[test_id(item)].verdict is not Verdict.PASSED:
            continue
        observed = item.stash.get(OBSERVED, None)
        if observed is None:
            ran = item.stash.get(RAN, False)
            observed = Observed(Verdict.PASSED) if ran else Observed(Verdict.NOT_RUN, fault="a test did not report")
        found[test_id(item)] = observed
    return found


def observed_from(data: Mapping[str, Any]) -> Observed:
    """Rebuild what `run` turned into data."""
    return Observed(
        Verdict(data["verdict"]), dict(data["detail"]), data["happened"],
        {name: (text, public) for name, (text, public) in data["values"].items()}, data["look"],
        tuple(Event(**event) for event in data["events"]), tuple((file, line) for file, line in data["frames"]),
        data["staff"], data["fault"],
    )  # fmt: skip
