"""The proof of a course as text and as JSON: a line for each exercise, then the complaints by file. For authors, in English."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Words

from grader.models import Complaint, Verification
from grader.printable import printable

LONGEST = 2000
"""Characters of a complaint that are shown."""


def table(verifications: Iterable[Verification]) -> Table:
    """Return a line for each exercise; what is nought for all of them is left out."""
    rows = [one for one in verifications if one.exercise]
    columns = {
        "hidden tests": [str(one.hidden_tests) for one in rows],
        "samples": [str(one.samples) for one in rows],
        "seconds": [f"{one.seconds:.1f}" for one in rows],
        "not tried": [str(len(one.skipped)) for one in rows] if any(one.skipped for one in rows) else [],
        "written": [str(len(one.written)) for one in rows] if any(one.written for one in rows) else [],
    }
    found = Table(box=None, pad_edge=False, header_style="bold")
    found.add_column("exercise", no_wrap=True)
    for name in (kept := {name: cells for name, cells in columns.items() if cells}):
        found.add_column(name, justify="right", no_wrap=True)
    found.add_column("")
    for number, one in enumerate(rows):
        found.add_row(one.exercise, *(cells[number] for cells in kept.values()), verdict(one))
    return found


def verdict(one: Verification) -> Words:
    """Say in short whether an exercise is proven."""
    if one.complaints:
        return Words(f"{len(one.complaints)} complaint{'s' if len(one.complaints) > 1 else ''}", "bold red")
    return Words("not all tried", "yellow") if one.skipped else Words("proven", "green")


def proof(verifications: Sequence[Verification], base: Path) -> RenderableType:
    """Return everything that is to be said; paths are told from ``base``."""
    parts: list[RenderableType] = [table(verifications)]
    complaints = [complaint for one in verifications for complaint in one.complaints]
    skipped = [complaint for one in verifications for complaint in one.skipped]
    written = [path for one in verifications for path in one.written]
    for heading, found in (("Complaints", complaints), ("Not tried here", skipped)):
        if found:
            parts += [Words(), Words(heading, "bold"), *by_file(found, base)]
    if written:
        parts += [
            Words(),
            Words("Written; review the diff", "bold"),
            *(Words(f"  {shown(path, base)}") for path in written),
        ]
    return Group(*parts)


def by_file(complaints: Iterable[Complaint], base: Path) -> list[RenderableType]:
    """Return complaints in groups, one for each file."""
    groups: dict[Path, list[Complaint]] = {}
    for complaint in complaints:
        groups.setdefault(complaint.path, []).append(complaint)
    parts: list[RenderableType] = []
    for path, group in groups.items():
        parts.append(Words(shown(path, base), "cyan"))
        parts += [Words(f"  {place(one)}{printable(one.text, LONGEST)}") for one in group]
    return parts


def place(complaint: Complaint) -> str:
    """Return the line or the key of a complaint as the beginning of its text."""
    return f"{'line ' if complaint.at.isdigit() else ''}{complaint.at}: " if complaint.at else ""


def shown(path: Path, base: Path) -> str:
    """Return a path as it is told: from the base if it lies below it."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    return absolute.relative_to(base).as_posix() if absolute.is_relative_to(base) else str(path)


def document(verifications: Iterable[Verification], base: Path) -> list[dict[str, Any]]:
    """Return the proof as JSON-able data; ``exercise`` is null for what belongs to no single one."""
    return [
        {
            "exercise": one.exercise or None, "hidden_tests": one.hidden_tests, "samples": one.samples, "seconds": one.seconds,
            "complaints": [row(complaint, base) for complaint in one.complaints],
            "skipped": [row(complaint, base) for complaint in one.skipped],
            "written": [shown(path, base) for path in one.written],
        }
        for one in verifications
    ]  # fmt: skip


def row(complaint: Complaint, base: Path) -> dict[str, str]:
    """Return one complaint."""
    return {"path": shown(complaint.path, base), "at": complaint.at, "text": printable(complaint.text, LONGEST)}
