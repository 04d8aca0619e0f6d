"""The newcomer's first minute: a small class made of the course's sample submissions, to be graded by the real engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.errors import UsageError
from grader.models import Exercise, Isolation
from grader.samples import Sample, load_samples, materialize

STUDENTS = (
    "ada", "bohan", "chiara", "dongmei", "emeka", "farah", "guo", "hana", "ines", "jun", "kofi", "lan", "mateo", "ning",
)  # fmt: skip
WANTED = {"alternative": 2, "misconception": 4, "do-nothing": 1, "broken": 2, "attack": 3}


@dataclass(frozen=True)
class Enrolment:
    """A student of the demonstration, and the sample that was handed in."""

    student: str
    sample: Sample


def choose(private: Path, exercise: Exercise, level: Isolation) -> list[Enrolment]:
    """Choose samples of every kind; without walls only those that do no harm."""
    found = load_samples(private, exercise)
    if not found:
        raise UsageError(
            f"{private}: the demonstration needs the sample submissions in tests/submissions/; use a course's full repository"
        )
    chosen = [sample for kind, count in WANTED.items() for sample in spread(of_kind(found, kind, level), count)]
    return [Enrolment(student, sample) for student, sample in zip(STUDENTS, chosen, strict=False)]


def of_kind(samples: list[Sample], kind: str, level: Isolation) -> list[Sample]:
    """Return the samples of a kind that may be run at a level; of the hostile ones those with nothing honest in them."""
    if kind != "attack":
        return [s for s in samples if s.kind == kind and (level > Isolation.NONE or not s.harm)]
    hostile = sorted((s for s in samples if s.kind == kind and not s.recipe), key=lambda s: -len(s.failed))
    return hostile[:12] if level > Isolation.NONE else []


def spread(samples: list[Sample], count: int) -> Iterator[Sample]:
    """Yield up to ``count`` of the samples, from all over the list."""
    step = max(1, len(samples) // count)
    yield from samples[::step][:count]


def build(folder: Path, enrolments: list[Enrolment]) -> None:
    """Write the class's tree ``<student>/<exercise>/``, in place of an earlier one."""
    shutil.rmtree(folder, ignore_errors=True)
    for enrolment in enrolments:
        target = folder / enrolment.student / enrolment.sample.exercise
        materialize(enrolment.sample, target)


def first_exercise(course: Course) -> Exercise:
    """Return the exercise to show: the first one that is graded."""
    return next(exercise for exercise in course.exercises.values() if exercise.kind == "graded")
