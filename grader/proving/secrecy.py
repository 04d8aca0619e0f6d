"""Nothing of the private half stands in the public one: no leak marker, no telling text, no three lines in a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.course import Course
from grader.leaks import lines
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.models import Complaint, Exercise


def public_files(course: Course) -> list[Path]:
    """Return what students get of a course: the exercises and the pages about it. The engine knows no course."""
    exercises = sorted((course.folder / "exercises").rglob("*"))
    found = [path for path in exercises if path.is_file() and path.suffix != ".pyc"]
    return [*found, *sorted(course.folder.glob("*.md"))]


def markers_and_texts(course: Course, guard: Guard) -> Iterator[Complaint]:
    """Yield leak markers and telling texts of hidden tests in the exercises, in whatever form."""
    search = Search(guard)
    search.paths([course.folder / "exercises", *sorted(course.folder.glob("*.md"))])
    for line in dict.fromkeys(map(str, search.leaks)):
        yield Complaint(course.folder / "exercises", f"tells something of the private half: {line}; take it out")


def runs_of(paths: list[Path]) -> lines.Runs[Path]:
    """Return every run of lines in some files."""
    return lines.runs_of((path, path.read_text(encoding="utf-8", errors="replace")) for path in paths)


def equal_lines(exercise: Exercise, private: Path, public: lines.Runs[Path]) -> Iterator[Complaint]:
    """Yield runs of lines of an exercise's private half that students have.

    What its own starter gives away, imports and tables of data are no answers and do not count.
    """
    for folder in (private / "solutions" / exercise.name, private / "tests" / "hidden" / exercise.name):
        for path in sorted(folder.rglob("*.py")):
            starter = exercise.folder / path.relative_to(folder)
            given = (
                {text for _, text in lines.lines_of(starter.read_text(encoding="utf-8"))}
                if starter.is_file()
                else set()
            )
            yield from equal(path, given, public)


def equal(path: Path, given: set[str], public: lines.Runs[Path]) -> Iterator[Complaint]:
    """Yield the first line of each run in a file that is public."""
    for found in lines.copied(path.read_text(encoding="utf-8"), given, public):
        place, line = public[found.run]
        yield Complaint(
            path, f"{lines.RUN} lines in a row stand in {place.name}:{line} too ({found.text!r} …), which students have; "
            "write one of them differently, or use the public one", str(found.number),
        )  # fmt: skip
