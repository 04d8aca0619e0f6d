"""How far a student is: the points of the last checks by exercise and category, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text as Words

from grader.errors import Misuse
from grader.hashing import content_hash
from grader.models import CATEGORIES, Exercise
from grader.student.order import next_exercise
from grader.student.place import Place
from grader.student.speaking import Voice
from grader.student.starting import own_files
from grader.student.state import Check, State


@dataclass(frozen=True)
class Standing:
    """One exercise, its last check, and whether its files have changed since."""

    exercise: Exercise
    check: Check | None
    changed: bool


def standings(place: Place, state: State) -> Iterator[Standing]:
    """Yield how every exercise stands, in order."""
    for exercise in place.all():
        check = state.of(exercise.name).check
        yield Standing(exercise, check, check is not None and files_hash(exercise) != check.files)


def files_hash(exercise: Exercise) -> str:
    """Return the hash of the files as they are; of what cannot be taken, that of nothing."""
    try:
        return content_hash(own_files(exercise, exercise.folder))
    except Misuse:
        return ""


def show(place: Place, state: State, voice: Voice) -> None:
    """Print the table, what it does not say, and what comes next."""
    found = list(standings(place, state))
    voice.console.print(table(found, voice))
    voice.say()
    changed = [one.exercise.short for one in found if one.changed]
    if changed:
        voice.say(voice.word("* changed since the last check: {exercises}", exercises=voice.word(", ").join(changed)))
    graded = [one for one in found if one.exercise.kind == "graded"]
    earned = sum(one.check.earned for one in graded if one.check)
    possible = sum(one.check.possible for one in graded if one.check)
    hidden = [row for one in graded for row in one.exercise.hidden]
    voice.say(voice.word("public: {earned} of {possible} points in the exercises that were checked", earned=earned,
                         possible=possible))  # fmt: skip
    if hidden:
        voice.say(voice.word("{count} hidden tests worth {points} points run at grading; nothing here counts them",
                             count=len(hidden), points=sum(row.points for row in hidden)))  # fmt: skip
    tell_next(place, state, voice)


def table(found: list[Standing], voice: Voice) -> Table:
    """Return the table of all exercises; it fits into 80 columns."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    grid.add_column(voice.word("id"), no_wrap=True)
    grid.add_column(voice.word("title"), overflow="fold")
    for name in CATEGORIES:
        grid.add_column(voice.word(name), justify="right", no_wrap=True)
    grid.add_column(voice.word("public part"), justify="right", no_wrap=True)
    for one in found:
        grid.add_row(one.exercise.short, Words(one.exercise.title[voice.lang]), *cells(one))
    return grid


def cells(one: Standing) -> Iterator[Words]:
    """Yield the points of an exercise; of the warm-up the questions answered, of what was not checked nothing."""
    parts = one.check.categories if one.check else {}
    for name in CATEGORIES:
        points = parts.get(name, (0, 0))
        yield Words(f"{points[0]}/{points[1]}" if points[1] else "")
    if one.check is None:
        yield Words("–", "dim")
        return
    scored = (one.check.earned, one.check.possible) if one.check.possible else (one.check.passed, one.check.count)
    mark = "*" if one.changed else "✓" if one.check.complete else " "
    yield Words(f"{scored[0]}/{scored[1]} {mark}", "green" if one.check.complete and not one.changed else "")


def tell_next(place: Place, state: State, voice: Voice) -> None:
    """Say what comes next."""
    try:
        following = next_exercise(place, state)
    except Misuse as done:
        voice.say(voice.word(done.key, **done.values), "bold")
        return
    begun = state.of(following.name).check
    command = f"grader {'check' if begun else 'start'} {following.short}"
    voice.say(voice.word("next: {exercise} · {title} ({command})", exercise=following.short.upper(),
                         title=following.title[voice.lang], command=command), "bold")  # fmt: skip
