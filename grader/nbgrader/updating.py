"""What an update leaves alone, and what it refuses: an instructor's own files and cells, and what students already have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.nbgrader.names import RELEASE, SOURCE, is_ours, notebook_file

RECORD = ".grader-build.json"
"""Beside the settings: the digests of the files below ``source/`` as they were written."""

Record = Mapping[str, list[str]]


@dataclass(frozen=True)
class Plan:
    """What is to be done with files below the course's folder; ``left`` are an instructor's own and stay as they are."""

    write: Mapping[str, bytes]
    remove: tuple[str, ...]
    left: tuple[str, ...]


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def read_record(folder: Path) -> Record:
    """Return the record of a course, an empty one if there is none.

    Raises:
        UsageError: nobody of ours wrote it like this.
    """
    path = folder / RECORD
    try:
        content = dict(json.loads(path.read_bytes()).items())
        return {safe(name): [str(one) for one in content[name]] for name in content}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path}: not the record of a course; restore it, or make a course in a new folder") from None


def safe(name: object) -> str:
    """Return a path that stays below ``source/``."""
    if type(name) is not str or not name.startswith(f"{SOURCE}/") or ".." in name.split("/"):
        raise ValueError(name)
    return name


def as_kept(record: Record) -> bytes:
    """Return a record as it is kept."""
    return (json.dumps(dict(sorted(record.items())), indent=1) + "\n").encode()


def after(files: Mapping[str, bytes], before: Record | None = None) -> Record:
    """Return the record of some files; with the one before it while they are being written, so that both are known."""
    now = {path: [digest(data)] for path, data in files.items()}
    return {path: [*(before or {}).get(path, []), *now.get(path, [])] for path in {*now, *(before or {})}}


def plan(folder: Path, files: Mapping[str, bytes], before: Record) -> Plan:
    """Compare what is to be below ``source/`` with what is there.

    Raises:
        UsageError: a notebook there is none.
    """
    write: dict[str, bytes] = {}
    left: list[str] = []
    remove: list[str] = []
    for path, data in files.items():
        there = content_of(folder / path)
        wanted = with_own_cells(data, there, folder / path) if there is not None and path.endswith(".ipynb") else data
        if there is None or path.endswith(".ipynb") or digest(there) in before.get(path, []):
            write |= {path: wanted} if wanted != there else {}
        elif there != data:
            left.append(path)
    for path in sorted(set(before) - set(files)):
        there = content_of(folder / path)
        if there is not None:
            (remove if digest(there) in before[path] else left).append(path)
    return Plan(write, tuple(remove), tuple(left))


def content_of(path: Path) -> bytes | None:
    """Return what is in a file, None if there is none.

    Raises:
        UsageError: there is something else.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"{path}: no file of its own, and one is to be written there; move it away")
    return path.read_bytes() if path.exists() else None


def with_own_cells(built: bytes, there: bytes, path: Path) -> bytes:
    """Return a notebook as it was built, with the instructor's own cells where they stood: behind the same cell of ours."""
    mine, theirs = json.loads(built), notebook(there, path)
    known = {cell["id"] for cell in mine["cells"]}
    own: dict[str, list[Any]] = {}
    behind = ""
    for cell in theirs["cells"]:
        name = name_of(cell)
        if name in known:
            behind = name
        elif not is_ours(name):
            own.setdefault(behind, []).append(cell)
    if not own:
        return built
    mine["cells"] = own.get("", []) + [one for cell in mine["cells"] for one in (cell, *own.get(cell["id"], []))]
    return (json.dumps(mine, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def notebook(data: bytes, path: Path) -> dict[str, Any]:
    """Return a notebook of the instructor's, or one that was released.

    Raises:
        UsageError: it is none.
    """
    try:
        found: dict[str, Any] = json.loads(data)
        if found["nbformat"] == 4 and all(isinstance(cell["metadata"], dict) for cell in found["cells"]):
            return found
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise UsageError(f"{path}: not a notebook of format 4; delete it, or restore it")


def name_of(cell: Mapping[str, Any]) -> str:
    """Return the grade id of a cell, or its id where it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id", ""))


# -- what students have


def grading_cells(data: bytes, path: Path) -> dict[str, float | None]:
    """Return what nbgrader knows of our cells in a notebook: the points by grade id, None for a cell without any."""
    found = {}
    for cell in notebook(data, path)["cells"]:
        known = cell["metadata"].get("nbgrader", {})
        if is_ours(str(known.get("grade_id", ""))):
            found[known["grade_id"]] = known.get("points")
    return found


def released(folder: Path, exercise: str) -> Path | None:
    """Return the notebook of an exercise that was generated for students, None if there is none."""
    path = folder / RELEASE / exercise / notebook_file(exercise)
    return path if path.is_file() else None


def refuse_changes(folder: Path, exercise: str, built: bytes) -> None:
    """Refuse to build an exercise whose cells or points are not those that students have.

    Raises:
        UsageError: says what is different, and the ways out.
    """
    path = released(folder, exercise)
    if path is None:
        return
    old, new = grading_cells(path.read_bytes(), path), grading_cells(built, path)
    if old == new:
        return
    differences = "; ".join(
        different(name, old, new) for name in sorted({*old, *new}) if told(old, name) != told(new, name)
    )
    raise UsageError(
        f"{exercise}: released already, and now {differences}. The gradebook knows cells by their ids and what they are "
        f"worth, so nothing was written. If no student has it yet: delete {path.parent} and repeat this. Otherwise bring "
        "the exercise back as it was released, or give the new one another name"
    )


def told(cells: Mapping[str, float | None], name: str) -> tuple[bool, float | None]:
    """Return whether there is a cell, and its points."""
    return name in cells, cells.get(name)


def different(name: str, old: Mapping[str, float | None], new: Mapping[str, float | None]) -> str:
    """Say how one cell differs."""
    if name not in new:
        return f"the cell {name} is gone"
    if name not in old:
        return f"there is a new cell {name}"
    return f"{name} is worth {new[name]} instead of {old[name]} points"


def dropped(folder: Path, before: Record, still: Mapping[str, object]) -> Iterator[str]:
    """Yield the exercises of a course, by its record, that the exercises it is made of do not have any more.

    Raises:
        UsageError: students have one of them.
    """
    for name in sorted({path.split("/")[1] for path in before}):
        if name in still:
            continue
        if released(folder, name):
            raise UsageError(
                f"{name}: released already, and the course has no such exercise any more, so that nobody could grade "
                f"it; nothing was written. Bring the exercise back, or, if no student has it, delete "
                f"{folder / RELEASE / name} and repeat this"
            )
        yield name
