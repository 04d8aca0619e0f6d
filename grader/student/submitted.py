"""Tells what was packed to be handed in."""

from __future__ import annotations

from pathlib import Path

from grader.errors import Misuse
from grader.hashing import content_hash
from grader.models import Exercise
from grader.printable import printable
from grader.student.handing_in import Work
from grader.student.place import Place
from grader.student.speaking import Voice
from grader.student.state import Record, State
from grader.student.telling import heading


def last_checked(place: Place, state: State) -> Exercise:
    """Return the exercise that was checked last.

    Raises:
        Misuse: none was.
    """
    checks = [
        (record.check.when, name) for name, record in state.records.items() if record.check and name in place.names
    ]
    if not checks:
        raise Misuse("which exercise do you want to hand in? Name it, as in: grader submit a1")
    return place.load(max(checks)[1])


def tell_unchanged(exercise: Exercise, voice: Voice) -> None:
    """Say kindly that there is nothing to be graded yet."""
    heading(exercise, voice)
    voice.say(voice.word("Your {exercise} is still as it was handed out, or empty, so nothing was packed: there would be nothing "
                         "to grade. To hand it in all the same: grader submit {exercise} --force",
                         exercise=exercise.short))  # fmt: skip


def tell(path: Path, exercise: Exercise, work: Work, record: Record, place: Place, voice: Voice) -> None:
    """Say what is in the archive, how the last check of these files went, and what to do with it."""
    heading(exercise, voice)
    for name, data in sorted(work.files.items()):
        voice.place("  " + voice.word("{file}, {count} bytes", file=printable(name), count=len(data)))
    if work.unchanged:
        voice.say(voice.word("It is still the starter, or empty, and it is packed because you said so."))
    check = record.check
    if check is None or check.files != content_hash(work.files):
        voice.say(voice.word("These files were not checked yet: grader check {exercise}", exercise=exercise.short))
    elif check.possible:
        voice.say(voice.word("{exercise}: public {earned}/{possible} points", exercise=exercise.short, earned=check.earned,
                             possible=check.possible))  # fmt: skip
    inside = path.resolve().is_relative_to(place.folder)
    shown = path.resolve().relative_to(place.folder).as_posix() if inside else str(path)
    voice.place(voice.word("Hand in this file as it is: {path}", path=printable(shown, 300)))
