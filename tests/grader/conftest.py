"""Shared set-up: the repository's own course, and skips that name their remedy."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from grader.course import Course, load_course
from grader.models import Isolation, Limits
from grader.sandbox.isolation import enter

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
