"""Reads from a Gradescope export who handed in what; everything else in that file, outputs of programs above all, is skipped.

It is YAML, and read as a stream of events: nothing is constructed, no alias followed, no tag resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
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

Owners = dict[str, list[Owner]]


def submitters(path: Path, data: bytes) -> Owners:
    """Return who handed in each submission, by the names of their folders.

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
    found: Owners = {}
    try:
        for submission, person in people(yaml.parse(data, Loader=loader)):
            owners = found.setdefault(submission, [])
            if person and len(owners) < PEOPLE:
                owners.append(owner_of(person))
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: is not what Gradescope writes; export the submissions again") from None
    return found


def owner_of(person: dict[str, str]) -> Owner:
    """Return a submitter; keys of Gradescope are symbols of Ruby."""
    known = {key.lstrip(":"): value[:LONGEST].strip() for key, value in person.items() if value not in ("~", "null")}
    return Owner("gradescope", known.get("sid", ""), known.get("name", ""), known.get("email", ""))


def people(events: Iterator[Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each submission with each of its submitters, and once with nobody.

    ``way`` has a step for each collection that is open: for a mapping the key whose value comes next, or None, and for a
    sequence a dash. The submitters are scalars at ``submission, :submitters, -, key``.
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
            way[-1] = None


def at_submitters(way: list[str | None]) -> bool:
    """Tell whether the submitters of a submission are open, and nothing in them."""
    return len(way) == 3 and bool(way[0]) and (way[1] or "").lstrip(":") == "submitters" and way[2] == "-"
