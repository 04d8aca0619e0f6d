"""Finds what a class handed in, in a tree, a folder or a download of Canvas, Moodle or Gradescope, and says whose it is.

Whatever cannot be given to a student is named with the reason and the remedy; nothing is passed over without a word.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.archives import is_archive
from grader.bulk.download import open_download
from grader.bulk.names import Owner
from grader.bulk.places import FOLDER, Folder, Place, Unzipped
from grader.bulk.systems import EXAMPLES, PARTED, Claim, Unassigned, recognised, stray
from grader.course import Course
from grader.discovery import Found, find_submissions, named_exercise
from grader.errors import UsageError
from grader.models import Exercise
from grader.roster import Roster, Student
from grader.submissions import holds_files, own_directory

SYSTEMS = ("canvas", "moodle", "gradescope", "students")
"""Who named what lies there; ``students`` are folders and archives that are named for them."""
SAID = 20
"""What could not be given to a student and is named where nothing could."""


@dataclass(frozen=True)
class Class:
    """What a class handed in.

    ``system`` is who named it, nothing where that was not asked; ``absent`` are the students of the roster that handed in
    nothing, by exercise; ``notes`` say what else one should know.
    """

    found: list[Found]
    system: str = ""
    unassigned: tuple[Unassigned, ...] = ()
    absent: Mapping[str, tuple[Student, ...]] | None = None
    notes: tuple[str, ...] = ()


def find_class(
    path: Path, course: Course, wanted: Exercise | None, system: str | None = None, roster: Roster | None = None
) -> Class:
    """Find what a class handed in at a path, and whose it is.

    An archive is one submission, unless somebody says that it is a download, by ``system`` or by a roster: a student could
    make it look like one. A folder was made by staff, and is recognised by its names.

    Raises:
        UsageError: there is nothing, or the exercise stays unknown, or this is not what ``system`` says.
    """
    place = place_of(path, wanted, system, named=bool(system or roster))
    kind = system or (recognised(place) if place else "")
    if place and not kind and (deeper := place.below()) and (kind := recognised(deeper)):
        place = deeper
    if not place or (isinstance(place, Folder) and kind in ("", "students")):
        return in_folders(path, course, wanted, roster)
    exercise = wanted or named_exercise(path, course)
    if exercise is None:
        raise UsageError(f"{path}: which exercise is this? Say it with --exercise:\n{course.listing()}")
    kind = kind or "students"
    place = inner(place, kind, exercise)
    claims, unassigned = PARTED[kind](place, exercise)
    if isinstance(place, Unzipped) and place.download.nameless:
        why = f"{place.download.nameless} files have names in no known encoding"
        unassigned.append(Unassigned(path.name, why, "unzip it, and name the folder"))
    if not claims and not unassigned:
        raise UsageError(f"{path}: there is nothing in it; each student's work is named like {EXAMPLES[kind]}")
    return named(claims, beside(path, unassigned, roster), roster, [], kind)


def in_folders(path: Path, course: Course, wanted: Exercise | None, roster: Roster | None) -> Class:
    """Find what lies in a tree or in folders named for students, or the work of one student."""
    found = find_submissions(path, course, wanted)
    claims = [Claim(Owner("", one.student, one.student), one, one.student) for one in found if one.student is not None]
    own = [one for one in found if one.student is None]
    unassigned = [] if own else list(strays(path, found))
    return named(claims, beside(path, unassigned, roster), roster, own, "")


def inner(place: Place, kind: str, exercise: Exercise) -> Place:
    """Return the only folder of a place if the work of the class is in it, or else the place."""
    deeper = place.below()
    if deeper is None:
        return place
    inside = is_class(deeper, exercise) if kind == "students" else recognised(place) != kind
    return deeper if inside else place


def is_class(place: Place, exercise: Exercise) -> bool:
    """Tell whether the only folder of a download holds several students, and is not the only student."""
    tops = place.tops()
    own = any(name.split("/", 1)[0] in tops for name in (*exercise.files, exercise.name))
    return not own and sum(kind == FOLDER or is_archive(name) for name, kind in tops.items()) > 1


def beside(path: Path, unassigned: Iterable[Unassigned], roster: Roster | None) -> list[Unassigned]:
    """Return what nobody knows whose it is, without the roster itself."""

    def is_roster(one: Unassigned) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return roster is not None and roster.path.samefile(path / one.name)
        return False

    return [one for one in unassigned if not is_roster(one)]


def place_of(path: Path, wanted: Exercise | None, system: str | None, *, named: bool) -> Place | None:
    """Return where a class may lie; None for the work of one student, and for what is not there."""
    if path.is_dir():
        one = wanted and not system and (holds_files(path, wanted) or own_directory(path, wanted))
        return None if one else Folder(path)
    if path.exists() and system and not is_archive(path.name):
        raise UsageError(f"{path}: is one file; --from is for the folder or the zip of a class")
    if not path.is_file() or not named or not is_archive(path.name):
        return None
    if not path.name.lower().endswith(".zip"):
        raise UsageError(f"{path}: the download of a class is a zip; unpack this one, and name the folder")
    return Unzipped(open_download(path))


def strays(path: Path, found: Iterable[Found]) -> Iterator[Unassigned]:
    """Yield what lies in a tree beside what was found there."""
    used = {place.relative_to(path).parts[0] for one in found for place in (one.path, *one.others) if place != path}
    for name, kind in Folder(path).tops().items():
        if name in used:
            continue
        if is_archive(name):
            why = "lies beside the folders of students, and work is looked for in them"
            yield Unassigned(name, why, "put it into the folder of its student, and name it like the exercise")
        elif kind == FOLDER:
            why = "no folder or archive in it is named like an exercise"
            yield Unassigned(name, why, "rename what is in it, or let its name begin with _ if it is nobody's work")
        else:
            yield stray(name)


# -- who is who


def named(
    claims: list[Claim], unassigned: list[Unassigned], roster: Roster | None, own: list[Found], system: str
) -> Class:
    """Give each piece of work to a student: the one that the roster says, or else the one that its name says."""
    notes: list[str] = []
    by_student: dict[tuple[str, str], list[Found]] = {}
    names = {} if roster else shared_names(claims)
    for claim in claims:
        student = roster.find(claim.owner) if roster else names.get(claim.owner, claim.owner.label)
        if roster and isinstance(student, str):
            remedy = f"add the student to {roster.path.name}, or correct it, and grade again"
            unassigned.append(Unassigned(claim.top, student, remedy))
            continue
        label = student.id if isinstance(student, Student) else student
        by_student.setdefault((claim.found.exercise.name, label), []).append(replace(claim.found, student=label))
    if names:
        shown = ", ".join(sorted(names.values()))
        notes.append(
            f"several students have one name: {shown}; give a --roster with moodle_id, so that they are called the same next time"
        )
    found = [one_of(places) for places in by_student.values()]
    if not found and not own:
        raise UsageError("nothing of this can be given to a student:\n" + "\n".join(map(str, unassigned[:SAID])))
    absent = absentees(found, roster) if roster and claims else None
    return Class([*own, *found], system, tuple(unassigned), absent, tuple(notes))


def shared_names(claims: Iterable[Claim]) -> dict[Owner, str]:
    """Return what students are called who share their name with others: number and name, as in a blind marking."""
    owners: dict[str, dict[Owner, None]] = {}
    for claim in claims:
        if claim.owner.system == "moodle":
            owners.setdefault(claim.owner.label, {})[claim.owner] = None
    shared = (group for group in owners.values() if len(group) > 1)
    return {owner: f"{owner.label} {owner.number}" for group in shared for owner in group}


def one_of(places: list[Found]) -> Found:
    """Return one submission of all that claims to be it; of several none counts, and all are named."""
    first, *others = places
    if not others:
        return first
    return replace(first, others=(*first.others, *(place for one in others for place in (one.path, *one.others))))


def absentees(found: Iterable[Found], roster: Roster) -> dict[str, tuple[Student, ...]]:
    """Return who handed in nothing, by exercise."""
    present: dict[str, set[str]] = {}
    for one in found:
        present.setdefault(one.exercise.name, set()).add(one.student or "")
    return {
        exercise: tuple(student for student in roster.students if student.id not in here)
        for exercise, here in sorted(present.items())
    }
