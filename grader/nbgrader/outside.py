"""Judges a submission by the engine where nbgrader would run its notebook: no kernel is started, no student's code runs here.

nbgrader's configuration names it first among ``Autograde.autograde_preprocessors``, in place of ``Execute``.
"""

from __future__ import annotations

from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from grader.errors import EngineFault, UsageError
from grader.models import CATEGORIES
from grader.nbgrader.names import points_cell
from grader.nbgrader.rebuild import Exporter, Resources, leave_to_hands
from grader.nbgrader.waiting import Cell, Graded

to_nodes: Any = nbformat.from_dict
REMEDY = (
    "Bring the exercise back as it was released. Or have the gradebook know what it is worth now: delete release/{name}, run "
    "grader nbgrader init COURSE_DIR --update and nbgrader generate_assignment {name} --force, and autograde with --force"
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
            write(nb, self.result(about["assignment"], about["student"]), about["assignment"])
        except Exception:  # whatever it is, an earlier score is not that of this submission
            leave_to_hands(about)
            raise
        return nb, resources

    def result(self, assignment: str, student: str) -> Graded:
        """Return what became of a submission that has a score."""
        if not isinstance(self.parent, Exporter):
            raise UsageError(
                "nbgrader_config.py: Autograde.exporter_class is not ours; run: grader nbgrader init COURSE_DIR --update"
            )
        result = self.parent.waiting(assignment, student).result(student)
        if result.fault:
            raise EngineFault(
                f"{assignment} of {student} has no score ({result.fault}). This is no fault of the submission: it needs a "
                "manual grade, or autograde it again"
            )
        return result


def write(nb: Any, result: Graded, exercise: str) -> None:  # noqa: ANN401 - a notebook
    """Write a result into a notebook that was rebuilt from the released one.

    Raises:
        UsageError: its cells are not those of the exercise as it is now.
    """
    cells = {cell.metadata.nbgrader["grade_id"]: cell for cell in nb.cells if is_grade(cell) and not is_solution(cell)}
    ours = {points_cell(name) for name in CATEGORIES}
    given = {name: cell.metadata.nbgrader["points"] for name, cell in cells.items() if name in ours}
    wanted = {points_cell(name): cell.possible for name, cell in result.cells.items()}
    if given != wanted:
        raise UsageError(
            f"{exercise} was changed after its release: the notebook's cells are worth {given}, its tests {wanted}. "
            + REMEDY.format(name=exercise)
        )
    for category, cell in result.cells.items():
        cells.pop(points_cell(category)).outputs = to_nodes(outputs(cell))
    for cell in cells.values():
        leave_cell_to_hands(cell)


def outputs(cell: Cell) -> list[dict[str, Any]]:
    """Return the outputs of a grade cell: a stream, then the one result from which nbgrader takes the points.

    nbgrader.utils.determine_grade reads the first result as a float, and takes a cell without one for right.
    """
    points = {"text/plain": repr(float(cell.earned))}
    return [
        {"output_type": "stream", "name": "stdout", "text": cell.text},
        {"output_type": "execute_result", "data": points, "metadata": {}, "execution_count": None},
    ]


def leave_cell_to_hands(cell: Any) -> None:  # noqa: ANN401 - a cell
    """Make of an instructor's own test cell one that is graded by hand: there is no kernel that could run it.

    A code cell without a result would count as right (nbgrader.utils.determine_grade).
    """
    if cell.cell_type == "code":
        cell.cell_type = "markdown"
        cell.source = f"```python\n{cell.source}\n```"
        del cell["outputs"], cell["execution_count"]
