"""Reads from a Gradescope export who handed in what, and when; all else in that file, outputs of programs above all, is skipped.

It is YAML, and read as a stream of events: nothing is constructed, no alias followed, no tag resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from grader.bulk.names import LONGEST, Owner
from grader.errors import UsageError

NAME = "submission_metadata.yml"
LARGEST = 64 << 20
DEEPEST = 100
PEOPLE = 100
"""Submitters of one submission."""
REMEDY = "pip install 'web-framework-course[class]'"

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*[ ]?(Z|[+-]\d\d:\d\d)", re.ASCII)
"""A time as Ruby writes it into YAML, ``2026-01-20 05:13:21.424312000 Z``, or ISO 8601."""


@dataclass
class Entry:
    """Who handed in a submission, and when; None where the file does not say."""

    owners: list[Owner] = field(default_factory=list)
    time: datetime | None = None


def entries(path: Path, data: bytes) -> dict[str, Entry]:
    """Return who handed in each submission, and when, by the names of their folders.

    Raises:
        UsageError: there is no library for YAML, or this is no such file.
    """
    try:
        import yaml  # only exports of Gradescope need it
    except ImportError:
        raise UsageError(f"{path}: to read it takes PyYAML, which is not installed; {REMEDY}") from None
    if len(data) > LARGEST:
        raise UsageError(f"{path}: is larger than {LARGEST} bytes; export the submissions without their results")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Entry] = {}
    try:
        for submission, said in statements(yaml.parse(data, Loader=loader)):
            entry = found.setdefault(submission, Entry())
            if isinstance(said, str):
                entry.time = time_of(said)
            elif said and len(entry.owners) < PEOPLE:
                entry.owners.append(owner_of(said))
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: is not what Gradescope writes; export the submissions again") from None
    return found


def owner_of(person: dict[str, str]) -> Owner:
    """Return a submitter; keys of Gradescope are symbols of Ruby."""
    known = {key.lstrip(":"): value[:LONGEST].strip() for key, value in person.items() if value not in ("~", "null")}
    return Owner("gradescope", known.get("sid", ""), known.get("name", ""), known.get("email", ""))


def time_of(said: str) -> datetime | None:
    """Return a time with its zone, None if the text is none."""
    match = TIME.fullmatch(said)
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}{match[4]}") if match else None
    except ValueError:
        return None


def statements(events: Iterator[Any]) -> Iterator[tuple[str, dict[str, str] | str]]:
    """Yield each submission with each of its submitters, with the time that it was handed in, and once with nobody.

    ``way`` has a step for each collection that is open: for a mapping the key whose value comes next, or None, and for a
    sequence a dash. The submitters are scalars at ``submission, :submitters, -, key``, the time is ``submission, :created_at``.
    """
    way: list[str | None] = []
    person: dict[str, str] = {}
    for event in events:
        kind = type(event).__name__
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            if way and way[-1] is None:
                raise ValueError("a key that is no text")
            way.append(None if kind[0] == "M" else "-")
            if len(way) > DEEPEST:
                raise ValueError("too deep")
            if len(way) == 2 and way[0]:
                yield way[0], {}
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            way.pop()
            if at_submitters(way) and person:
                yield way[0] or "", person
                person = {}
            if way and way[-1] != "-":
                way[-1] = None
        elif kind in ("ScalarEvent", "AliasEvent") and way and way[-1] != "-":
            value = event.value if kind == "ScalarEvent" else "*"
            if way[-1] is None:
                way[-1] = value if value != "-" else "--"
                continue
            if len(way) == 4 and at_submitters(way[:3]):
                person[way[-1]] = value
            elif len(way) == 2 and way[0] and (way[1] or "").lstrip(":") == "created_at":
                yield way[0], value
            way[-1] = None


def at_submitters(way: list[str | None]) -> bool:
    """Tell whether the submitters of a submission are open, and nothing in them."""
    return len(way) == 3 and bool(way[0]) and (way[1] or "").lstrip(":") == "submitters" and way[2] == "-"
