"""Thin notebooks: the statement, a cell that runs the public checks, a locked cell for the points of each category.

No test and no answer is in one. The same exercise gives the same bytes: cells have ids that say what they are.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.catalogues import Catalogue
from grader.models import Exercise
from grader.nbgrader import solutions
from grader.nbgrader.names import CHECK, CHECKS, SCHEMA, points_cell, solution_cell, statement_cell
from grader.nbgrader.rubrics import Group

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"(^```.*?^```[^\n]*$)", re.MULTILINE | re.DOTALL)
GO_ON = "raises-exception"
"""Jupyter's own tag: where public tests fail the cell says so by an exception, and the cells below it still run."""
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Thin:
    """What a notebook is made of. ``statement`` is Markdown, ``starter`` the module's text in style ``cells``, else None.

    ``beside`` are the files of the assignment by their paths below its folder: a link to one of them stays a link.
    """

    exercise: Exercise
    groups: Sequence[Group]
    language: str
    statement: str
    beside: Collection[str]
    starter: str | None = None

    @property
    def style(self) -> str:
        """Where the student writes."""
        return "files" if self.starter is None else "cells"


def build(thin: Thin) -> bytes:
    """Return the notebook as nbformat 4.5 in UTF-8, in the layout that nbformat itself writes."""
    content = {
        "cells": cells(thin),
        "metadata": {
            "grader": {"exercise": thin.exercise.name, "language": thin.language, "style": thin.style},
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def cells(thin: Thin) -> list[dict[str, Any]]:
    """Return the cells in order."""
    name, module = thin.exercise.name, thin.exercise.module
    found = [locked(1, relinked(thin)), locked(2, how_to_work(thin))]
    if thin.starter is not None:
        source = solutions.solution_cell(f"{module}.py", thin.starter)
        found.append(code(solution_cell(module), source, nbgrader(solution_cell(module), solution=True)))
    found.append(code(CHECK, f'from grader.notebook import check\n\ncheck("{name}")', {}))
    for group in thin.groups:
        cell = points_cell(group.category)
        source = f'from grader.notebook import group\n\ngroup("{name}", "{group.category}")'
        marks = nbgrader(cell, grade=True, locked=True, points=group.points)
        found.append(code(cell, source, {**marks, "tags": [GO_ON]}))
    return [*found, locked(3, what_runs_at_grading(thin))]


def locked(number: int, text: str) -> dict[str, Any]:
    """Return a cell with text that students cannot change."""
    cell = statement_cell(number)
    return {"cell_type": "markdown", "id": cell, "metadata": nbgrader(cell, locked=True), "source": lines(text)}


def code(name: str, source: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cell with code that has not run."""
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": metadata, "outputs": [],
            "source": lines(source)}  # fmt: skip


def nbgrader(
    name: str, *, grade: bool = False, locked: bool = False, solution: bool = False, points: int | None = None
) -> dict[str, Any]:
    """Return the metadata by which nbgrader knows a cell (nbgrader.nbgraderformat, schema 3)."""
    worth = {} if points is None else {"points": points}
    return {"nbgrader": {"grade": grade, "grade_id": name, "locked": locked, "schema_version": SCHEMA,
                         "solution": solution, "task": False} | worth}  # fmt: skip


def lines(text: str) -> list[str]:
    """Return a text as notebooks keep it: a string for each line, without a line end at the very end."""
    return text.rstrip("\n").splitlines(keepends=True)


# -- texts


def relinked(thin: Thin) -> str:
    """Return the statement with links that lead to the files as they lie beside the notebook."""
    place = f"{CHECKS}/exercises/{thin.exercise.name}"

    def lead(match: re.Match[str]) -> str:
        path, mark, anchor = match[1].partition("#")
        target = posixpath.normpath(posixpath.join(place, path)) if path and "://" not in path else ""
        return f"]({target}{mark}{anchor})" if target in thin.beside else match[0]

    parts = FENCED.split(thin.statement)
    return "".join(part if part.startswith("```") else LINK.sub(lead, part) for part in parts)


def how_to_work(thin: Thin) -> str:
    """Return what a student does here: where to write, and how to check."""
    catalogue, language = Catalogue(), thin.language
    files = ", ".join(f"`{name}`" for name in thin.exercise.files)
    if thin.style == "files":
        write = catalogue.word(
            "Edit {files} beside this notebook, in JupyterLab or in any editor, and save. Hand in the whole folder.",
            language, files=files,
        )  # fmt: skip
    else:
        write = catalogue.word(
            "Write your module in the next cell: its text is what you hand in. Running the cell writes it to {files}, which "
            "is what the checks read. Hand in the whole folder.",
            language, files=files,
        )  # fmt: skip
    check = catalogue.word(
        "The cell below runs the public tests on it, as often as you like; where the statement says `pytest`, run this cell.",
        language,
    )
    without = catalogue.word(
        "If it answers `No module named 'grader'`, the grader is not installed where this notebook runs: install the folder of "
        "your course for students, with `%pip install FOLDER` in a cell of its own, and restart the kernel.",
        language,
    )
    return f"## {catalogue.word('How to work in this notebook', language)}\n\n{write}\n\n{check} {without}"


def what_runs_at_grading(thin: Thin) -> str:
    """Return how many hidden tests run at grading, and what each category is worth."""
    catalogue, language = Catalogue(), thin.language
    count, points = (sum(getattr(group, name) for group in thin.groups) for name in ("hidden_tests", "hidden"))
    said = catalogue.word(
        "At grading {count} hidden tests run besides, worth {points} of {all} points. “Validate” and a notebook without "
        "errors say nothing about them.",
        language, count=count, points=points, all=sum(group.points for group in thin.groups),
    )  # fmt: skip
    names = [catalogue.word("category", language), catalogue.word("points", language),
             catalogue.word("of these hidden", language)]  # fmt: skip
    rows = [[catalogue.word(group.category, language), str(group.points), str(group.hidden)] for group in thin.groups]
    table = "\n".join("| " + " | ".join(row) + " |" for row in (names, ["---"] * 3, *rows))
    return f"## {catalogue.word('What runs at grading', language)}\n\n{said}\n\n{table}"
