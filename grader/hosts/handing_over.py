"""What goes from the job that grades to the one that posts: a folder with a note, and a document and a page for each exercise.

The job that posts holds a token that may write, so it takes the folder for what it is, somebody's data: bounded, regular files
only, every value of the type that it must have. Which pull request is meant it knows from its own event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import NAME
from grader.errors import EngineFault
from grader.hosts.pull_requests import Obstacle
from grader.output import write_json
from grader.submissions import Unacceptable, read_file

NOTE, DOCUMENTS, PAGES = "request.json", "documents", "pages"
LARGEST = 4 << 20
"""Bytes of a file that is handed over."""


@dataclass(frozen=True)
class Note:
    """What was taken: the exercises, and why nothing is graded if there are problems."""

    exercises: tuple[str, ...] = ()
    problems: tuple[Obstacle, ...] = ()


@dataclass(frozen=True)
class Graded:
    """What came of one exercise: points, None where nobody knows them, the page, the document of `grader.reports.document`."""

    exercise: str
    earned: int | None
    possible: int | None
    verdict: str
    page: str
    document: Mapping[str, Any]

    @property
    def full(self) -> bool:
        """Whether every point was earned; a diagnostic has none to earn."""
        return self.earned is not None and self.earned == self.possible


def write_note(folder: Path, note: Note) -> None:
    """Write what was taken."""
    told = [{"key": problem.key, "values": dict(problem.values)} for problem in note.problems]
    write_json(folder / NOTE, {"exercises": list(note.exercises), "problems": told})


def read_note(folder: Path) -> Note | None:
    """Return what was taken, None if the job that grades did not get so far.

    Raises:
        EngineFault: it is no note.
    """
    try:
        content = read_json(folder, NOTE)
    except FileNotFoundError:
        return None
    match content:
        case {"exercises": [*names], "problems": [*told]} if all(
            type(name) is str and NAME.match(name) for name in names
        ):
            return Note(tuple(names), tuple(map(problem_of, told)))
    raise EngineFault(f"{NOTE} is not what the job that grades writes")


def problem_of(told: object) -> Obstacle:
    """Return one problem."""
    match told:
        case {"key": str(key), "values": {**values}} if all(type(value) is str for value in values.values()):
            return Obstacle(key, {str(name): str(value) for name, value in values.items()})
    raise EngineFault(f"{NOTE} is not what the job that grades writes")


def read_graded(folder: Path, note: Note) -> Iterator[Graded]:
    """Yield what came of each exercise; one without a document has no points.

    Raises:
        EngineFault: a document is none.
    """
    for exercise in note.exercises:
        try:
            document = read_json(folder, f"{DOCUMENTS}/{exercise}/submission/{exercise}.json")
            page = read_text(folder, f"{PAGES}/{exercise}.md")
        except FileNotFoundError:
            yield Graded(exercise, None, None, "grader_error", "", {})
            continue
        yield graded(exercise, document, page)


def graded(exercise: str, document: Any, page: str) -> Graded:  # noqa: ANN401 - JSON
    """Return what a document says."""
    match document:
        case {"exercise": str(name), "verdict": str(verdict), "score": None} if name == exercise:
            return Graded(exercise, None, None, verdict, page, document)
        case {
            "exercise": str(name),
            "verdict": str(verdict),
            "score": {"earned": int(earned), "possible": int(possible)},
        } if name == exercise and 0 <= earned <= possible:
            return Graded(exercise, earned, possible, verdict, page, document)
    raise EngineFault(f"the document of {exercise} is not what the job that grades writes")


def read_json(folder: Path, name: str) -> object:
    """Read a JSON file.

    Raises:
        FileNotFoundError: it is not there.
        EngineFault: it is none.
    """
    try:
        return json.loads(read_text(folder, name))
    except (ValueError, RecursionError):
        raise EngineFault(f"{name} is no JSON file") from None


def read_text(folder: Path, name: str) -> str:
    """Read a regular file, without following a link.

    Raises:
        FileNotFoundError: it is not there.
        EngineFault: it cannot be taken.
    """
    try:
        return read_file(folder, name, name, LARGEST).decode("utf-8", "replace")
    except Unacceptable as error:
        raise EngineFault(error.problem["problem"].format_map(error.problem)) from None
