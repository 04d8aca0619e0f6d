"""Parts what lies at a place among students, by the rules of the platform that named it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.archives import is_archive, stem
from grader.bulk import metadata
from grader.bulk.names import GRADESCOPE, Owner, Reading, canvas, latest, moodle
from grader.bulk.places import FILE, FOLDER, Place
from grader.discovery import Found
from grader.models import Exercise
from grader.printable import printable


@dataclass(frozen=True)
class Unassigned:
    """Something that was handed in and not graded, for nobody knows whose it is."""

    name: str
    why: str
    remedy: str

    def __str__(self) -> str:
        """Return all of it, fit to be shown."""
        return f"{printable(self.name)}: {printable(self.why, 400)}; {printable(self.remedy, 400)}"


@dataclass(frozen=True)
class Claim:
    """A piece of work and whose it is; ``top`` is what it is called."""

    owner: Owner
    found: Found
    top: str


Parted = tuple[list[Claim], list[Unassigned]]


def from_canvas(place: Place, exercise: Exercise) -> Parted:
    """Part the files of a download of Canvas: those with one student's number are that student's work."""
    students: dict[str, list[tuple[str, str]]] = {}
    owners: dict[str, Owner] = {}
    unassigned = []
    for name, kind in place.tops().items():
        readings = canvas(name)
        if len(readings) != 1 or kind != FILE:
            unassigned.append(unread(name, kind, readings))
            continue
        owner = owners.setdefault(readings[0].owner.number, readings[0].owner)
        students.setdefault(owner.number, []).append((readings[0].rest, name))
    claims = []
    for number, files in students.items():
        chosen, older, unclear = latest(files, exercise.files)
        top = min(now for _, now in files)
        found = place.loose(chosen, older, exercise)
        if unclear:
            first, *others = (place.path / now for now in unclear)
            found = Found(first, exercise, None, tuple(others))
        claims.append(Claim(owners[number], found, top))
    return claims, unassigned


def unread(name: str, kind: str, readings: list[Reading]) -> Unassigned:
    """Say why nobody knows whose a file of Canvas is."""
    if kind != FILE:
        return Unassigned(name, f"is {kind}, and Canvas gives files", "remove it, or name what is in it as Canvas does")
    if readings:
        numbers = " or ".join(reading.owner.number for reading in readings)
        return Unassigned(
            name,
            f"may be of the student with the number {numbers}",
            f"find out whose it is, and rename it like {EXAMPLES['canvas']}",
        )
    return Unassigned(name, "is not named as Canvas names files", f"rename it like {EXAMPLES['canvas']}")


def from_moodle(place: Place, exercise: Exercise) -> Parted:
    """Part a download of Moodle: a folder for each student and kind of answer, or files that begin with the same."""
    folders: dict[Owner, list[str]] = {}
    files: dict[Owner, dict[str, str]] = {}
    texts: dict[Owner, list[str]] = {}
    unassigned = []
    for name, kind in place.tops().items():
        reading = moodle(name)
        if not reading:
            unassigned.append(
                Unassigned(name, "is not named as Moodle names work", f"rename it like {EXAMPLES['moodle']}")
            )
        elif "assignsubmission_file_" not in name:
            texts.setdefault(reading.owner, []).append(name)
        elif reading.rest and kind != FILE:
            unassigned.append(Unassigned(name, f"is {kind}, and Moodle gives a file of that name", "download it again"))
        elif reading.rest:
            files.setdefault(reading.owner, {})[reading.rest] = name
        else:
            folders.setdefault(reading.owner, []).append(name)
    claims = []
    for owner in sorted({*folders, *files, *texts}, key=lambda owner: (owner.name, owner.number)):
        claims += [Claim(owner, place.whole(name, exercise), name) for name in folders.get(owner, [])]
        if owner in files:
            claims.append(
                Claim(owner, place.loose(files[owner], texts.get(owner, []), exercise), min(files[owner].values()))
            )
        if owner not in folders and owner not in files:
            claims.append(Claim(owner, place.loose({}, texts[owner], exercise), texts[owner][0]))
    return claims, unassigned


def from_gradescope(place: Place, exercise: Exercise) -> Parted:
    """Part an export of Gradescope: a folder for each submission, and a file that says whose they are.

    The work of a group is that of each of its members.
    """
    tops = place.tops()
    entries: dict[str, metadata.Entry] = {}
    if metadata.NAME in tops:
        entries = metadata.entries(place.path / metadata.NAME, place.content(metadata.NAME, metadata.LARGEST))
    claims, unassigned = [], []
    for name, kind in tops.items():
        if name == metadata.NAME:
            continue
        entry = entries.get(name, metadata.Entry())
        known = [owner for owner in entry.owners if owner.label]
        if kind == FILE or not GRADESCOPE.fullmatch(name):
            unassigned.append(
                Unassigned(name, "is no folder submission_<number>", f"rename it like {EXAMPLES['gradescope']}")
            )
        elif not known:
            why = f"{metadata.NAME} does not say whose it is" if entries else f"there is no {metadata.NAME}"
            unassigned.append(Unassigned(name, why, "export the submissions again, and keep that file beside them"))
        if kind != FILE:
            found = replace(place.whole(name, exercise), time=entry.time)
            claims += [Claim(owner, found, name) for owner in known]
    gone = sorted(entries.keys() - tops.keys())
    unassigned += [
        Unassigned(name, f"{metadata.NAME} names it, and it is not there", "export the submissions again")
        for name in gone
    ]
    return claims, unassigned


def from_students(place: Place, exercise: Exercise) -> Parted:
    """Part folders and archives that are named for students."""
    claims, unassigned = [], []
    for name, kind in place.tops().items():
        if kind == FOLDER or (kind == FILE and is_archive(name)):
            student = name if kind == FOLDER else stem(name)
            claims.append(Claim(Owner("", student, student), place.whole(name, exercise, tree=True), name))
        else:
            unassigned.append(stray(name))
    return claims, unassigned


PARTED = {"canvas": from_canvas, "moodle": from_moodle, "gradescope": from_gradescope, "students": from_students}
EXAMPLES = {
    "canvas": "lovelaceada_123_456_app.py",
    "moodle": "Ada Lovelace_123_assignsubmission_file_",
    "gradescope": f"submission_123, with {metadata.NAME} beside it",
    "students": "a student, folder or archive",
}


def stray(name: str) -> Unassigned:
    """Say why something beside the folders of students is nobody's."""
    remedy = "put it into a folder named for the student, or let its name begin with _ if it is nobody's work"
    return Unassigned(name, "is neither a folder nor an archive, and belongs to no student", remedy)


def recognised(place: Place) -> str:
    """Return the platform that named most of what lies at a place, or nothing."""
    tops = place.tops()
    if metadata.NAME in tops:
        return "gradescope"
    counts = {
        "moodle": sum(moodle(name) is not None for name in tops),
        "canvas": sum(kind == FILE and bool(canvas(name)) for name, kind in tops.items()),
        "gradescope": sum(kind == FOLDER and bool(GRADESCOPE.fullmatch(name)) for name, kind in tops.items()),
    }
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] and 2 * counts[best] >= len(tops) else ""
