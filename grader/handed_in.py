"""When something was handed in, as its platform says or else the newest time of its files tells, and never later than now.

Whoever collects work decides what these times are: the bytes of an archive are never asked for those of their author.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from grader.discovery import Found

MOST = 2000
"""Files of one submission that are looked at."""
MINUTE = 60.0


def handed_in(found: Found) -> tuple[datetime, bool]:
    """Return when a submission was handed in, and whether it claims to be from the future: then it is now."""
    present = datetime.now(UTC).timestamp()
    if found.time and not found.others:
        times = [found.time.timestamp()]
    else:
        times = [time for place in found.sources for time in file_times(place, found.exercise.files)]
    newest = max(times, default=present)
    return datetime.fromtimestamp(max(0.0, min(newest, present)), UTC), newest > present + MINUTE


def file_times(place: Path, names: tuple[str, ...]) -> list[float]:
    """Return the times of the listed files of a folder, of all files in it if there are none of those, or of a file."""
    own = list(times_below(place, names)) if place.is_dir() and not place.is_symlink() else []
    return own or list(times_below(place, ("",)))


def times_below(place: Path, names: tuple[str, ...]) -> Iterator[float]:
    """Yield the times of regular files at or below some paths; no link is followed."""
    count = 0
    for name in names:
        top = place / name
        files = (Path(folder, file) for folder, _, listed in os.walk(top) for file in listed)
        for path in files if top.is_dir() and not top.is_symlink() else [top]:
            count += 1
            if count > MOST:
                return
            try:
                status = path.lstat()
            except (OSError, ValueError):
                continue
            if stat.S_ISREG(status.st_mode):
                yield status.st_mtime
