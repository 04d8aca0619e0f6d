"""The download of a class, its names, what Gradescope says of it, and the list of its students: read, or refused in words."""

from __future__ import annotations

import functools
import struct
from pathlib import Path

from grader.archives import checked
from grader.bulk.classes import find_class
from grader.bulk.metadata import entries
from grader.bulk.names import canvas, folded, forms, latest, moodle
from grader.bulk.systems import PARTED
from grader.course import Course
from grader.errors import UsageError
from grader.models import Submission
from grader.roster import Roster, read_roster
from grader.sandbox.inside.unpacking import unpack
from tests.fuzz.shown import EXERCISE, is_inert
from tests.fuzz.source import Source, scratch
from tests.grader.class_downloads import CANVAS_GRADEBOOK, METADATA, OWN, hostile_zip

COURSE = Course(Path("/nowhere"), {EXERCISE.name: EXERCISE})
SEEDS = (
    b"\x00" + OWN.encode(),
    b"\x00" + CANVAS_GRADEBOOK.encode(),
    b"\x01" + METADATA.encode(),
    b"\x02" + bytes(60),
    b"\x02" + bytes(range(250)),
    b"\x03PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, 46, 0, 0),
    b"\x04" + bytes(range(200)),
)
PIECES = (
    "_",
    "_LATE",
    "_1",
    "_22_",
    "_assignsubmission_",
    "file_",
    "Ada",
    "anon_",
    "app.py",
    "app-1.py",
    "w.zip",
    "/",
    "..",
    "submission_1",
)


def check(data: bytes) -> None:
    """Check one of the readers."""
    readers = (check_roster, check_metadata, check_class, check_zip, check_names)
    readers[data[0] % len(readers) if data else 0](data[1:])


@functools.cache
def home() -> Path:
    """Return where files are made."""
    return scratch("classes-")


def check_roster(data: bytes) -> None:
    """A list of students is one, or it is refused; whoever is in it is found by the id and nobody else is."""
    path = home() / "roster.csv"
    path.write_bytes(data)
    try:
        roster = read_roster(path)
    except UsageError as error:
        check_said(error)
        return
    assert len({student.id.casefold() for student in roster.students}) == len(roster.students)
    for student in roster.students:
        assert student.id
        assert student.id[0] not in "=+-@"
        assert is_inert(str(student))
        assert roster.only("id", student.id) is student


def check_metadata(data: bytes) -> None:
    """Whose a submission is are short texts, or the file is refused."""
    try:
        found = entries(Path("submission_metadata.yml"), data)
    except UsageError as error:
        check_said(error)
        return
    for entry in found.values():
        assert all(len(text) <= 1000 for owner in entry.owners for text in (owner.number, owner.name, owner.email))
        assert entry.time is None or entry.time.tzinfo is not None


def check_said(error: UsageError) -> None:
    """Check what is said of a file that is refused."""
    assert is_inert(str(error), lines=True)


def check_class(data: bytes) -> None:
    """Every file of a download belongs to a student or to nobody, and what is cut out of it is an archive or a reason."""
    source = Source(data)
    names = ["".join(source.pick(PIECES) for _ in range(1 + source.number(7))) for _ in range(1 + source.number(5))]
    names += [source.text(10) for _ in range(source.number(3))]
    entries = [
        (name.encode("utf-8", "replace"), source.some(9), source.pick((0o100644, 0o120777, 0))) for name in names
    ]
    path = hostile_zip(home() / "class.zip", entries)
    system = source.pick(sorted(PARTED))
    check_found(path, system, None)


def check_zip(data: bytes) -> None:
    """Bytes are a download or none."""
    path = home() / "bytes.zip"
    path.write_bytes(data)
    check_found(path, "canvas", None)


def check_found(path: Path, system: str, roster: Roster | None) -> None:
    """Find a class, and read all of it."""
    try:
        found = find_class(path, COURSE, EXERCISE, system, roster)
    except UsageError as error:
        check_said(error)
        return
    assert all(is_inert(str(one)) for one in found.unassigned)
    assert len({one.student for one in found.found}) == len(found.found)
    for one in found.found:
        assert one.student
        check_work(one.read())


def check_work(work: Submission) -> None:
    """Check that what was cut out is what the box makes of any archive."""
    assert (work.archive is not None) + bool(work.missing) + bool(work.problem) == 1
    if work.archive:
        checked(unpack(work.archive, EXERCISE.files, 1 << 16), EXERCISE.files, 1 << 16)


def check_names(data: bytes) -> None:
    """What a file was called is the end of what it is called, and of several files none is lost."""
    source = Source(data)
    names = list(dict.fromkeys("".join(source.pick(PIECES) for _ in range(1 + source.number(9))) for _ in range(9)))
    for name in names:
        for reading in (*canvas(name), *filter(None, [moodle(name)])):
            assert name.endswith(reading.rest.split("_")[-1])
            assert reading.owner.label
        assert folded(name) in {"", *forms(name), *forms(name.replace(",", ""))}
    chosen, older, unclear = latest([(source.pick(PIECES), name) for name in names], ("app.py",))
    assert sorted([*chosen.values(), *older, *unclear]) == sorted(names)
