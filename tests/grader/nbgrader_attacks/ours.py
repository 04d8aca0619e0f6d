"""The same attacks against our path: one course, one command for all of them, and two honest students."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.nbgrader.names import CONFIG, SETTINGS
from tests.grader.nbgrader_attacks.attacks import ATTACKS, EXERCISE, NAP, hand_in_all
from tests.grader.nbgrader_attacks.look import Course, napping

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(sys.executable).parent
PATIENCE = 900
NO_KERNEL = """
c.KernelSpecManager.ensure_native_kernel = False  # should anything ask for a kernel after all, then there is none
c.KernelSpecManager.allowed_kernelspecs = {"there is none"}
"""


class Failed(Exception):
    """A command of ours or of nbgrader's failed; the message has what it said."""


def reference() -> str:
    """Return the module that is right."""
    return (ROOT / "solutions" / EXERCISE / "app.py").read_text(encoding="utf-8")


def run(*words: str, folder: Path) -> str:
    """Run a command in a course."""
    around = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", "COURSE": str(folder)}
    done = subprocess.run(words, cwd=folder, env=around, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def make(folder: Path) -> None:
    """Make a course of ours with one exercise, whose module is written in a cell, and generate its assignment."""
    run(
        "grader",
        "nbgrader",
        "init",
        str(folder),
        "--exercise",
        EXERCISE,
        "--style",
        "cells",
        "--course",
        str(ROOT),
        folder=folder.parent,
    )
    settings = folder / SETTINGS
    said = settings.read_text(encoding="utf-8")
    settings.write_text(f'store = "grades.db"\nmin_isolation = "full"\n{said}', encoding="utf-8")
    with (folder / CONFIG).open("a", encoding="utf-8") as file:
        file.write(NO_KERNEL)
    run("nbgrader", "generate_assignment", EXERCISE, folder=folder)


def attack(folder: Path) -> tuple[Course, str]:
    """Make a course, have every attack autograded by one command and feedback written by another, and look.

    Returns what nbgrader said too.
    """
    make(folder)
    hand_in_all(folder, ATTACKS, reference())
    configuration = (folder / CONFIG).read_text(encoding="utf-8")
    said = run("nbgrader", "autograde", EXERCISE, folder=folder) + run(
        "nbgrader", "generate_feedback", EXERCISE, folder=folder
    )
    guard = Guard(secrets_of(ROOT, ROOT))
    return Course(folder, lambda text: bool(guard.check(text, "")), configuration, napping(NAP)), said
