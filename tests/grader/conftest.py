"""Shared set-up: the repository's own course, and skips that name their remedy."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.models import Isolation, Limits
from grader.sandbox.isolation import enter
from tests.grader.ordinary import obstacle
from tests.grader.scenarios import LEVELS, private_python

ROOT = Path(__file__).parents[2]
IN_CI = bool(os.environ.get("GRADER_CI"))


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
def course() -> Course:
    """The repository's own course."""
    return load_course(ROOT)


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    """A copy of the course that a test may change."""
    for name in ("exercises", "solutions", "tests/hidden"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path
