"""Rebuilds every submitted notebook from the released one; of the student's only the text of solution cells comes along.

nbgrader's configuration names both classes: ``Autograde.exporter_class`` and one of ``Autograde.sanitize_preprocessors``.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution, rmtree

from grader.errors import EngineFault, UsageError
from grader.nbgrader.handed import set_aside, solution_texts
from grader.nbgrader.names import notebook_file
from grader.nbgrader.waiting import Waiting
from grader.printable import printable
from grader.submissions import Unacceptable

LONGEST = 1 << 20
"""Characters of a student's cell that are shown to whoever grades."""
TAG = re.compile(r"<(?=[A-Za-z/!?])")
SURROGATE = re.compile(r"[\ud800-\udfff]")

RESULT = b'"output_type": "execute_result"'
"""What a notebook holds that was graded, and one that was only rebuilt does not; in a text the quotes would be escaped."""

Resources = dict[str, Any]
Base: Any = NotebookExporter
v4: Any = nbformat.v4
to_nodes: Any = nbformat.from_dict
"""Typed in some releases and not in others."""
EMPTY = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
"""A notebook as `nbformat.v4.new_notebook` makes it, which would validate it for each submission."""


class Exporter(Base):  # type: ignore[misc]
    """Reads notebooks for ``nbgrader autograde``, but no submitted one: whatever that is, `RebuildFromRelease` makes another.

    There is one exporter for each command, so the gradings of that command are here. They begin with it: their process takes
    a second until it is ready, and nbgrader has to open the gradebook meanwhile.
    """

    _waiting: Waiting | None = None
    _gradebook: Gradebook | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - nbconvert's
        super().__init__(*args, **kwargs)
        with contextlib.suppress(Exception):  # whoever asks for the first attempt is told
            self.waiting(self.coursedir.assignment_id).begin()

    def from_filename(self, filename: str, resources: Resources | None = None, **kw: Any) -> Any:  # noqa: ANN401
        """Export a notebook; ``resources`` say whose it is (nbgrader.converters.base)."""
        path, about = Path(filename), (resources or {})["nbgrader"]
        submitted = folder_of(self.coursedir, self.coursedir.submitted_directory, about["student"], about["assignment"])
        if path.parent != submitted:
            return super().from_filename(filename, resources, **kw)
        with contextlib.suppress(EngineFault):  # said when the attempt is asked for
            self.waiting(about["assignment"], about["student"]).begin()
        whole = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(to_nodes(EMPTY), whole, **kw)

    @property
    def coursedir(self) -> CourseDirectory:
        """The course."""
        course: CourseDirectory = self.parent.coursedir
        return course

    def gradebook(self, db_url: str) -> Gradebook:
        """Return the gradebook, for a with statement: closed it can be opened again, and knows the queries that were made."""
        if self._gradebook is None:
            self._gradebook = Gradebook(db_url)
        return self._gradebook

    def waiting(self, assignment: str, student: str = "") -> Waiting:
        """Return what this command is about; a student whom it takes is among it."""
        if self._waiting is None or (student and student not in self._waiting.students):
            folders, log = waiting_folders(self.parent, assignment, student), self.log.warning
            if self._waiting:
                self._waiting.end()
            new = not any(graded_folder(self.coursedir, name, assignment).exists() for name in folders)
            self._waiting = Waiting(Path(self.coursedir.root), assignment, folders, log, new)
        return self._waiting


def waiting_folders(converter: Any, assignment: str, taken: str) -> dict[str, Path]:  # noqa: ANN401 - nbgrader's
    """Return the submissions that a command is about, in its order, by student; what it will pass over is not among them.

    nbgrader.converters.base.BaseConverter.init_destination says what that is. It may have ``taken`` one already. What must be
    set aside of them is set aside now: the gradings may look into any of them from here on.
    """
    coursedir, found = converter.coursedir, {}
    for place, notebooks in sorted(converter.assignments.items()):
        student = student_of(coursedir, place, assignment)
        graded = graded_folder(coursedir, student, assignment)
        if student != taken and is_unfinished(graded, assignment):
            rmtree(str(graded))  # nbgrader would pass it over as one that was graded
        if student == taken or converter.force or not graded.exists() or times_differ(place, graded):
            with contextlib.suppress(OSError):  # nbgrader does it again, and says what went wrong
                set_aside(notebooks=notebooks)
            found[student] = Path(place)
    return found


