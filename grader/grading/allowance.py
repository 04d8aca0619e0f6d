"""Grades no more attempts of a student than are allowed: every verdict tells a little of hidden tests.

An attempt is a piece of work that hidden tests judged. Nobody's attempts are used up by a fault of ours, by files that were
missing, or by what is graded once more because the tests have changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.discovery import Found
from grader.grades import Judged
from grader.grading.run import InStore
from grader.models import Attempt, Outcome, Submission


@dataclass
class Limited(InStore):
    """Keeps attempts in a store, ``most`` of each student and exercise; ``refused`` is the work that was one too many.

    In place of an attempt that is not made stands the last one; the store learns nothing of that work.
    """

    most: int = 1
    refused: list[Found] = field(default_factory=list)

    def known(self, number: int, submission: Submission) -> Attempt | None:
        """Return an attempt that still holds, or the last one if there were enough."""
        from grader.store.records import work_hash  # needs SQLAlchemy

        attempt = super().known(number, submission)
        if attempt:
            return attempt
        judged = self.judged(number, submission)
        if len(judged) < self.most or work_hash(submission) in judged:
            return None
        self.refused.append(self.found[number])
        self.numbers[number] = list(judged.values())[-1].number
        return self.store.attempt(self.numbers[number])

    def judged(self, number: int, submission: Submission) -> dict[str, Judged]:
        """Return what hidden tests judged of a student's work, first to last."""
        history = self.store.history(submission.student or "", self.found[number].exercise.name)
        return {
            one.work: one.attempt
            for one in history
            if one.attempt and one.attempt.score and one.attempt.outcome is Outcome.GRADED
        }
