"""Gives hints to a student, and asks for a sentence before the one that shows code."""

from __future__ import annotations

from collections.abc import Callable

from grader.errors import Misuse
from grader.models import Exercise
from grader.student.hints import ASKS, Rung, rungs, shown, take, wants_sentence
from grader.student.place import Place
from grader.student.remembering import recalled, say_not_kept
from grader.student.speaking import Voice
from grader.student.state import StateNotKept
from grader.student.telling import heading


def give(place: Place, exercise: Exercise, voice: Voice, because: str | None, *, asking: bool,
         ask: Callable[[str], str] = input) -> None:  # fmt: skip
    """Show the next rung; ``asking`` says that somebody can be asked for a sentence.

    Raises:
        Misuse: a sentence is wanted, and there is none.
    """
    ladder = rungs(exercise, voice.lang)
    record = recalled(place, voice).of(exercise.name)
    heading(exercise, voice)
    if record.rungs >= len(ladder):
        voice.say(voice.word("You have taken all {count} hints; see them again with: grader hint {exercise} --again",
                             count=len(ladder), exercise=exercise.short))  # fmt: skip
        return
    said = because
    if wants_sentence(exercise, record):
        said = (because or (asked(voice, ask) if asking else "")).strip()
        if not said:
            raise Misuse("hint {number} comes after a sentence of yours: what have you tried, and what do you expect? Answer on "
                         "the terminal, or say it with --because", number=ASKS)  # fmt: skip
    try:
        number = take(place, exercise, record, said)
    except StateNotKept as error:
        number = record.rungs + 1
        say_not_kept(error, voice)
    print_rung(ladder, number, voice)
    if number < len(ladder):
        voice.say()
        voice.say(voice.word("One more: grader hint {exercise}", exercise=exercise.short), "dim")


def asked(voice: Voice, ask: Callable[[str], str]) -> str:
    """Ask for a sentence; nobody there is no answer."""
    voice.say(voice.word("The next hint shows code. First say in one sentence what you have tried and what you think is missing; "
                         "it is kept for yourself, and not graded."))  # fmt: skip
    try:
        return ask("> ")
    except (EOFError, UnicodeDecodeError):
        return ""


def again(place: Place, exercise: Exercise, voice: Voice) -> None:
    """Show the rungs that were taken, with what was written before them."""
    ladder = rungs(exercise, voice.lang)
    record = recalled(place, voice).of(exercise.name)
    heading(exercise, voice)
    if not record.rungs:
        voice.say(voice.word("You have taken no hint of {exercise} yet.", exercise=exercise.short))
    for number in range(1, min(record.rungs, len(ladder)) + 1):
        for sentence in record.sentences:
            if sentence.rung == number:
                voice.say(voice.word("You wrote: {text}", text=sentence_shown(sentence.text)))
        print_rung(ladder, number, voice)
        voice.say()


def sentence_shown(text: str) -> str:
    """Return what somebody wrote, safe to print."""
    from grader.printable import printable

    return printable(text, 500)


def print_rung(ladder: tuple[Rung, ...], number: int, voice: Voice) -> None:
    """Print one hint."""
    for part in shown(ladder[number - 1], number, len(ladder), voice):
        voice.console.print(part)
