"""Begins an exercise: brings along what an earlier one left, and never writes over work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grader.directories import is_directory, listed
from grader.errors import Misuse
from grader.models import Exercise, Start
from grader.student.place import Place
from grader.student.starters import FOLDER, Files, alike, keep, starter, untouched, write
from grader.submissions import read_submission

REFERENCES = "references"
"""The folder of a student repository in which a course publishes references of its own."""


@dataclass(frozen=True)
class Begun:
    """What became of a beginning.

    ``earlier`` is the short id of the exercise whose ``files`` were brought, from a ``reference`` or as they are the student's
    own. ``backup`` holds what stood in their place. ``why`` says why nothing was brought: ``own`` (nothing to bring),
    ``absent`` (the earlier one is not in this course), ``unchanged`` (it is as it was handed out), ``same`` (all is here
    already) or ``work`` (it would be written over).
    """

    why: str
    earlier: str = ""
    files: tuple[str, ...] = ()
    backup: Path | None = None
    reference: bool = False
    kept: tuple[str, ...] = field(default=())


def begin(place: Place, exercise: Exercise, *, reference: bool, force: bool) -> Begun:
    """Bring along what the manifest names.

    Raises:
        Misuse: it is not there, or cannot be written.
    """
    if exercise.start is None:
        if reference:
            raise Misuse("{exercise} starts from no earlier exercise, so there is no reference to bring",
                         exercise=exercise.short)  # fmt: skip
        return Begun("own")
    if not reference and not place.has(exercise.start.exercise):
        return Begun("absent", exercise.start.exercise)
    earlier = place.find(exercise.start.exercise)
    files = brought(earlier, exercise.start, source(place, earlier, reference=reference), exercise)
    if not reference and untouched(own_files(earlier, earlier.folder), starter(earlier)):
        return Begun("unchanged", earlier.short)
    return bring(place, exercise, earlier.short, files, reference=reference, force=force)


def bring(place: Place, exercise: Exercise, earlier: str, files: Files, *, reference: bool, force: bool) -> Begun:
    """Write the files, with a backup of all that they replace."""
    handed_out = starter(exercise) or {}
    replaced = {name: data for name, data in own_files(exercise, exercise.folder).items() if name in files}
    changed = {name for name, data in files.items() if name not in replaced or not alike(replaced[name], data)}
    if not changed:
        return Begun("same", earlier, tuple(files), reference=reference)
    work = tuple(
        name for name, data in replaced.items()
        if name in changed and not (name in handed_out and alike(data, handed_out[name]))
    )  # fmt: skip
    if work and not force:
        return Begun("work", earlier, tuple(files), kept=work)
    doubtful = work if (exercise.folder / FOLDER).is_dir() else sorted(changed & replaced.keys())
    backup = keep(place, exercise, doubtful)
    write(exercise.folder, {name: files[name] for name in files if name in changed})
    return Begun("", earlier, tuple(files), backup, reference)


def source(place: Place, earlier: Exercise, *, reference: bool) -> Path:
    """Return where the earlier exercise's files are: the student's own folder, or the course's reference.

    Raises:
        Misuse: no reference was published.
    """
    if not reference:
        return earlier.folder
    folder = place.folder / REFERENCES / earlier.name
    if not folder.is_dir():
        raise Misuse("the reference of {exercise} was not given out yet: there is no folder {folder}",
                     exercise=earlier.short, folder=f"{REFERENCES}/{earlier.name}/")  # fmt: skip
    return folder


def brought(earlier: Exercise, start: Start, folder: Path, exercise: Exercise) -> Files:
    """Return the earlier exercise's files under the names that they get.

    Raises:
        Misuse: there are none.
    """
    found = own_files(earlier, folder)
    named = {
        start.files.get(name, name): data for name, data in found.items() if not start.files or name in start.files
    }
    files = {name: data for name, data in named.items() if name not in start.but and listed(name, exercise.files)}
    if not files:
        raise Misuse("there is nothing of {exercise} to bring along: {files} is not in {folder}", exercise=earlier.short,
                     files=", ".join(earlier.files), folder=f"{folder.parent.name}/{folder.name}/")  # fmt: skip
    return files


def own_files(exercise: Exercise, folder: Path) -> Files:
    """Return the listed files in a folder as they are; none where they cannot be taken.

    Raises:
        Misuse: they cannot be taken as they are.
    """
    if not any((folder / name.rstrip("/")).exists() for name in exercise.files):
        return {}
    submission = read_submission(folder, exercise)
    if submission.problem:
        values = {key: value for key, value in submission.problem.items() if key != "problem"}
        raise Misuse(submission.problem["problem"], **values)
    return submission.files


def shown_files(exercise: Exercise) -> list[str]:
    """Return the files to work on, as paths from the course's folder."""
    top = f"exercises/{exercise.name}"
    return [f"{top}/{name}" for name in exercise.files if is_directory(name) or (exercise.folder / name).exists()]
