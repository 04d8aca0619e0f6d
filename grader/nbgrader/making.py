"""Makes an nbgrader course from exercises, or brings one forward: decides what is in it, looks for leaks, only then writes."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course, find_course, load_course
from grader.errors import UsageError
from grader.models import LANGUAGES, Exercise
from grader.nbgrader import config
from grader.nbgrader.course import Settings, settings
from grader.nbgrader.names import CHECKS, CONFIG, GENERATED, SETTINGS, SOURCE, STYLES, notebook_file
from grader.nbgrader.notebooks import LINK, Thin, build
from grader.nbgrader.rubrics import Group, read_groups
from grader.nbgrader.updating import (
    RECORD,
    Record,
    after,
    as_kept,
    content_of,
    dropped,
    plan,
    read_record,
    refuse_changes,
    released,
)
from grader.output import writable_folder, write_bytes
from grader.release import proof
from grader.release.contents import Files, below, chosen, is_work, readings
from grader.release.making import TREES, Tells
from grader.release.writing import remove
from grader.statement import statement_file


@dataclass(frozen=True)
class Wishes:
    """What is to be in an nbgrader course, None where nothing is said.

    ``exercises`` are names or short ids, none of them means all that have points. ``private`` is the folder with the private
    half, if it is not in the course.
    """

    course: Path | None
    private: Path | None = None
    exercises: tuple[str, ...] = ()
    language: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class Made:
    """A course that is there now: its assignments, and the paths below its folder that were written or removed for it.

    ``left`` are files that somebody changed, which stay as they are.
    """

    assignments: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def make(folder: Path, wishes: Wishes) -> Made:
    """Make an nbgrader course in a new folder.

    Raises:
        UsageError: it cannot be made there, or of this.
        Tells: it would tell something of the private half; nothing was written.
    """
    home = wishes.course or find_course(Path.cwd())
    private = wishes.private or home
    course = load_course(home, private)
    refuse_place(folder, home, private)
    refuse_what_is_there(folder)
    first = first_settings(folder, home, wishes)
    exercises = wanted(course, wishes.exercises)
    styles = {exercise.name: wishes.style or STYLES[0] for exercise in exercises}
    files = planned(course, private, exercises, wishes.language or LANGUAGES[0], styles)
    return bring(folder, files, {}, {SETTINGS: first.encode()})


def update(folder: Path, wishes: Wishes) -> Made:
    """Bring an nbgrader course forward: the exercises that are in it, and those that are wished for besides.

    Raises:
        UsageError: there is none, or students have what would be changed; nothing was written.
        Tells: it would tell something of the private half; nothing was written.
    """
    said = settings(folder)
    refuse_other_settings(said, wishes)
    course = said.load()
    refuse_place(folder, said.course, said.private)
    before = read_record(folder)
    gone = set(dropped(folder, before, course.exercises))
    there = {path.split("/")[1] for path in before} - gone
    kept_on = {name for name in there if (folder / SOURCE / name).is_dir() or released(folder, name)}
    if not (kept_on or wishes.exercises or not before):
        raise UsageError(f"{folder}: there is nothing to bring forward; name exercises with --exercise")
    names = {
        *kept_on,
        *(exercise.name for exercise in wanted(course, wishes.exercises) if wishes.exercises or not before),
    }
    exercises = [exercise for exercise in course.exercises.values() if exercise.name in names]
    styles = {exercise.name: said.style_of(exercise.name) for exercise in exercises}
    files = planned(course, said.private, exercises, said.language, styles)
    for exercise in exercises:
        path = f"{SOURCE}/{exercise.name}/{notebook_file(exercise.name)}"
        refuse_changes(folder, exercise.name, files[path])
    return bring(folder, files, before, {})


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
            f"leave them out with --exercise, or have them in style files: [styles] in {SETTINGS}"
        )


def refuse_place(folder: Path, home: Path, private: Path) -> None:
    """Refuse a folder in which the private half lies, or that lies in a tree of the course.

    Raises:
        UsageError: says what to do instead.
    """
    target = folder.resolve()
    if private.resolve().is_relative_to(target):
        raise UsageError(f"{folder}: holds the private half {private}; name a folder in which it is not")
    for tree in (half.resolve() / name for half in (home, private) for name in TREES):
        if target.is_relative_to(tree):
            raise UsageError(f"{folder}: lies in the exercises themselves; name a folder elsewhere")


def refuse_what_is_there(folder: Path) -> None:
    """Refuse a folder that is not new and not empty.

    Raises:
        UsageError: says what is there, and what to do.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: no folder; name a new one")
    if (folder / SETTINGS).exists():
        raise UsageError(
            f"{folder}: holds such a course already; --update brings it forward, what is yours in it stays"
        )
    if (folder / CONFIG).exists():
        raise UsageError(
            f"{folder}: an nbgrader course that was not made by this; name a new folder. Assignments of your own may lie "
            f"in its {SOURCE}/ beside ours, and your settings in its {CONFIG}"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder}: exists and is not empty; name a new folder")


