"""The pytest plugin: fixtures for tests of submissions, the ``points`` marker, and feedback instead of tracebacks.

Registered for every pytest run; it acts only on tests in a folder with an ``exercise.toml``, and on those of a grading.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.testing.parity import (
    ExerciseFolder,
    exercise_folder,
    home,
    is_handed_in,
    module_of,
    prerequisites,
    stays_behind,
    test_id,
)

if TYPE_CHECKING:
    from werkzeug.test import Client

    from grader.testing import plain_run
    from grader.testing.app import App, AppMaker
    from grader.testing.events import Recorder
    from grader.testing.outcome import Observed
    from grader.testing.probes import Probes
    from grader.testing.runtime import Runtime
    from grader.testing.serve import Serve
    from grader.testing.submission import Submission
    from grader.testing.tracer import Tracer

RUNTIME: pytest.StashKey[Callable[[pytest.Item], Runtime]] = pytest.StashKey()
RECORDER: pytest.StashKey[Recorder] = pytest.StashKey()
OBSERVED: pytest.StashKey[Observed] = pytest.StashKey()
RAN: pytest.StashKey[bool] = pytest.StashKey()
PASSED: pytest.StashKey[dict[tuple[str, str], bool]] = pytest.StashKey()
"""Whether a test, named by its exercise and its id, has passed so far."""
PLAIN_RUN: pytest.StashKey[plain_run.PlainRun] = pytest.StashKey()


class Running:
    """Which test runs: for fixtures, since pytest takes a third of a millisecond to give one its ``request``."""

    item: pytest.Item


RUNNING = Running()
MARKERS = (
    "points(n, category, rule='', statement='', after=(), reading=''): what the test is worth and what it is about",
    "fresh: the test gets a student process of its own",
    "loopback: the submission opens a server of its own in the test, for which it needs the isolation level full (or none)",
    "raw_only: the test is about the raw app and is not run again for a port to a framework",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a student's own run."""
    group = parser.getgroup("grader", "exercises that grade themselves")
    group.addoption(
        "--submission",
        metavar="DIR",
        help="test the files in DIR, or in an archive, instead of those in the exercise's folder",
    )
    group.addoption("--lang", choices=("en", "zh-CN"), help="language of the feedback (default: as the system says)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> ExerciseFolder | None:
    """Collect the tests that an exercise has again from others below its own folder."""
    return exercise_folder(path, parent) if (path / "exercise.toml").is_file() else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave alone a directory that is handed in: nothing in it is a test of the exercise, or is run by pytest at all."""
    return True if collection_path.is_dir() and is_handed_in(collection_path, config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Prepare a plain run if there are tests of exercises among the items, and none of a grading."""
    items[:] = [item for item in items if not stays_behind(item)]
    if RUNTIME not in config.stash and any(item.get_closest_marker("points") for item in items):
        from grader.streams import tolerate
        from grader.testing.plain_run import PlainRun

        tolerate((sys.__stdout__, sys.__stderr__))  # pytest writes there, whatever it has put in their place meanwhile
        run = PlainRun(config)
        config.stash[PLAIN_RUN] = run
        config.stash[RUNTIME] = run.runtime
        run.prepare(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test kindly if one that it builds on ran and did not pass."""
    RUNNING.item = item
    passed = item.config.stash.setdefault(PASSED, {})
    for name in prerequisites(item):
        if not passed.get((home(item).name, name), True):
            from grader.testing.outcome import Prerequisite

            raise Prerequisite(name)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let pytest keep its books when a student process dies while a fixture is made, or taken down.

    pytest notes the failure of a fixture for what it calls an outcome only (`_pytest.fixtures.pytest_fixture_setup` and
    `_pytest.runner.SetupState`); without the note it would not take the fixture down, and stumble over it in the next test.
    """
    from grader.channel.remote import StudentGone

    add = fixturedef.addfinalizer
    fixturedef.addfinalizer = lambda finalizer: add(lambda: borne(finalizer))  # type: ignore[method-assign]
    try:
        return (yield)
    except StudentGone as gone:
        from grader.testing.outcome import GoneInFixture

        error = GoneInFixture(gone)
        fixturedef.cached_result = (None, fixturedef.cache_key(request), (error, gone.__traceback__))  # type: ignore[arg-type]
        raise error from gone
    finally:
        del fixturedef.addfinalizer


def borne(finalizer: Callable[[], object]) -> None:
    """Take down a fixture; what it comes to is something that pytest bears."""
    from grader.channel.remote import StudentGone

    try:
        finalizer()
    except StudentGone as gone:
        from grader.testing.outcome import GoneInFixture

        raise GoneInFixture(gone) from gone


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what a test of a submission came to; in a plain run, say it in the four lines."""
    report = yield
    if item.get_closest_marker("points") is not None and note(item, call) and call.excinfo:
        run = item.config.stash.get(PLAIN_RUN, None)
        if run is not None:
            run.explain(item, report, call.excinfo.value)
    return report


def note(item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    """Note what one phase of a test of a submission came to; True if that is more telling than what was noted before."""
    passed = item.config.stash.setdefault(PASSED, {})
    key = key_of(item)
    passed[key] = passed.get(key, True) and call.excinfo is None
    if call.when == "call":
        item.stash[RAN] = call.excinfo is None
    if call.excinfo is None:
        return False
    from grader.testing.outcome import observe

    observed = observe(call.excinfo.value, call.excinfo.tb, recorder_of(item), item.path.parent)
    if OBSERVED in item.stash and not observed.fault:  # a fault of ours outweighs what it may have caused before
        return False
    item.stash[OBSERVED] = observed
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """After a plain run, say what was earned and what is still to come."""
    run = config.stash.get(PLAIN_RUN, None)
    if run is not None:
        for line in run.summary():
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the student processes of a plain run."""
    run = config.stash.get(PLAIN_RUN, None)
    if run is not None:
        run.close()


def recorder_of(item: pytest.Item) -> Recorder:
    """Return the recorder of a test."""
    from grader.testing.events import Recorder

    return item.stash.setdefault(RECORDER, Recorder())


def runtime_of(item: pytest.Item) -> Runtime:
    """Return the runtime of the grading that a test belongs to.

    Raises:
        pytest.UsageError: the test is not one of a submission.
    """
    find = item.config.stash.get(RUNTIME, None)
    if find is None or item.get_closest_marker("points") is None:
        raise pytest.UsageError(f"{item.nodeid}: fixtures of submissions are for tests with the marker points")
    return find(item)


@pytest.fixture
def submission() -> Iterator[Submission]:
    """What the student's module defines: ``submission.application``."""
    item = RUNNING.item
    runtime = runtime_of(item)
    fresh, loopback = (item.get_closest_marker(name) is not None for name in ("fresh", "loopback"))
    fresh = fresh or runtime.exercise.starts_fresh(item.path)
    probes = "probes" in fixture_names(item)
    try:
        yield runtime.submission(module_of(item), fresh=fresh, loopback=loopback, probes=probes)
    finally:
        runtime.end_test()


@pytest.fixture
def app(submission: Submission) -> App:
    """The manifest's entry as a WSGI callable, checked for the shape of its answers; ``module:factory()`` makes it."""
    from grader.testing.app import App, AppMaker

    exercise, recorder = runtime_of(RUNNING.item).exercise, recorder_of(RUNNING.item)
    if exercise.called:
        return AppMaker(submission, exercise.factory, recorder)()
    return App(getattr(submission, exercise.attribute), recorder)


@pytest.fixture
def make_app(submission: Submission) -> AppMaker:
    """Make apps with the submission's factory: ``make_app(catalog=FILMS)``."""
    from grader.testing.app import AppMaker

    return AppMaker(submission, runtime_of(RUNNING.item).exercise.factory, recorder_of(RUNNING.item))


@pytest.fixture
def client(app: App) -> Client:
    """Werkzeug's test client on the app."""
    from werkzeug.test import Client

    return Client(app)


@pytest.fixture
def trace() -> Tracer:
    """The strict driver, which notes every event in order."""
    from grader.testing.tracer import Tracer

    return Tracer(recorder_of(RUNNING.item))


@pytest.fixture
def serve(submission: Submission) -> Iterator[Serve]:
    """Start a real server on an app and get its URL: pass the app, and perhaps the server's name."""
    from grader.testing.serve import Serve

    runtime = runtime_of(RUNNING.item)
    started = Serve(submission._student, submission._listener, runtime.ports, runtime.begin_test)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture
def probes(submission: Submission) -> Probes:
    """Fixed helpers inside the student process. What they say is testimony: never the only ground of a point for behaviour."""
    from grader.testing.probes import Probes

    return Probes(submission)


@pytest.fixture
def rng() -> random.Random:
    """Random numbers that follow from the attempt's seed."""
    return runtime_of(RUNNING.item).random(RUNNING.item.name)


def fixture_names(item: pytest.Item) -> list[str]:
    """Return the fixtures that a test uses."""
    return list(getattr(item, "fixturenames", ()))


@functools.cache
def key_of(item: pytest.Item) -> tuple[str, str]:
    """Return what names a test among those of all exercises."""
    return home(item).name, test_id(item)
