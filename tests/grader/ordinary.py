"""A copy of this environment that every user of the machine may read and run: installations of root are often private."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 65534
"""The user and group that tests become."""
TOOLS = ("mypy*", "*mypyc*", "ruff*", "hypothesis*", "pip*", "libcst*", "textual*", "rapidfuzz*", "setuptools*")
"""What developers use beside the tests."""
NOTEBOOKS = ("nbgrader*", "jupyter*", "notebook*", "IPython*", "jedi*", "babel*", "debugpy*", "widgetsnbextension*")
PICTURES = ("playwright*", "matplotlib*", "numpy*", "fontTools*", "fonttools*", "PIL*", "pillow*", "kiwisolver*")
HEAVY = shutil.ignore_patterns("*.pth", *TOOLS, *NOTEBOOKS, *PICTURES)
"""What nothing needs that is run as another user, and what is most of all files."""
CACHES = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Place:
    """A Python with the engine and all that it needs, and the course with its private half."""

    python: Path
    course: Path


def obstacle() -> str:
    """Say why there can be no such copy, with the remedy; nothing if there can be one."""
    python = shutil.which("python3", path="/usr/bin")
    old = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not python or subprocess.run([python, "-c", old], check=False).returncode:
        return "there is no Python 3.11 that every user may run; apt-get install python3"
    return ""


def left_out(folder: str, names: list[str]) -> set[str]:
    """Return what is not copied of a folder: whole packages, never a part of one."""
    return CACHES(folder, names) | (HEAVY(folder, names) if Path(folder).name == "site-packages" else set())


@contextmanager
def readable_copy(*, course: bool = False) -> Iterator[Place]:
    """Make the copy, with the course if it is wanted, and remove it in the end."""
    home = Path(tempfile.mkdtemp(prefix="grader-ordinary-", dir="/tmp"))
    try:
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(home / "venv")], check=True)
        [site] = (home / "venv" / "lib").glob("python3.*/site-packages")
        shutil.copytree(Path(pytest.__file__).parents[1], site, ignore=left_out, dirs_exist_ok=True)
        shutil.copytree(ROOT / "grader", site / "grader", ignore=CACHES)
        for name in ("exercises", "solutions", "tests") if course else ():
            shutil.copytree(ROOT / name, home / "course" / name, ignore=CACHES)
        if course:
            shutil.copy2(ROOT / "pyproject.toml", home / "course")
        subprocess.run(["chmod", "-R", "a+rX", str(home)], check=True)
        yield Place(home / "venv" / "bin" / "python", home / "course")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def become(user: int = NOBODY) -> list[str]:
    """Return the beginning of a command that root runs as another user."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"] if os.geteuid() == 0 else []
