"""Nothing of the private half stands in the public one: no leak marker, no telling text, no three lines in a row."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.course import Course
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.models import Complaint, Exercise

RUN = 3
"""Lines in a row that are too many."""

Line = tuple[int, str]
"""The number of a line, and what stands in it without the blanks around."""
Runs = dict[tuple[str, ...], tuple[Path, int]]
"""Where some lines in a row stand first."""


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


def runs_of(paths: list[Path]) -> Runs:
    """Return every run of lines in some files."""
    found: Runs = {}
    for path in paths:
        lines = lines_of(path.read_text(encoding="utf-8", errors="replace"))
        for index in range(len(lines) - RUN + 1):
            found.setdefault(tuple(text for _, text in lines[index : index + RUN]), (path, lines[index][0]))
    return found


def equal_lines(exercise: Exercise, private: Path, public: Runs) -> Iterator[Complaint]:
    """Yield runs of lines of an exercise's private half that students have.

    What its own starter gives away, imports and tables of data are no answers and do not count.
    """
    for folder in (private / "solutions" / exercise.name, private / "tests" / "hidden" / exercise.name):
        for path in sorted(folder.rglob("*.py")):
            starter = exercise.folder / path.relative_to(folder)
            given = {text for _, text in lines_of(starter.read_text(encoding="utf-8"))} if starter.is_file() else set()
            yield from equal(path, given, public)


def equal(path: Path, given: set[str], public: Runs) -> Iterator[Complaint]:
    """Yield the first line of each run in a file that is public; a longer one is said once."""
    source = path.read_text(encoding="utf-8")
    passed = harmless(source)
    lines = [line for line in lines_of(source) if line[0] not in passed]
    last = -RUN
    for index in range(len(lines) - RUN + 1):
        run = tuple(text for _, text in lines[index : index + RUN])
        if run in public and not given.issuperset(run):
            if index > last + 1:
                place, line = public[run]
                yield Complaint(
                    path, f"{RUN} lines in a row stand in {place.name}:{line} too ({run[0]!r} …), which students have; "
                    "write one of them differently, or use the public one", str(lines[index][0]),
                )  # fmt: skip
            last = index


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text that are not blank."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def harmless(source: str) -> set[int]:
    """Return the numbers of a Python file's lines that import something or are data only."""
    found: set[int] = set()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return found
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.Assign) and is_data(node.value)):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def is_data(node: ast.expr) -> bool:
    """Tell whether an expression is made of constants."""
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
