"""Reads what was handed in with nbgrader: the files beside the notebook, or the module's text in a cell of it.

Of a submitted notebook nothing counts but the text of solution cells, and nothing in it is believed.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.discovery import Found, kind_of
from grader.models import Exercise, Submission
from grader.nbgrader.names import CHECKS, notebook_file, solution_cell
from grader.nbgrader.solutions import module_text
from grader.submissions import Unacceptable, read_file, read_submission

SET_ASIDE = "set-aside.pyc"
"""The folder in a submission where `set_aside` puts what nbgrader must not copy: its ending is in nbgrader's own list of what
is passed over (nbgrader.coursedir)."""
LARGEST = 128 << 20
"""Bytes of a notebook that is read at all: outputs, which do not count, may take that much."""
MOST_CELLS = 10_000
NBGRADERS = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader writes when something is handed in."""
OWN = (SET_ASIDE, CHECKS, *NBGRADERS)
"""What lies in a submitted folder and is nobody's mistake."""


@dataclass(frozen=True)
class HandedIn:
    """One submission in ``submitted/``: a `grader.discovery.Work`."""

    folder: Path
    style: str

    @property
    def sources(self) -> tuple[Path, ...]:
        """The folder on the disk that it comes from."""
        return (work_folder(self.folder),)

    def read(self, path: Path, exercise: Exercise, student: str | None) -> Submission:
        """Read it."""
        if self.style == "cells":
            return read_cell(path, exercise, student)
        submission = read_submission(work_folder(path), exercise, student)
        own = {notebook_file(exercise.name), f"{exercise.name}.html", *OWN}
        return replace(
            submission, path=str(path), ignored=tuple(name for name in submission.ignored if name not in own)
        )


def found(folder: Path, style: str, exercise: Exercise, student: str) -> Found:
    """Return a submission of a student; a link in place of its folder is found as what cannot be taken."""
    if kind_of(folder) is not stat.S_ISDIR:
        return Found(folder, exercise, student, odd=True)
    return Found(folder, exercise, student, work=HandedIn(folder, style))


def work_folder(folder: Path) -> Path:
    """Return where the files of a submission lie: its folder, or the one in it where they were all set aside."""
    aside = folder / SET_ASIDE
    if kind_of(aside) is not stat.S_ISDIR:
        return folder
    with os.scandir(folder) as entries:
        return aside if all(entry.name == SET_ASIDE or is_sound(entry) for entry in entries) else folder


# -- cells


def read_cell(path: Path, exercise: Exercise, student: str | None) -> Submission:
    """Return as a submission what the solution cell of a notebook holds."""
    name, cell = exercise.files[0], solution_cell(exercise.module)
    notebook = notebook_file(exercise.name)
    nothing = Submission(exercise.name, student, str(path))
    try:
        texts = solution_texts(path, notebook)
    except FileNotFoundError:
        return replace(nothing, missing=(notebook,))
    except Unacceptable as error:
        return refused(nothing, error)
    if cell not in texts:
        return refused(
            nothing,
            Unacceptable("{file} has no cell {cell}; hand in the notebook that was given out, with that cell in it",
                         file=notebook, cell=cell),
        )  # fmt: skip
    content = module_text(texts[cell]).encode("utf-8", "surrogatepass")
    if len(content) > exercise.limits.file_size:
        most = str(exercise.limits.file_size)
        return refused(nothing, Unacceptable("{file} is larger than {most} bytes", file=name, most=most))
    return replace(nothing, files={name: content})


def refused(submission: Submission, reason: Unacceptable) -> Submission:
    """Return a submission that is not taken."""
    return replace(submission, problem=reason.problem)


def solution_texts(folder: Path, notebook: str) -> dict[str, str]:
    """Return the texts of a notebook's solution cells by grade id; of several with the same id the first one counts.

    Raises:
        FileNotFoundError: it is not there.
        Unacceptable: it cannot be read, or it is no notebook.
    """
    where = folder if os.path.lexists(folder / notebook) else work_folder(folder)
    return texts_in(parsed(read_file(where, notebook, notebook, LARGEST), notebook))


def parsed(data: bytes, notebook: str) -> Mapping[str, Any]:
    """Return a notebook as data."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Unacceptable("{file} is no notebook that can be read; open it in JupyterLab, save it and hand it in again",
                           file=notebook)  # fmt: skip
    return content


def texts_in(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the cells that claim to be solutions, of data that may be anything."""
    texts: dict[str, str] = {}
    for cell in notebook["cells"][:MOST_CELLS]:
        about = cell.get("metadata") if isinstance(cell, dict) else None
        about = about.get("nbgrader") if isinstance(about, dict) else None
        name = about.get("grade_id") if isinstance(about, dict) else None
        if isinstance(about, dict) and isinstance(name, str) and about.get("solution") is True:
            texts.setdefault(name, text_of(cell.get("source")))
    return texts


def text_of(source: object) -> str:
    """Return the text of a cell, which is a string or a list of them (nbformat: multiline_string)."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


# -- what nbgrader must not copy

MOST_FILES, MOST_BYTES, DEEPEST = 500, 64 << 20, 32


def set_aside(*, notebooks: list[str], **_others: object) -> None:
    """Put a submission out of nbgrader's way that it could not copy, or not come to an end with: its ``pre_convert_hook``.

    nbgrader copies whatever lies in the folder: it follows links, also to devices, and looks through a folder once for each
    file in it. Then everything but sound notebooks goes into `SET_ASIDE` in the same folder, from where it is judged.
    """
    pages = [
        Path(notebook).with_suffix(".html") for notebook in notebooks
    ]  # feedback is written where copies of these lie
    for folder in {page.parent for page in pages}:
        if is_harmless(folder) and not any(map(os.path.lexists, pages)):
            continue
        aside = folder / SET_ASIDE
        if kind_of(aside) is not stat.S_ISDIR and os.path.lexists(aside):
            aside.rename(folder / f"handed-in-{SET_ASIDE}")
        aside.mkdir(exist_ok=True)
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name != SET_ASIDE and not is_sound(entry)]
        for name in names:
            (folder / name).rename(aside / name)


def is_sound(entry: os.DirEntry[str]) -> bool:
    """Tell whether nbgrader may see something of a submission that it must not see as a whole."""
    named = entry.name.endswith(".ipynb") or entry.name in NBGRADERS
    return named and entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= MOST_BYTES


def is_harmless(folder: Path) -> bool:
    """Tell whether a folder holds a bounded number of files and folders, bounded in size and depth, and nothing else."""
    waiting, count, together = [(str(folder), 0)], 0, 0
    while waiting:
        top, depth = waiting.pop()
        with os.scandir(top) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                count, together = count + 1, together + status.st_size
                if count > MOST_FILES or together > MOST_BYTES or depth > DEEPEST:
                    return False
                if stat.S_ISDIR(status.st_mode) and (depth or entry.name != SET_ASIDE):
                    waiting.append((entry.path, depth + 1))
                elif not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                    return False
    return True
