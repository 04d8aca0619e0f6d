"""The grades of a class: for each student and exercise a view on what the store has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from grader.grades import Grade, grade
from grader.policy import Policy
from grader.store.store import Store


def gradebook(
    store: Store, policy: Policy, exercises: Collection[str] = (), students: Collection[str] = ()
) -> Iterator[Grade]:
    """Yield grades by student and exercise; of some exercises or students only, if any are named."""
    for student, exercise in store.pairs():
        if (not exercises or exercise in exercises) and (not students or student in students):
            handed_in, decided = store.history(student, exercise), store.override(student, exercise)
            found = grade(student, exercise, handed_in, policy.rule(student, exercise), decided)
            yield replace(found, remark=store.remark(student, exercise))
