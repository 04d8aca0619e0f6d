"""Judges a submission by the engine where nbgrader would run its notebook: no kernel is started, no student's code runs here.

nbgrader's configuration names it first among ``Autograde.autograde_preprocessors``, in place of ``Execute``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from grader.catalogues import catalogue_of
from grader.errors import EngineFault, UsageError
from grader.models import CATEGORIES, Attempt
from grader.nbgrader.course import settings
from grader.nbgrader.names import points_cell
from grader.nbgrader.rebuild import Exporter, Resources
from grader.nbgrader.showing import outputs
from grader.reports.terminal import TerminalReport

to_nodes: Any = nbformat.from_dict
REMEDY = (
    "run: grader nbgrader init COURSE_DIR --update, nbgrader generate_assignment {name} --force, and release it again"
)


class GradeOutside(NbGraderPreprocessor):  # type: ignore[misc]
    """Has the submission graded, and writes into each grade cell the report and the points of its category."""

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:  # noqa: ANN401 - a notebook
        """Return the notebook with its results.

        Raises:
            UsageError: the course cannot be graded as it is; says what to do.
            EngineFault: there is no score, and the fault is ours. The grades in the gradebook are left to whoever grades by hand.
        """
        about = resources["nbgrader"]
        try:
            attempt = self.attempt(about["assignment"], about["student"])
            write(nb, attempt, self.report(about["assignment"]))
        except Exception:  # whatever it is, an earlier score is not that of this submission
            leave_to_hands(about)
            raise
        return nb, resources

    def attempt(self, assignment: str, student: str) -> Attempt:
        """Return an attempt that has a score."""
        if not isinstance(self.parent, Exporter):
            raise UsageError(
                "nbgrader_config.py: Autograde.exporter_class is not ours; run: grader nbgrader init --update"
            )
        attempt = self.parent.waiting(assignment, student).attempt(student)
        if attempt.score is None:
            reason = attempt.detail.get("message", "")
            raise EngineFault(
                f"{assignment} of {student} has no score ({attempt.outcome}: {reason}). This is no fault of the submission: "
                "it needs a manual grade, or autograde it again"
            )
        return attempt

    def report(self, assignment: str) -> TerminalReport:
        """Return the report in the course's language."""
        chosen = settings(Path(self.parent.coursedir.root))
        return TerminalReport(catalogue_of(chosen.load().find(assignment)), chosen.language)


def write(nb: Any, attempt: Attempt, report: TerminalReport) -> None:  # noqa: ANN401 - a notebook
    """Write the results of an attempt into a notebook that was rebuilt from the released one.

    Raises:
        UsageError: its cells are not those of the exercise as it is now.
    """
    cells = {cell.metadata.nbgrader["grade_id"]: cell for cell in nb.cells if is_grade(cell) and not is_solution(cell)}
    wanted = {points_cell(name): score.possible for name, score in attempt.categories.items() if score.possible}
    ours = {points_cell(name) for name in CATEGORIES}
    given = {name: cell.metadata.nbgrader["points"] for name, cell in cells.items() if name in ours}
    if given != wanted:
        raise UsageError(
            f"{attempt.exercise} was changed after its release: the notebook's cells are worth {given}, its tests {wanted}. "
            + REMEDY.format(name=attempt.exercise)
        )
    for category in attempt.categories:
        if points_cell(category) in wanted:
            cells.pop(points_cell(category)).outputs = to_nodes(outputs(attempt, category, report))
    for cell in cells.values():
        leave_cell_to_hands(cell)


def leave_cell_to_hands(cell: Any) -> None:  # noqa: ANN401 - a cell
    """Make of an instructor's own test cell one that is graded by hand: there is no kernel that could run it.

    A code cell without a result would count as right (nbgrader.utils.determine_grade).
    """
    if cell.cell_type == "code":
        cell.cell_type = "markdown"
        cell.source = f"```python\n{cell.source}\n```"
        del cell["outputs"], cell["execution_count"]


def leave_to_hands(about: Resources) -> None:
    """Mark every grade of a submission as not known: neither full marks nor none."""
    with Gradebook(about["db_url"]) as gradebook:
        notebook = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
        for grade in notebook.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
