"""Tells what a command did with the files of an exercise, and what to do next."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text as Words

from grader.course import PREDICTIONS
from grader.models import Exercise
from grader.printable import printable
from grader.statement import statement_file
from grader.student.place import Place
from grader.student.speaking import Voice
from grader.student.starters import FOLDER
from grader.student.starting import Begun, shown_files


def heading(exercise: Exercise, voice: Voice) -> None:
    """Print the name of an exercise."""
    voice.console.print(
        Words.assemble((f"{exercise.short.upper()} · {exercise.title[voice.lang]}", "bold"), f"  ({exercise.name})")
    )


def below(path: Path, place: Place) -> str:
    """Return a path as seen from the course's folder."""
    return printable(path.relative_to(place.folder).as_posix(), 300)


def tell_beginning(begun: Begun, place: Place, exercise: Exercise, voice: Voice) -> None:
    """Tell what was brought along, or why nothing was."""
    heading(exercise, voice)
    files = ", ".join(printable(name) for name in begun.files[:5]) + (", …" if len(begun.files) > 5 else "")
    values = {"earlier": begun.earlier, "files": files, "exercise": exercise.short}
    if begun.why == "unchanged":
        voice.say(voice.word("Your {earlier} is still as it was handed out, so nothing was brought along; begin with the "
                             "starter of {exercise}.", **values))  # fmt: skip
    elif begun.why == "absent":
        voice.say(voice.word("{earlier} is not among the exercises here, so there is nothing to bring along; begin with the "
                             "starter of {exercise}.", **values))  # fmt: skip
    elif begun.why == "same":
        voice.say(voice.word("What you have of {earlier} is here already: {files}.", **values))
    elif begun.why == "work":
        kept = ", ".join(printable(name) for name in begun.kept[:5])
        voice.say(
            voice.word("You have begun {exercise} already, and your work stays as it is: {kept}.", **values, kept=kept)
        )
        voice.say(voice.word("To bring the files of {earlier} all the same, with a backup of these: "
                             "grader start {exercise} --force", **values))  # fmt: skip
    elif not begun.why and begun.reference:
        voice.say(voice.word("The course's reference of {earlier} is in {exercise} now: {files}.", **values))
    elif not begun.why:
        voice.say(voice.word("Your own work of {earlier} is in {exercise} now: {files}.", **values))
    tell_starter(begun, place, exercise, voice)


def tell_starter(begun: Begun, place: Place, exercise: Exercise, voice: Voice) -> None:
    """Tell where the starter is, if something stands in its place."""
    kept = exercise.folder / FOLDER
    if begun.backup:
        voice.place(voice.word("What stood there before is kept in {folder}", folder=below(begun.backup, place) + "/"))
    if not begun.why and (kept.is_dir() or begun.backup):
        folder = kept if kept.is_dir() else begun.backup
        assert folder
        voice.place(voice.word("The starter marks with TODO what {exercise} adds: {folder}", exercise=exercise.short,
                               folder=below(folder, place) + "/"))  # fmt: skip


def tell_way(exercise: Exercise, voice: Voice) -> None:
    """Tell what to read, which files to work on, and which commands there are."""
    top = exercise.folder.parents[1]
    rows = [(voice.word("read"), statement_file(exercise.folder, voice.lang).relative_to(top).as_posix())]
    if (exercise.folder / PREDICTIONS).is_file():
        rows.append((voice.word("predict"), f"grader predict {exercise.short}"))
    rows.append((voice.word("write"), "  ".join(shown_files(exercise))))
    rows.append((voice.word("check"), f"grader check {exercise.short}   grader watch {exercise.short}"))
    voice.say()
    voice.rows(rows)


def tell_reset(backup: Path | None, place: Place, exercise: Exercise, voice: Voice) -> None:
    """Tell that an exercise is as it was handed out, and where the work lies."""
    heading(exercise, voice)
    voice.say(voice.word("{exercise} is as it was handed out.", exercise=exercise.short))
    if backup:
        voice.place(voice.word("What stood there before is kept in {folder}", folder=below(backup, place) + "/"))
