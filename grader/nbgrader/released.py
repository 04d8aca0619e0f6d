"""What was released stands in for what a student lost: a notebook that is missing, or that cannot be read and is not needed."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from grader.output import write_bytes

LARGEST = 16 << 20
"""Bytes of a notebook that is looked into."""


def put_in(submission: Path, release: Path) -> list[str]:
    """Put released notebooks into a collected submission that lacks them; return their names.

    One that is there and cannot be read is replaced only where nothing of it counts: in style ``files``. In style ``cells`` it
    is the work itself, and whoever grades has to see that.
    """
    given = []
    for notebook in sorted(release.glob("*.ipynb")):
        data = notebook.read_bytes()
        place = submission / notebook.name
        if not os.path.lexists(place) or (not is_work(data) and not readable(place)):
            if place.is_dir():
                shutil.rmtree(place)
            write_bytes(place, data)
            given.append(notebook.name)
    return given


def is_ours(release: Path) -> bool:
    """Tell whether a released assignment was made by us, and not by the instructor."""
    return any(about(path.read_bytes()) for path in release.glob("*.ipynb"))


def about(notebook: bytes) -> dict[str, Any]:
    """Return what we say of a released notebook; nothing if we did not make it."""
    found: dict[str, Any] = json.loads(notebook).get("metadata", {}).get("grader", {})
    return found


def is_work(notebook: bytes) -> bool:
    """Tell whether students write in a notebook; one that was not made by us counts as one in which they do."""
    return bool(about(notebook).get("style") != "files")


def readable(path: Path) -> bool:
    """Tell whether nbgrader could read a notebook, and would not be busy for long with it."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        return False
    try:
        found: Any = json.loads(path.read_bytes())
        return bool(found["nbformat"] == 4 and all(type(cell["source"]) in (str, list) for cell in found["cells"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def wrapped_in(folder: Path, release: Path) -> int:
    """Return how many folders are around the work in an unpacked archive: each alone in its own, and none of the assignment's."""
    names = {path.name for path in release.iterdir()} if release.is_dir() else set()
    depth = 0
    while True:
        inside = [path for path in folder.iterdir() if path.name not in (".DS_Store", "__MACOSX")]
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].name in names:
            return depth
        folder, depth = inside[0], depth + 1