def refuse_other_settings(said: Settings, wishes: Wishes) -> None:
    """Refuse what is said otherwise in the settings, which an update leaves alone.

    Raises:
        UsageError: names the key.
    """
    other = {
        "course": wishes.course and wishes.course.resolve() != said.course,
        "private": wishes.private and wishes.private.resolve() != said.private,
        "language": wishes.language and wishes.language != said.language,
        "style": wishes.style and wishes.style != said.style,
    }
    for key in filter(other.get, other):
        raise UsageError(f"{said.folder / SETTINGS}: says {key} otherwise; change it there, and leave the option out")


# -- what is in it


def planned(
    course: Course, private: Path, exercises: list[Exercise], language: str, styles: Mapping[str, str]
) -> Files:
    """Return the files below the folder that are ours, by path.

    Raises:
        UsageError: an exercise cannot be had like this.
        Tells: they would tell something of the private half.
    """
    refuse_several_files(exercise for exercise in exercises if styles[exercise.name] == "cells")
    groups = read_groups(exercises, private)
    files: Files = {}
    for exercise in exercises:
        files |= assignment(course, exercise, groups[exercise.name], language, styles[exercise.name])
    if told := list(proof.complaints(course, private, files, ())):
        raise Tells(list(dict.fromkeys(told)))
    return files | {GENERATED: config.generated({one.name: kept(one, files) for one in exercises}).encode()}


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


def first_settings(folder: Path, home: Path, wishes: Wishes) -> str:
    """Return the settings as they are at first."""
    language, style = wishes.language or LANGUAGES[0], wishes.style or STYLES[0]
    text = FIRST.format(course=quoted(way(folder, home)), language=quoted(language), style=quoted(style))
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


def bring(folder: Path, files: Mapping[str, bytes], before: Record, first: Mapping[str, bytes]) -> Made:
    """Write what is to be there. The settings and the record come first: with them an update finishes what was begun."""
    below_source = {path: data for path, data in files.items() if path.startswith(f"{SOURCE}/")}
    todo = plan(folder, below_source, before)
    writable_folder(folder)
    for path, data in first.items():
        write_bytes(folder / path, data)
    write_bytes(folder / RECORD, as_kept(after(below_source, before)))
    own = {} if (folder / CONFIG).exists() else {CONFIG: config.OWN.encode()}
    new = {GENERATED: files[GENERATED]} if content_of(folder / GENERATED) != files[GENERATED] else {}
    for path, data in (new | own | dict(todo.write)).items():
        write_bytes(folder / path, data)
    for path in todo.remove:
        remove(folder, path)
    write_bytes(folder / RECORD, as_kept(after(below_source)))
    names = dict.fromkeys(path.split("/")[1] for path in below_source)
    return Made(tuple(names), (*first, *own, *new, *todo.write), todo.remove, todo.left)


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
