"""Saves what was graded with one look into the gradebook for each submission, where nbgrader takes one for each cell and more.

nbgrader's configuration names both classes among ``Autograde.autograde_preprocessors``, in place of those that they are made of.
What is saved is decided by nbgrader's own code, and all of it is saved, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

Resources = dict[str, Any]
IN_TIME = "submitted in time"
"""Stands in an export's resources behind `SaveGrades` if there is nothing for `LatePenalties` to do."""


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Saves the scores and comments of all cells at once; for the exporter of `grader.nbgrader.rebuild`."""

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:  # noqa: ANN401 - a notebook
        """Save what the cells of a graded notebook are worth, and leave the notebook as it is."""
        about = resources["nbgrader"]
        self.notebook_id, self.assignment_id, self.student_id = about["notebook"], about["assignment"], about["student"]
        with self.parent.gradebook(about["db_url"]) as gradebook:
            self.gradebook = Sheet(gradebook, about)
            for number, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, number)
            gradebook.db.commit()
        resources[IN_TIME] = self.gradebook.in_time
        return nb, resources


class LatePenalties(AssignLatePenalties):  # type: ignore[misc]
    """Assigns penalties, if a submission may be late or was taken for late before."""

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:  # noqa: ANN401 - a notebook
        """Assign the penalty of a submission, and leave the notebook as it is."""
        if resources.pop(IN_TIME, False):
            return nb, resources
        done: tuple[Any, Resources] = super().preprocess(nb, resources)
        return done


class Sheet:
    """A submitted notebook's part of a gradebook, as `SaveAutoGrades` uses one: its grades were read together."""

    def __init__(self, gradebook: Gradebook, about: Mapping[str, str]) -> None:
        self.find_comment = gradebook.find_comment
        self.db = Pending()
        rows = (
            gradebook.db.query(
                Grade, BaseCell.name, SubmittedNotebook.late_submission_penalty, SubmittedAssignment.timestamp,
                SubmittedAssignment.extension, Assignment.duedate,
            )
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(
                Notebook.name == about["notebook"], Assignment.name == about["assignment"],
                SubmittedAssignment.student_id == about["student"],
            )
            .all()
        )  # fmt: skip
        self.grades = {row[1]: row[0] for row in rows}
        self.in_time = bool(rows) and is_in_time(*rows[0][2:])

    def find_grade(self, cell: str, notebook: str, assignment: str, student: str) -> Any:  # noqa: ANN401 - a Grade
        """Return the grade of a cell.

        Raises:
            MissingEntry: there is none.
        """
        if cell not in self.grades:
            raise MissingEntry(f"No such grade: {assignment}/{notebook}/{cell} for {student}")
        return self.grades[cell]


class Pending:
    """A session in which nothing is saved yet."""

    def commit(self) -> None:
        """Save nothing: that is done once, at the end."""


def is_in_time(penalty: float | None, timestamp: Any, extension: timedelta | None, duedate: Any) -> bool:  # noqa: ANN401
    """Tell whether a submission is certainly in time (nbgrader.api.SubmittedAssignment), and has no penalty from before."""
    if penalty is not None:
        return False
    if timestamp is None or (duedate is None and extension is None):
        return True
    return bool(duedate is not None and timestamp <= duedate + (extension or timedelta()))
