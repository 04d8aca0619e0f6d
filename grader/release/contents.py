"""What a release holds, as bytes by path: always the same ones for the same course and the same wishes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course import EQUIVALENTS, PROVEN, Course
from grader.directories import STARTER, listed, passed_over
from grader.errors import UsageError
from grader.leaks.secrets import ENGINE
from grader.models import Exercise
from grader.release import pages

BOTH = "both"
READINGS = "readings"
REFERENCES = "references"
TO_READING = re.compile(r"\]\((?:\.\./)+(?:readings/)?([a-z0-9_]+)/")
"""A link from a page of an exercise, or of another reading, to a reading."""

Files = dict[str, bytes]


@dataclass(frozen=True)
class Wishes:
    """What is to be in a release. ``exercises`` are names or short ids, none of them means all; ``references`` likewise.

    ``language`` is that of the page for students: ``en``, ``zh-CN`` or, as where nothing is said, ``both``.
    """

    exercises: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    language: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The exercises that are wished for, none if all are; to start from a reference takes the exercise that it is of."""
        return self.exercises and (*self.exercises, *self.references)


def chosen(course: Course, names: Iterable[str]) -> list[Exercise]:
    """Return the exercises of some names, and those whose tests they have again, in the order of the course."""
    waiting = [course.find(name) for name in names] or list(course.exercises.values())
    wanted: set[str] = set()
    while waiting:
        exercise = waiting.pop()
        wanted.add(exercise.name)
        waiting += [one for one in exercise.origins if one.name not in wanted]
    return [exercise for exercise in course.exercises.values() if exercise.name in wanted]


# -- for students


def public_half(course: Course, wishes: Wishes) -> Files:
    """Return what a student's repository holds.

    Raises:
        UsageError: there is no exercise of a name, or no reference of it.
    """
    exercises = chosen(course, wishes.names)
    found: Files = {}
    for exercise in exercises:
        found |= exercise_files(exercise)
    for reading in readings(course, exercises, everything=not wishes.exercises):
        found |= below(course.folder / "exercises" / READINGS / reading, f"exercises/{READINGS}/{reading}")
    for name in wishes.references:
        found |= reference_files(course.find(name))
    found |= below(ENGINE, "grader")
    return found | pages.own_files(exercises, wishes.language or BOTH, found)


def exercise_files(exercise: Exercise) -> Files:
    """Return the folder of an exercise, and beside its starter the same once more, for those who begin again."""
    place = f"exercises/{exercise.name}"
    found = below(exercise.folder, place)
    handed_in = {path: data for path, data in found.items() if is_work(path, place, exercise.files)}
    kept = {f"{place}/{STARTER}/{path.removeprefix(f'{place}/')}": data for path, data in handed_in.items()}
    return found | kept


def is_work(path: str, place: str, files: Iterable[str]) -> bool:
    """Tell whether a path belongs to what is handed in of the exercise at a place."""
    return path.startswith(f"{place}/") and listed(path.removeprefix(f"{place}/"), files)


def readings(course: Course, exercises: Iterable[Exercise], *, everything: bool) -> list[str]:
    """Return the readings that pages of some exercises lead to, directly or over other readings, or all there are."""
    home = course.folder / "exercises" / READINGS
    there = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    if everything:
        return there
    wanted: set[str] = set()
    waiting = [exercise.folder for exercise in exercises]
    while waiting:
        pages_of = waiting.pop().glob("*.md")
        named = {name for page in pages_of for name in TO_READING.findall(page.read_text(encoding="utf-8"))}
        new = (named & set(there)) - wanted
        wanted |= new
        waiting += [home / name for name in new]
    return sorted(wanted)


def reference_files(exercise: Exercise) -> Files:
    """Return the reference of an exercise, where `grader start --from-reference` looks for it.

    Raises:
        UsageError: it is not at hand.
    """
    return below(reference_folder(exercise), f"{REFERENCES}/{exercise.name}")


def reference_folder(exercise: Exercise) -> Path:
    """Return where the reference is."""
    if exercise.reference_folder is None:
        raise UsageError(
            f"there is no reference solution of {exercise.name} here; "
            "say with --private-from which folder holds solutions/"
        )
    return exercise.reference_folder


# -- for staff


def private_half(course: Course, private: Path, wishes: Wishes) -> Files:
    """Return what grading needs besides a student's repository: hidden tests and references.

    Raises:
        UsageError: they are not at hand.
    """
    exercises = chosen(course, wishes.names)
    found: Files = {}
    for exercise in exercises:
        if exercise.hidden and exercise.hidden_folder is None:
            raise UsageError(
                f"{private}: there are no hidden tests of {exercise.name} here; "
                "say with --private-from which folder holds tests/ and solutions/"
            )
        if exercise.hidden_folder:
            tests = below(exercise.hidden_folder, f"tests/hidden/{exercise.name}")
            proofs = {f"tests/hidden/{exercise.name}/{name}" for name in (EQUIVALENTS, PROVEN)}
            found |= {path: data for path, data in tests.items() if path not in proofs}
            reference_folder(exercise)
        if exercise.reference_folder:
            found |= below(exercise.reference_folder, f"solutions/{exercise.name}")
    return found | pages.staff_files(exercises)


# -- reading


def below(folder: Path, place: str) -> Files:
    """Return the files below a folder, under names that begin with a place; what tools and runs left behind is passed over.

    Raises:
        UsageError: there is a link, which no other machine may be able to follow.
    """
    found: Files = {}
    for path in walk(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise UsageError(f"{path}: a link, and a release holds files only; put the file itself there")
        found[f"{place}/{name}"] = path.read_bytes()
    return found


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted."""
    for top, folders, names in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not passed_over(name))
        yield from (Path(top, name) for name in sorted(names) if not passed_over(name))
        for name in folders:
            if Path(top, name).is_symlink():
                yield Path(top, name)


def stop(error: OSError) -> None:
    """Stop at a folder that cannot be listed: nothing is left out silently."""
    raise error
