"""What the parts of an nbgrader course are called. Ids of grade cells are an API: never changed once released."""

from __future__ import annotations

import importlib.metadata
import re

from grader.errors import Misuse

SETTINGS = "grader.toml"
"""Beside nbgrader's own configuration: where the exercises are, and how they are judged."""
CONFIG = "nbgrader_config.py"
"""The instructor's: written once."""
GENERATED = "nbgrader_config.json"
"""Ours: written again by every update. nbgrader reads it after `CONFIG`, and even where there is an error in that one."""
SOURCE, RELEASE, SUBMITTED = "source", "release", "submitted"
CHECKS = "checks"
"""Beside a notebook: a small course with the public half of its exercise, for the checks in the student's kernel."""
STYLES = ("files", "cells")
"""The student edits the files beside the notebook, or writes the only module in a cell."""
CHECK = "check"
"""The id of the cell that runs the public checks; nbgrader does not know it."""
OURS = re.compile(r"statement-[0-9]+|points-[a-z]+|solution-[a-z_][a-z0-9_.]*")
MARKUP = re.compile(r'[<>"\\]')
"""What no name of a student may hold: the formgrader writes names into its pages and scripts as they are."""
SCHEMA = 3
"""Of nbgrader's metadata of cells (nbgrader.nbgraderformat)."""
OLDEST, BELOW = (0, 9, 5), (0, 10)
"""Releases of nbgrader that are known to have the configuration points, and schema 3."""


def notebook_file(exercise: str) -> str:
    """Return the name of an exercise's notebook; its assignment is called like the exercise."""
    return f"{exercise}.ipynb"


def points_cell(category: str) -> str:
    """Return the grade id of the cell that holds the points of a category of the rubric."""
    return f"points-{category}"


def solution_cell(module: str) -> str:
    """Return the grade id of the cell in which a module is written: style ``cells``."""
    return f"solution-{module}"


def statement_cell(number: int) -> str:
    """Return the grade id of a locked cell with text: 1 the statement, 2 how one works here, 3 what runs at grading."""
    return f"statement-{number}"


def is_ours(name: str) -> bool:
    """Tell whether a cell of this grade id, or of this id, is one that we make."""
    return name == CHECK or bool(OURS.fullmatch(name))


def require() -> None:
    """Make sure that nbgrader is there, in a release that is known to work.

    Raises:
        Misuse: it is not; says how it is installed.
    """
    try:
        version = importlib.metadata.version("nbgrader")
    except importlib.metadata.PackageNotFoundError:
        raise Misuse(
            "nbgrader is not installed; install it with: pip install 'nbgrader>={oldest},<{below}'", **releases()
        ) from None
    if not OLDEST <= numbers(version) < BELOW:
        raise Misuse(
            "nbgrader {version} is installed, and this works with {oldest} up to, but not with {below}; "
            "install it with: pip install 'nbgrader>={oldest},<{below}'",
            version=version, **releases(),
        )  # fmt: skip


def releases() -> dict[str, str]:
    """Return the bounds as texts."""
    return {"oldest": ".".join(map(str, OLDEST)), "below": ".".join(map(str, BELOW))}


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with: (0, 9, 6) of 0.9.6.dev0."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
