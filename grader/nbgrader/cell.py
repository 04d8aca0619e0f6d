"""One check for the cells of a notebook, in a process of its own that answers in JSON: ``python -P -m grader.nbgrader.cell``.

The kernel that asks imports neither pytest nor the tests, and student code runs in a third process.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grader.catalogues import Catalogue, catalogue_of
from grader.course import MANIFEST
from grader.errors import EngineFault, Misuse, UsageError
from grader.hashing import ENGINE, content_hash
from grader.language import preferred_language
from grader.models import CATEGORIES, LANGUAGES, Exercise, Submission
from grader.nbgrader.names import CHECKS, notebook_file, solution_cell
from grader.nbgrader.solutions import is_written, module_text
from grader.printable import printable
from grader.student.place import Place

COURSE = "GRADER_COURSE"
"""Names the folder of a course that goes before every other."""
LARGEST = 16 << 20
"""Bytes of a notebook that is read for its language; one with more output than that is not."""
NAME = re.compile(r"[A-Za-z0-9_]{1,80}\Z")


def main(said: str) -> None:
    """Answer for the work in the working folder; nothing but the answer goes to standard output."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    json.dump(answered(said, Path.cwd()), answer)
    answer.close()


def answered(said: str, folder: Path) -> dict[str, Any]:
    """Return what the cells show of the work in a folder: of all of it, and of each category; or what was wrong."""
    notebook = notebook_in(folder, said)
    lang = language_of(notebook)
    try:
        place = course_with(said, folder)
        return pages(place, place.find(said), folder, notebook, lang)
    except Misuse as error:
        return {"refused": Catalogue().word(error.key, lang, **error.values)}
    except UsageError as error:
        return {"refused": str(error)}
    except EngineFault as error:
        return {"refused": Catalogue().word("a fault of the grader, not of your work: {error}", lang, error=error)}


def pages(place: Place, exercise: Exercise, folder: Path, notebook: dict[str, Any], lang: str) -> dict[str, Any]:
    """Check the work, and return the pages."""
    from grader.student.checking import check

    submission = work(exercise, folder, notebook)
    attempt = check(place, exercise, submission)
    from grader.nbgrader.display import part, whole
    from grader.student.speaking import Voice

    voice = Voice(lang, catalogue_of(exercise))
    notes = remarks(exercise, submission, notebook, voice.catalogue, lang)
    parts = {category: asdict(part(attempt, exercise, category, voice)) for category in CATEGORIES}
    return {"check": asdict(whole(attempt, exercise, voice, notes)), "parts": parts}


def work(exercise: Exercise, folder: Path, notebook: dict[str, Any]) -> Submission:
    """Return the files beside a notebook, or the module in its solution cell if that cell does not write it to a file."""
    from grader.student.checking import work_of

    source = solution_source(exercise, notebook)
    if source is None or is_written(source):
        return work_of(exercise, folder)
    return Submission(exercise.name, None, str(folder), {exercise.files[0]: encoded(source)})


# -- where things are


def course_with(said: str, folder: Path) -> Place:
    """Return the course that an exercise is in: what was handed out with the notebook, one above it, or one around this package.

    The folder that the variable names goes before all of them.

    Raises:
        Misuse: there is none; says what to install.
    """
    if named := os.environ.get(COURSE):
        if holds_exercises(Path(named)):
            return Place(Path(named).resolve())
        raise Misuse("The variable {variable} is to name the course's folder, which holds exercises/; in {folder} there is none.",
                     variable=COURSE, folder=printable(named, 300))  # fmt: skip
    found = [
        Place(above) for above in (folder / CHECKS, folder, *folder.parents, ENGINE.parent) if holds_exercises(above)
    ]
    for place in found:
        if said in place.names or said in {name.split("_", 1)[0] for name in place.names}:
            return place
    if found:
        return found[0]
    raise Misuse(
        "The public tests were not found: the folder {checks}, which was handed out with this notebook, is not beside it in "
        "{folder}. Fetch the assignment again, or bring that folder back; where you have the course's folder, the variable "
        "{variable} can name it.",
        checks=CHECKS, folder=printable(str(folder), 300), variable=COURSE,
    )  # fmt: skip


def holds_exercises(folder: Path) -> bool:
    """Tell whether a folder is that of a course."""
    return any(folder.glob(f"exercises/*/{MANIFEST}"))


def fingerprint(said: str, folder: Path) -> str:
    """Return what changes when a check may come out otherwise: the work, and what it is judged by.

    It is empty if that cannot be said.
    """
    from grader.hashing import exercise_hash
    from grader.store.records import work_hash
    from grader.submissions import read_submission

    try:
        exercise = course_with(said, folder).find(said)
        source = solution_source(exercise, notebook_in(folder, said))
        cell = content_hash({} if source is None else {"cell": encoded(source)})
        return f"{cell}/{work_hash(read_submission(folder, exercise))}/{exercise_hash(exercise)}"
    except (UsageError, OSError):
        return ""


# -- what the notebook says of itself: for orientation only


def notebook_in(folder: Path, said: str) -> dict[str, Any]:
    """Return the notebook of an exercise as it was saved, nothing where it cannot be read."""
    path = folder / notebook_file(said)
    try:
        if not NAME.match(said) or path.stat().st_size > LARGEST:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def about(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return what the course wrote into the metadata of its notebook."""
    metadata = notebook.get("metadata")
    said = metadata.get("grader") if isinstance(metadata, dict) else None
    return said if isinstance(said, dict) else {}


def language_of(notebook: dict[str, Any]) -> str:
    """Return the language that somebody chose, else the notebook's, else the system's."""
    said = about(notebook).get("language")
    return said if said in LANGUAGES and not os.environ.get("GRADER_LANG") else preferred_language()


def remarks(
    exercise: Exercise, submission: Submission, notebook: dict[str, Any], catalogue: Catalogue, lang: str
) -> Iterator[str]:
    """Yield what somebody should know who writes a module in a cell: graded is that cell as it was saved."""
    source = solution_source(exercise, notebook)
    if source is None:
        return
    file = exercise.files[0]
    if not is_written(source):
        yield catalogue.word(
            "Checked is the cell with your solution as it was saved: save the notebook after each change.", lang
        )
    elif submission.missing:
        yield catalogue.word(
            "Run the cell with your solution first: its first line writes {file}, which is what is checked.",
            lang,
            file=file,
        )
    elif submission.files.get(file) != encoded(source):
        yield catalogue.word(
            "The saved notebook and {file} differ. Checked was {file}; what will be graded is the cell with your solution. "
            "Run that cell, and save the notebook before you hand it in.", lang, file=file,
        )  # fmt: skip


def solution_source(exercise: Exercise, notebook: dict[str, Any]) -> str | None:
    """Return the source of the solution cell of a saved notebook, None if it is not of the style that has one."""
    if about(notebook).get("style") != "cells" or len(exercise.files) != 1:
        return None
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        marked = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if isinstance(marked, dict) and marked.get("grade_id") == solution_cell(exercise.module):
            source = cell.get("source", "")
            return "".join(map(str, source)) if isinstance(source, list) else str(source)
    return None


def encoded(source: str) -> bytes:
    """Return the module in a cell as the bytes of a file."""
    return module_text(source).encode("utf-8", "surrogatepass")


if __name__ == "__main__":
    main(sys.argv[1])