def is_unfinished(graded: Path, assignment: str) -> bool:
    """Tell whether a command was ended, by whatever, while it graded this: the notebook is written last, with its results."""
    try:
        return graded.is_dir() and RESULT not in (graded / notebook_file(assignment)).read_bytes()
    except OSError:
        return True


def times_differ(place: str, graded: Path) -> bool:
    """Tell whether a submission is another one than that which was autograded."""
    old, new = (Path(folder) / "timestamp.txt" for folder in (graded, place))
    try:
        return old.read_bytes() != new.read_bytes()
    except OSError:
        return False


def student_of(coursedir: CourseDirectory, place: str, assignment: str) -> str:
    """Return whose submission lies in a folder."""
    pattern = coursedir.format_path(
        coursedir.submitted_directory, "(?P<student_id>.*)", re.escape(assignment), escape=True
    )
    match = re.match(pattern, place)
    assert match
    return match["student_id"]


def folder_of(coursedir: CourseDirectory, step: str, student: str, assignment: str) -> Path:
    """Return a folder of the course."""
    return Path(coursedir.format_path(step, student, assignment))


def graded_folder(coursedir: CourseDirectory, student: str, assignment: str) -> Path:
    """Return where an autograded submission lies."""
    return folder_of(coursedir, coursedir.autograded_directory, student, assignment)


class RebuildFromRelease(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes the released notebook, and copies the text of solution cells into it: first match by grade id."""

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:  # noqa: ANN401, ARG002 - nbconvert's
        """Return the rebuilt notebook, and take nothing from the one that came.

        Raises:
            UsageError: there is no released notebook.
        """
        about = resources["nbgrader"]
        try:
            released = self.released(about["assignment"], about["notebook"])
        except Exception:  # an earlier score is not that of this submission
            leave_to_hands(about)
            raise
        cells = [cell for cell in released.cells if is_solution(cell)]
        texts = self.texts(about) if cells else {}
        for cell in cells:
            text = texts.get(cell.metadata.nbgrader["grade_id"], cell.source)
            cell.source = cell.source if text == cell.source else shown(text, cell.cell_type)
        return released, resources

    def texts(self, about: Resources) -> dict[str, str]:
        """Return what the student wrote, nothing where that cannot be read: the judge says the same of it."""
        coursedir = self.parent.coursedir
        folder = folder_of(coursedir, coursedir.submitted_directory, about["student"], about["assignment"])
        try:
            return solution_texts(folder, f"{about['notebook']}.ipynb")
        except (FileNotFoundError, Unacceptable):
            return {}

    def released(self, assignment: str, notebook: str) -> Any:  # noqa: ANN401 - a notebook
        """Read the released notebook."""
        coursedir = self.parent.coursedir
        path = folder_of(coursedir, coursedir.release_directory, ".", assignment) / f"{notebook}.ipynb"
        try:
            return v4.reads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(
                f"{path}: the released notebook cannot be read ({error.strerror}), and submissions are rebuilt from it; "
                f"run: nbgrader generate_assignment {assignment}"
            ) from None


def shown(text: str, kind: str) -> str:
    """Return a student's text as a cell shows it to whoever grades: code as it is, anything else without markup of HTML."""
    whole = text[:LONGEST] + ("…" if len(text) > LONGEST else "")
    whole = SURROGATE.sub(lambda half: printable(half[0]), whole)
    return whole if kind == "code" else TAG.sub("&lt;", whole)


def leave_to_hands(about: Resources) -> None:
    """Mark every grade of a submission as not known: neither full marks nor none."""
    with Gradebook(about["db_url"]) as gradebook:
        notebook = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
        for grade in notebook.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
