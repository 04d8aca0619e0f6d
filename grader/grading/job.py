"""One grading, in a process of its own: runs the collected tests against one submission and returns plain data."""

from __future__ import annotations

import base64
import gc
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from grader.archives import Contents
from grader.channel.frames import MAX_FRAME
from grader.errors import EngineFault
from grader.models import Exercise, Verdict
from grader.sandbox.process import OUTPUT_KEPT
from grader.sandbox.unpack import unpack
from grader.testing.alarm import Alarm
from grader.testing.events import Event
from grader.testing.network import guard
from grader.testing.outcome import Observed
from grader.testing.parity import module_of, ported, test_id
from grader.testing.plugin import OBSERVED, PASSED, RAN, RUNTIME, fixture_names, key_of
from grader.testing.rubric import in_order
from grader.testing.runtime import Runtime, Spawner

MEMORY = 512 << 20
"""Bytes that one grading may keep: a library that is led to unpack or to collect more fails its test."""
GARBAGE = 20_000
"""Objects that a grading makes before they are searched for cycles."""
ROOM = MAX_FRAME - (64 << 10)
"""Bytes that a report may have as JSON: it travels in one frame."""
SHORT = 500
"""Characters of a text in a report that would have no room otherwise."""


@dataclass(frozen=True)
class Job:
    """What is to be graded, or an archive that is to be opened before anything can be.

    A ``brief`` one ends with the first test that does not pass; the others are not in its report. Of an exercise that has tests
    again from others a ``part`` may be asked for: its ``own`` ones, or those of the ``others``.
    """

    number: int
    files: Mapping[str, bytes]
    seed: int
    hidden: bool
    archive: bytes | None = None
    brief: bool = False
    part: str = ""


Take = Callable[[Sequence[pytest.Item]], Iterable[Sequence[pytest.Item]]]
"""Yields, of all tests of a job, those that a run does, in groups."""


def whole(chosen: Sequence[pytest.Item]) -> list[Sequence[pytest.Item]]:
    """Take all tests as one group."""
    return [chosen]


def run(
    items: list[pytest.Item], job: Job, exercise: Exercise, spawner: Spawner, *, boxed: bool, alone: bool = False,
    take: Take = whole,
) -> dict[str, Any]:  # fmt: skip
    """Run the tests and return ``{"tests": {id: …}, "output": …, "killed": […], "fault": …}`` as JSON-able data.

    ``killed`` names tests in which a student process got SIGKILL from nobody we know. With the first fault of ours the run is
    over: nothing of it counts. ``alone`` says that this process ends with the job, ``take`` which tests are its part. The job
    of an archive is to open it: see `contents_from`.
    """
    if job.archive is not None:
        return open_archive(job.archive, exercise, spawner)
    chosen = arrange(items, exercise, job)
    serving = frozenset(module_of(item) for item in chosen if "serve" in fixture_names(item)) if boxed else None
    runtime = Runtime(spawner, exercise, job.files, job.seed, serving)
    alarm = None
    if alone:
        runtime.ports = guard()
        alarm = Alarm(runtime.late) if hasattr(signal, "setitimer") else None
    forget(items)
    taken: list[pytest.Item] = []
    spent: dict[str, Spent] = {}
    try:
        for item, following in in_turn(take(chosen), taken):
            if not item.config.stash[PASSED].get(key_of(item), True):
                continue  # an earlier case of the same test has failed already
            item.config.stash[RUNTIME] = lambda _item: runtime
            began, deaths = time.perf_counter(), runtime.deaths
            with alarm.within(runtime.left()) if alarm else nullcontext():
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            spent.setdefault(test_id(item), Spent()).add(time.perf_counter() - began, runtime.deaths - deaths)
            if OBSERVED in item.stash and (job.brief or item.stash[OBSERVED].fault):
                break
        runtime.close()
    except EngineFault as error:
        return {"tests": {}, "output": "", "killed": [], "fault": f"{type(error).__name__}: {error}"}
    observed = results([item for item in taken if not job.brief or OBSERVED in item.stash or RAN in item.stash])
    faults = [found.fault for found in observed.values() if found.fault]
    tests = {name: {**as_data(found), **vars(spent.get(name, Spent()))} for name, found in observed.items()}
    output = runtime.output[:OUTPUT_KEPT].decode("utf-8", "replace")
    return fitting({"tests": tests, "output": output, "killed": killed_in(tests), "fault": faults[0] if faults else ""})


