"""Complaints as the rest of the engine says them: its errors name a file first, and a line where they know one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.models import Complaint

PLACE = re.compile(
    r"(?P<path>/[^\n:]+|[A-Za-z]:[\\/][^\n:]+|[^\s:]+\.(?:py|toml|po|md))(?::(?P<line>\d+))?: (?P<text>.+)", re.DOTALL
)


def complaints_of(error: Exception, otherwise: Path) -> Iterator[Complaint]:
    """Yield what an error complains of; where it names no file, ``otherwise`` is the place."""
    text = str(error)
    lines = text.splitlines()
    for part in lines if all(PLACE.match(line) for line in lines) else [text]:
        match = PLACE.match(part)
        if match:
            yield Complaint(Path(match["path"]), match["text"], match["line"] or "")
        else:
            yield Complaint(otherwise, part)
