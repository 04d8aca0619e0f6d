"""Makes a release, or brings one forward: decides what is in it, looks for leaks, and only then writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grader
from grader.course import Course
from grader.errors import UsageError
from grader.leaks.secrets import ENGINE
from grader.output import writable_folder
from grader.release import proof
from grader.release.changes import Changes, changes
from grader.release.contents import BOTH, Files, Wishes, chosen, private_half, public_half
from grader.release.record import NAME_OF_FILE, Record, digest, read_record
from grader.release.writing import bring

TREES = ("exercises", "solutions", "tests", "grader")
BESIDE = frozenset({".git"})
"""What may lie in a folder that counts as empty."""


class Tells(Exception):
    """A release would tell something of the private half: a line for each."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True)
class Made:
    """A release that is there now: its record, what was done for it, and the bytes of all its files.

    ``proven`` says that there was a private half to look for in it.
    """

    record: Record
    done: Changes
    size: int
    proven: bool


def make(course: Course, out: Path, wishes: Wishes, *, private: Path | None, staff: bool, update: bool) -> Made:
    """Make a release in a new folder, finish one that was begun, or bring one forward.

    ``private`` is the folder with the private half, if it is not in the course; ``staff`` asks for a release of that half.

    Raises:
        UsageError: it cannot be made there, or of this.
        Tells: it would tell something of the private half; nothing was written.
    """
    kind = "private" if staff else "student"
    home = private or course.folder
    refuse_place(course, out, kind)
    before = release_in(out, kind)
    files, after = planned(course, home, remembered(course, wishes, before) if update else wishes, kind)
    proven = not staff and (home / proof.HIDDEN).is_dir()
    if proven and (told := list(proof.complaints(course, home, files, after.references))):
        raise Tells(list(dict.fromkeys(told)))
    todo = changes(out, before, after)
    there = todo.none and before == after
    if before and before.complete and not update and not there:
        raise UsageError(
            f"{out}: holds a release already, and not this one as it is; --update brings it forward, "
            "and leaves the work of students alone"
        )
    if not there:
        bring(writable_folder(out), before, after, files, todo)
    return Made(after, todo, sum(map(len, files.values())), proven)


def refuse_place(course: Course, out: Path, kind: str) -> None:
    """Refuse to release a release, and to write where the private half is or where it would be handed out.

    Raises:
        UsageError: says what to do instead.
    """
    if (course.folder / NAME_OF_FILE).exists():
        raise UsageError(
            f"{course.folder}: a release for students, in which they work; make releases of the course that it comes from"
        )
    target = out.resolve()
    for tree in (*(course.folder.resolve() / name for name in TREES), ENGINE):
        if target.is_relative_to(tree):
            raise UsageError(f"{out}: lies in the course itself; name a folder elsewhere")
    for above in (target, *target.parents):
        if kind == "private" and kind_of(above) == "student":
            raise UsageError(f"{out}: lies in the repository of students {above}; name a folder that nobody hands out")


def kind_of(folder: Path) -> str:
    """Return which kind of release is in a folder, nothing if there is none."""
    try:
        record = read_record(folder)
    except UsageError:
        return ""
    return record.kind if record else ""


def release_in(out: Path, kind: str) -> Record | None:
    """Return the release in a folder, None for a folder that is new or empty.

    Raises:
        UsageError: there is something else.
    """
    if not out.exists():
        return None
    if not out.is_dir():
        raise UsageError(f"{out}: no folder; name a new one")
    record = read_record(out)
    if record is None and {path.name for path in out.iterdir()} - BESIDE:
        raise UsageError(
            f"{out}: exists and is no release, for it has no {NAME_OF_FILE}; name a new or an empty folder"
        )
    if record and record.kind != kind:
        raise UsageError(f"{out}: holds a release of another kind ({record.kind}); name another folder")
    return record


def remembered(course: Course, wishes: Wishes, before: Record | None) -> Wishes:
    """Return what is wished, where nothing is said as it was before; references that were given out stay.

    Raises:
        UsageError: there is nothing to bring forward.
    """
    if before is None:
        raise UsageError("there is no release to bring forward; leave --update out, or name the folder of one")
    names = wishes.exercises
    if not names and not before.everything:
        names = tuple(name for name in before.exercises if name in course.exercises)
        if not names:
            raise UsageError("the course has none of the exercises that were released; choose others with --exercise")
    references = {*wishes.references, *(name for name in before.references if name in course.exercises)}
    return Wishes(names, tuple(sorted(references)), wishes.language or before.language)


def planned(course: Course, home: Path, wishes: Wishes, kind: str) -> tuple[Files, Record]:
    """Return the files of a release and its record."""
    files = private_half(course, home, wishes) if kind == "private" else public_half(course, wishes)
    references = tuple(sorted({course.find(name).name for name in wishes.references}))
    return files, Record(
        kind, grader.__version__, not wishes.exercises,
        {exercise.name: exercise.files for exercise in chosen(course, wishes.names)}, references,
        wishes.language or BOTH, {path: digest(data) for path, data in files.items()},
    )  # fmt: skip