@dataclass
class Spent:
    """What a test took: the time, and how many student processes."""

    seconds: float = 0.0
    deaths: int = 0

    def add(self, seconds: float, deaths: int) -> None:
        """Count another case of the test."""
        self.seconds += seconds
        self.deaths += deaths


def in_turn(
    groups: Iterable[Sequence[pytest.Item]], taken: list[pytest.Item]
) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each test of each group with the one that follows in the group; note the groups that were begun."""
    for group in groups:
        taken += group
        yield from zip(group, [*group[1:], None], strict=True)


def killed_in(tests: Mapping[str, Any]) -> list[str]:
    """Return the tests in which a student process got SIGKILL from nobody we know."""
    return sorted(name for name, test in tests.items() if test["detail"].get("signal") == "SIGKILL")


def fitting(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report that has room in a frame: if need be without some of what is for staff, then without any details."""
    if size(report) <= ROOM:
        return report
    shorter = {name: {**test, "staff": test["staff"][:SHORT]} for name, test in report["tests"].items()}
    report = {**report, "tests": shorter, "output": report["output"][:SHORT]}
    if size(report) <= ROOM:
        return report
    bare = {name: {**test, "staff": "", "values": {}, "frames": [], "events": []} for name, test in shorter.items()}
    return {**report, "tests": bare}


def size(report: dict[str, Any]) -> int:
    """Return the bytes of a report as JSON."""
    return len(json.dumps(report))


def open_archive(archive: bytes, exercise: Exercise, spawner: Spawner) -> dict[str, Any]:
    """Have an archive opened, and return what is in it as JSON-able data."""
    try:
        contents = unpack(spawner.spawn, archive, exercise.files, exercise.limits)
    except EngineFault as error:
        return {"tests": {}, "output": "", "killed": [], "fault": f"{type(error).__name__}: {error}"}
    files = {name: base64.b64encode(content).decode() for name, content in contents.files.items()}
    return {"tests": {}, "output": "", "killed": [], "fault": "", "files": files, "ignored": contents.ignored,
            "problem": dict(contents.problem)}  # fmt: skip


def contents_from(data: Mapping[str, Any]) -> Contents:
    """Rebuild what `run` turned into data."""
    files = {name: base64.b64decode(text) for name, text in data["files"].items()}
    return Contents(files, tuple(data["ignored"]), data["problem"])


def forget(items: list[pytest.Item]) -> None:
    """Forget an earlier job; needed only where jobs cannot fork and share one process."""
    for item in items:
        item.config.stash[PASSED] = {}
        item.stash = pytest.Stash()


def arrange(items: list[pytest.Item], exercise: Exercise, job: Job) -> list[pytest.Item]:
    """Put public modules first, hidden ones in an order that follows from the seed, and tests behind their prerequisites."""
    if job.part:
        items = [item for item in items if bool(ported(item)) == (job.part == "others")]
    modules: dict[tuple[bool, str], list[pytest.Item]] = {}
    places = {path: (exercise.hides(path), str(path)) for path in {item.path for item in items}}
    for item in items:
        modules.setdefault(places[item.path], []).append(item)
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


def as_data(observed: Observed) -> dict[str, Any]:
    """Turn what a test came to into data; `dataclasses.asdict` would copy every part of it."""
    return {**vars(observed), "events": [vars(event) for event in observed.events]}


def observed_from(data: Mapping[str, Any]) -> Observed:
    """Rebuild what `run` turned into data."""
    return Observed(
        Verdict(data["verdict"]), dict(data["detail"]), data["happened"],
        {name: (text, public) for name, (text, public) in data["values"].items()}, data["look"],
        tuple(Event(**event) for event in data["events"]), tuple((file, line) for file, line in data["frames"]),
        data["staff"], data["fault"],
    )  # fmt: skip


def settle(parent: int, cpu: int | None = None) -> None:
    """Make sure that a fork does not outlive its parent, takes no more than its memory, and stays on its processor."""
    if sys.platform == "linux":
        import resource

        from grader.sandbox.inside import lockdown

        lockdown.prctl(lockdown.PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        lockdown.stay_on(lockdown.current_cpu() if cpu is None else cpu)
        if os.getppid() != parent:
            os._exit(71)
    gc.set_threshold(
        GARBAGE
    )  # a grading is short: pytest's own rhythm would look through the same objects again and again
