"""Makes an nbgrader course from exercises, or brings one forward: decides what is in it, looks for leaks, only then writes."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course, load_course
from grader.errors import UsageError
from grader.models import Exercise
from grader.nbgrader import config
from grader.nbgrader.names import CHECKS, CONFIG, GENERATED, SETTINGS, SOURCE, notebook_file
from grader.nbgrader.notebooks import LINK, Thin, build
from grader.nbgrader.rubrics import Group, read_groups
from grader.output import writable_folder, write_bytes
from grader.release import proof
from grader.release.contents import Files, below, chosen, is_work, readings
from grader.release.making import TREES, Tells
from grader.statement import statement_file


@dataclass(frozen=True)
class Wishes:
    """What is to be in an nbgrader course. ``exercises`` are names or short ids, none of them means all that have points."""

    course: Path
    private: Path | None
    exercises: tuple[str, ...] = ()
    language: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class Made:
    """A course that is there now: its assignments, and the paths below its folder that were written for it."""

    assignments: tuple[str, ...]
    written: tuple[str, ...]


def make(folder: Path, wishes: Wishes) -> Made:
    """Make an nbgrader course in a new folder.

    Raises:
        UsageError: it cannot be made there, or of this.
        Tells: it would tell something of the private half; nothing was written.
    """
    private = wishes.private or wishes.course
    course = load_course(wishes.course, private)
    refuse_place(folder, course, private)
    exercises = wanted(course, wishes.exercises)
    language, style = wishes.language or "en", wishes.style or "files"
    if style == "cells":
        refuse_several_files(exercises)
    groups = read_groups(exercises, private)
    files: Files = {}
    for exercise in exercises:
        files |= assignment(course, exercise, groups[exercise.name], language, style)
    if told := list(proof.complaints(course, private, files, ())):
        raise Tells(list(dict.fromkeys(told)))
    files[GENERATED] = config.generated({one.name: kept(one, files) for one in exercises}).encode()
    files[SETTINGS] = first_settings(folder, wishes, language, style).encode()
    files[CONFIG] = config.OWN.encode()
    return Made(tuple(one.name for one in exercises), bring(folder, files))


def wanted(course: Course, names: Iterable[str]) -> list[Exercise]:
    """Return the exercises of some names, or all that have points."""
    named = [course.find(name) for name in dict.fromkeys(names)]
    for exercise in named:
        if exercise.kind == "diagnostic":
            raise UsageError(f"{exercise.name} is a diagnostic: it has no points that a gradebook could hold")
    return named or [one for one in course.exercises.values() if one.kind == "graded"]


def refuse_several_files(exercises: Iterable[Exercise]) -> None:
    """Refuse to have an exercise written in a cell that asks for more than one file.

    Raises:
        UsageError: names each, and the remedy.
    """
    several = [exercise.name for exercise in exercises if exercise.files != (f"{exercise.module}.py",)]
    if several:
        raise UsageError(
            f"style cells is for exercises that ask for one module, and these ask for more: {', '.join(several)}; "
            "have them in style files"
        )


def refuse_place(folder: Path, course: Course, private: Path) -> None:
    """Refuse a folder in which the private half lies, or that lies in a tree of the course.

    Raises:
        UsageError: says what to do instead.
    """
    target = folder.resolve()
    if private.resolve().is_relative_to(target):
        raise UsageError(f"{folder}: holds the private half {private}; name a folder in which it is not")
    for tree in (half.resolve() / name for half in (course.folder, private) for name in TREES):
        if target.is_relative_to(tree):
            raise UsageError(f"{folder}: lies in the exercises themselves; name a folder elsewhere")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{folder}: no folder; name a new one")
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{folder}: exists and is not empty; name a new folder")


# -- what is in it


def assignment(course: Course, exercise: Exercise, groups: tuple[Group, ...], language: str, style: str) -> Files:
    """Return the files of one assignment: the notebook, the starter, and the public half for the checks."""
    place = f"{SOURCE}/{exercise.name}"
    statement = statement_file(exercise.folder, language).read_text(encoding="utf-8")
    public = public_half(course, exercise, statement)
    work = below(exercise.folder, "")
    starter = {path: data for path, data in work.items() if is_work(path, "", exercise.files)}
    module = starter[f"/{exercise.files[0]}"].decode("utf-8") if style == "cells" else None
    thin = Thin(exercise, groups, language, statement, frozenset(public), module)
    found = {f"{place}/{path}": data for path, data in public.items()}
    if module is None:
        found |= {f"{place}{path}": data for path, data in starter.items()}
    return found | {f"{place}/{notebook_file(exercise.name)}": build(thin)}


def public_half(course: Course, exercise: Exercise, statement: str) -> Files:
    """Return a small course for the checks: the exercise without its starter, and what its tests and texts lead to."""
    found: Files = {}
    needed = chosen(course, [exercise.name])
    for one in needed:
        place = f"{CHECKS}/exercises/{one.name}"
        files = below(one.folder, place)
        found |= {path: data for path, data in files.items() if not is_work(path, place, one.files)}
    for reading in readings(course, needed, everything=False):
        found |= below(course.folder / "exercises" / "readings" / reading, f"{CHECKS}/exercises/readings/{reading}")
    home = course.folder / "exercises"
    for target in LINK.findall(statement):
        path = posixpath.normpath(posixpath.join(exercise.name, target.partition("#")[0]))
        if not path.startswith("..") and path.endswith(".md") and (home / path).is_file():
            found.setdefault(f"{CHECKS}/exercises/{path}", (home / path).read_bytes())
    return found


def kept(exercise: Exercise, files: Mapping[str, bytes]) -> list[str]:
    """Return the files of an assignment that autograding leaves as they were handed in, or where nobody needs them."""
    place = f"{SOURCE}/{exercise.name}/"
    return [path.removeprefix(place) for path in files if path.startswith(place) and not path.endswith(".ipynb")]


def first_settings(folder: Path, wishes: Wishes, language: str, style: str) -> str:
    """Return the settings as they are at first."""
    text = FIRST.format(course=quoted(way(folder, wishes.course)), language=quoted(language), style=quoted(style))
    if wishes.private is None:
        return text
    private = f"private = {quoted(way(folder, wishes.private))}"
    return re.sub(r"(?m)^# private = .*$", lambda _: private, text)


def way(folder: Path, other: Path) -> str:
    """Return a path as it is written down: relative where both are in one folder, and move together."""
    here, there = folder.resolve(), other.resolve()
    if there == here.parent or there.parent == here.parent:
        return Path(os.path.relpath(there, here)).as_posix()
    return str(there)


def quoted(text: str) -> str:
    """Return a text as TOML has it; every JSON string without escapes of surrogates is one."""
    return json.dumps(text, ensure_ascii=False)


# -- writing


def bring(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write what is not there yet, the settings first: with them an update finishes what was begun."""
    writable_folder(folder)
    written = []
    for path in sorted(files, key=lambda path: (path != SETTINGS, path)):
        place = folder / path
        if not place.is_file() or place.read_bytes() != files[path]:
            write_bytes(place, files[path])
            written.append(path)
    return tuple(written)


FIRST = """# Where the exercises are and how they are judged. Yours: `grader nbgrader init --update` leaves this file alone.

course = {course}
# private = "/srv/private"  # the folder with tests/ and solutions/, if they are not in the course; never below this folder
language = {language}  # of the notebooks and of the feedback: en or zh-CN
style = {style}  # files: students edit the files beside the notebook; cells: they write the module in a cell
# store = "postgresql://grader@db/grades"  # where attempts are kept (default: .grader/grades.db in the course)
# workers = 4  # submissions that are graded at once (default: one for each core)
# min_isolation = "full"  # least isolation at which hidden tests are run (default: confined)

# [styles]
# a1_hello_wsgi = "cells"  # of single exercises
"""
