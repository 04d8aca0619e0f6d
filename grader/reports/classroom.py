"""Reads what a class page tells out of a store, one attempt at a time."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from grader.course import Course
from grader.grades import grade
from grader.policy import Policy
from grader.reports.analysis import Statistics
from grader.reports.class_page import Part
from grader.reports.resemblance import Known, known
from grader.samples import load_samples
from grader.store.store import Store


def gather(
    store: Store, course: Course, policy: Policy, exercises: Collection[str], private: Path
) -> tuple[list[Part], set[str]]:
    """Return what there is to tell of each exercise, in the order of the course, and who the students are.

    Raises:
        EngineFault: an attempt cannot be read.
    """
    found: dict[str, Statistics] = {}
    students: set[str] = set()
    for student, exercise in store.pairs():
        if exercise in exercises:
            handed_in = store.history(student, exercise)
            counts = grade(student, exercise, handed_in, policy.rule(student, exercise), None).counts
            attempt = store.attempt(counts.attempt.number) if counts and counts.attempt else None
            found.setdefault(exercise, Statistics(exercise)).add(student, handed_in, attempt)
            students.add(student)
    parts = [
        Part(course.exercises[name].title, found[name], samples_of(course, name, private))
        for name in course.exercises
        if name in found
    ]
    return parts, students


def samples_of(course: Course, exercise: str, private: Path) -> list[Known]:
    """Return the samples of an exercise that are wrong as honest work is, with what is proven of them."""
    samples = load_samples(private, course.exercises[exercise])
    return [one for sample in samples if (one := known(sample))]
