"""What comes next: the exercises in the order of the course, and how far each of them is."""

from __future__ import annotations

from grader.errors import Misuse
from grader.models import Exercise
from grader.student.place import Place
from grader.student.state import State


def next_exercise(place: Place, state: State) -> Exercise:
    """Return the next exercise whose public tests do not all pass yet, as far as the last checks tell; a warm-up is none.

    Raises:
        Misuse: there is none.
    """
    for name in place.names:
        check = state.of(name).check
        if check is None or not check.complete:
            exercise = place.load(name)
            if exercise.kind != "diagnostic":
                return exercise
    raise Misuse("the public tests of every exercise pass; name the one that you mean, as in: grader check a1")


def after(place: Place, exercise: Exercise) -> Exercise:
    """Return the exercise that follows in the order of the course; the first one follows the last one."""
    at = place.names.index(exercise.name)
    return place.load(place.names[(at + 1) % len(place.names)])
