"""Remembers a check, and says so if that could not be done: a verdict is shown all the same."""

from __future__ import annotations

from grader.models import Attempt, Outcome
from grader.printable import printable
from grader.student.place import Place
from grader.student.speaking import Voice
from grader.student.state import State, StateNotKept, changing, check_of, load_state


def remember(place: Place, attempt: Attempt, voice: Voice) -> None:
    """Keep what a check came to."""
    if attempt.outcome is not Outcome.GRADED:
        return
    try:
        with changing(place, attempt.exercise) as changes:
            changes["check"] = check_of(attempt)
    except StateNotKept as error:
        say_not_kept(error, voice)


def say_not_kept(error: StateNotKept, voice: Voice) -> None:
    """Say that something will not be remembered."""
    voice.place(voice.word("This was not remembered, for {path} cannot be written ({reason}).",
                           path=printable(str(error.path), 300), reason=error.reason))  # fmt: skip


def recalled(place: Place, voice: Voice) -> State:
    """Return the state, and say so if a damaged one was put aside."""
    state = load_state(place)
    if state.put_aside:
        voice.place(voice.word(
            "What was remembered of your work could not be read; it lies in {path} now. Check again, and it is back.",
            path=printable(str(state.put_aside), 300),
        ))  # fmt: skip
    return state
