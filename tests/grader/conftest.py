"""Shared set-up: the repository's own course, and skips that name their remedy."""

from __future__ import annotations

import functools
import itertools
import os
import shlex
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.models import Isolation, Limits
from grader.sandbox.isolation import enter
from tests.grader import postgresql
from tests.grader.ordinary import obstacle
from tests.grader.scenarios import LEVELS, private_python

ROOT = Path(__file__).parents[2]
IN_CI = bool(os.environ.get("GRADER_CI"))
EVERY = os.environ.get("GRADER_TESTS") == "all"

SHARE = {
    "test_bench.py": 4, "test_archives.py": 24, "test_faults.py": 20, "test_attack_range.py": 14,
    "test_leaks.py": 16,
    "test_bounds.py": 12, "test_plain_run.py": 5, "test_cli.py": 8, "test_authors_page.py": 8, "test_parity.py": 6,
    "test_probes.py": 4, "test_connect.py": 10, "test_run.py": 4, "test_engine.py": 4, "test_diagnostic.py": 4,
    "test_new.py": 4, "test_mutants.py": 6, "test_verify.py": 8, "test_predictions.py": 4, "test_serve.py": 8,
    "test_attack_table.py": 3, "test_packages.py": 8, "test_store.py": 5, "test_class.py": 9,
    "test_classes.py": 4, "test_channel_lies.py": 2,
    "test_sandbox.py": 4, "test_readings.py": 2, "test_student_day.py": 6,
    "test_release.py": 7, "test_poorer.py": 6, "test_student_trace.py": 6, "test_student_serve.py": 5,
    "test_ci_github.py": 14, "test_ci_gitlab.py": 9, "test_ci_gradescope.py": 8, "test_ci_attempts.py": 5,
    "test_ci_fetch.py": 6, "test_ci_grade.py": 5, "test_ci_workflows.py": 3, "test_reports_cli.py": 5, "test_copies.py": 6,
    "test_student_attacks.py": 10, "test_nbgrader_notebook.py": 4, "test_reports_injection.py": 3, "test_database_apps.py": 2,
    "test_inner.py": 2, "test_lanes.py": 3, "test_nursery.py": 2,
}  # fmt: skip
"""Of these modules' slower tests every n-th is run everywhere, and half as many again where GRADER_CI is set; all of them
with GRADER_TESTS=all."""
WHOLE_IN_CI = ("test_ci_", "test_reports_", "test_nbgrader_", "test_copies")
"""Of modules whose names begin like this every test is run where GRADER_CI is set."""
NUMBERS = itertools.count()
ALWAYS_LEFT = (
    "hangs",
    "full_disk",
    "cannot_be_forked",
    "killed_at_random",
    "changes_during_a_run",
    "weaker_walls",
    "gzip bomb",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out most of the slow tests, so that the suite takes minutes; which ones does not change from run to run."""
    left_out = [item for item in items if not chosen(item)]
    items[:] = [item for item in items if chosen(item)]
    config.hook.pytest_deselected(items=left_out)


def chosen(item: pytest.Item) -> bool:
    """Tell whether a test is run everywhere."""
    share = SHARE.get(item.path.name, 1)
    if share == 1 or (IN_CI and item.path.name.startswith(WHOLE_IN_CI)):
        return True
    return taken(item.name, share) and (EVERY or not any(word in item.name for word in ALWAYS_LEFT))


def taken(subject: str, share: int) -> bool:
    """Tell whether a subject is among every n-th, which are always the same: more of them in CI, all if all is to be run."""
    if EVERY:
        return True
    return zlib.crc32(subject.encode()) % (-(-share * 2 // 3) if IN_CI else share) == 0


def skip(reason: str, remedy: str) -> None:
    """Skip with reason and remedy; where everything must run, fail."""
    if IN_CI:
        pytest.fail(f"{reason}; {remedy}")
    pytest.skip(f"{reason}; {remedy}")


@functools.cache
def level() -> tuple[Isolation, str]:
    """Return the isolation level that this machine has, and what stands against more."""
    box, proof = enter(Limits(), [ROOT / "tests", ROOT / "solutions"])
    box.stop()
    return proof.level, "; ".join(proof.against)


@pytest.fixture(scope="session")
def full() -> None:
    """Ask for a machine on which submissions can be isolated fully."""
    if level()[0] is not Isolation.FULL:
        skip("isolation level full is not to be had here", f"{level()[1]}; grader doctor says more")


@pytest.fixture(scope="session")
def walled() -> None:
    """Ask for a machine on which there are walls at all; the poorer ones of them are tried by test_poorer.py."""
    if level()[0] is Isolation.NONE:
        skip("submissions cannot be isolated here", f"{level()[1]}; grader doctor says more")


@pytest.fixture(scope="session")
def posix() -> None:
    """Ask for a system with fork."""
    if sys.platform == "win32":
        skip("this test forks", "run it on Linux or macOS")


@pytest.fixture(params=LEVELS)
def any_level(request: pytest.FixtureRequest) -> str:
    """Each isolation level in turn, as far as this machine has it."""
    name: str = request.param
    if name == "full":
        request.getfixturevalue("full")
    if name == "confined" and sys.platform != "linux":
        skip("there are walls on Linux only", "run this test there")
    if private_python(name) and (remedy := obstacle()):
        skip("this Python cannot be run by other users", remedy)
    return name


@pytest.fixture
def no_walls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Grade as on a machine that allows neither namespaces nor Landlock: its workers are really denied both."""
    if sys.platform != "linux":
        return
    poorer = [
        sys.executable,
        ROOT / "tests" / "grader" / "poorer.py",
        "--no-namespaces",
        "--no-landlock",
        "--",
        sys.executable,
    ]
    script = tmp_path / "python-without-walls"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, poorer))} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


@pytest.fixture(scope="session")
def stores() -> Iterator[Path]:
    """A folder for the stores of all tests."""
    with tempfile.TemporaryDirectory(prefix="grader-stores-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def own_store(stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test keeps what it grades by itself, and nothing in the course."""
    monkeypatch.setenv("GRADER_STORE", str(stores / f"{next(NUMBERS)}.db"))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server, where there is one."""
    if not postgresql.program("initdb"):
        skip("there is no PostgreSQL here", postgresql.REMEDY)
    with postgresql.server() as url:
        yield url


@pytest.fixture
def course() -> Course:
    """The repository's own course."""
    return load_course(ROOT)


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    """A copy of the course that a test may change."""
    for name in ("exercises", "solutions", "tests/hidden"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path
