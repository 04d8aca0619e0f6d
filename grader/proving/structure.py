"""The trees of a course: each exercise is complete in all of them under one name, and nothing else lies there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from grader.catalogues import catalogue_file
from grader.course import EQUIVALENTS, MANIFEST, NAME, PREDICTIONS, PROVEN, Course
from grader.directories import is_directory, listed
from grader.models import LANGUAGES, Complaint, Exercise
from grader.proving.scaffold import marks
from grader.samples import EXPECTED, FEEDBACK, RECIPE, Sample, load_sample
from grader.statement import hints_file, statement_file

TREES = ("exercises", "solutions", "tests/hidden", "tests/submissions")
FORM = "a letter, digits, an underscore and a slug of small letters, digits and underscores, as in a1_hello_wsgi"
READINGS = "readings"
"""A folder beside the exercises, with pages to read before them."""
JUDGED = ("misconception", "do-nothing", "broken")
"""Kinds of samples beside which stands what their authors would read."""


def trees(course: Course, private: Path) -> Iterator[Complaint]:
    """Yield what lies in the trees and belongs to no exercise."""
    for tree in TREES:
        home = (course.folder if tree == "exercises" else private) / tree
        for path in entries(home):
            if tree == "exercises" and path.name == READINGS:
                continue
            if not path.is_dir():
                yield Complaint(
                    path, f"a stray file: {tree}/ holds a folder for each exercise and nothing else; move it"
                )
            elif not NAME.match(path.name):
                yield Complaint(path, f"no name for an exercise; rename the folder in every tree: {FORM}")
            elif path.name not in course.exercises:
                yield Complaint(
                    path, f"there is no exercise of this name: add {course.folder.name}/exercises/{path.name}/{MANIFEST}, "
                    "rename the folder, or remove it",
                )  # fmt: skip
    shorts: dict[str, str] = {}
    for exercise in course.exercises.values():
        if shorts.setdefault(exercise.short, exercise.name) != exercise.name:
            yield Complaint(
                exercise.folder, f"{shorts[exercise.short]} has the short id {exercise.short} too; renumber one of them"
            )


def exercise_trees(exercise: Exercise, private: Path) -> Iterator[Complaint]:
    """Yield what an exercise lacks in a tree, and what lies in its folders and does not belong there."""
    yield from public_files(exercise)
    yield from solution_files(exercise, private)
    if exercise.kind == "graded":
        yield from hidden_files(exercise, private)
    yield from sample_folders(exercise, private)
    for path, number, line in marks(exercise, private):
        yield Complaint(path, f"still to be written: {line}; write it, and take the mark away", str(number))


def public_files(exercise: Exercise) -> Iterator[Complaint]:
    """Yield what is missing or too much in ``exercises/<name>/``."""
    folder = exercise.folder
    wanted = [MANIFEST, *exercise.files]
    for language in LANGUAGES:
        wanted += [statement_file(folder, language).name, hints_file(folder, language).name]
    yield from missing(folder, wanted, "every exercise has one; write it")
    tests = {path.name for path in folder.glob("test_*.py")} - set(exercise.files)
    if not tests and not exercise.origins:
        yield Complaint(folder, "there are no public tests: write test_….py")
    catalogues = {catalogue_file(folder, language).name for language in LANGUAGES}
    named = "".join(path.read_text(encoding="utf-8") for path in folder.glob("README*.md"))
    yield from stray(
        folder,
        {*wanted, *tests, *catalogues, PREDICTIONS},
        named,
        "no part of an exercise, and README.md does not name it",
    )


def solution_files(exercise: Exercise, private: Path) -> Iterator[Complaint]:
    """Yield what is missing or too much in ``solutions/<name>/``."""
    folder = private / "solutions" / exercise.name
    if exercise.reference_folder:
        yield from missing(folder, exercise.files, f"{MANIFEST} asks for it, so the reference has it; write it")
        yield from stray(folder, exercise.files, "", f"'files' in {MANIFEST} does not name it")
    elif exercise.kind == "graded":
        yield Complaint(folder, f"there is no reference solution: write {', '.join(exercise.files)} there")


def hidden_files(exercise: Exercise, private: Path) -> Iterator[Complaint]:
    """Yield what is missing or too much in ``tests/hidden/<name>/``."""
    folder = private / "tests" / "hidden" / exercise.name
    tests = {path.name for path in folder.glob("test_*.py")}
    if not tests and not exercise.parity.hidden:
        yield Complaint(folder, "there are no hidden tests: write test_….py")
    catalogues = {catalogue_file(folder, language).name for language in LANGUAGES}
    named = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    yield from stray(folder, tests | catalogues | {EQUIVALENTS, PROVEN}, named, "no test, and no test names it")


def sample_folders(exercise: Exercise, private: Path) -> Iterator[Complaint]:
    """Yield what is wrong with the folders in ``tests/submissions/<name>/``."""
    folder = private / "tests" / "submissions" / exercise.name
    for path in entries(folder):
        if not path.is_dir():
            yield Complaint(path, "a stray file: each sample is a folder; move it")
        elif not (path / EXPECTED).is_file():
            yield Complaint(path, f"no sample, for it has no {EXPECTED}: write one, or remove the folder")
        else:
            yield from sample_files(load_sample(path / EXPECTED, exercise), exercise)


def sample_files(sample: Sample, exercise: Exercise) -> Iterator[Complaint]:
    """Yield what does not belong into the folder of a sample."""
    own = {path.name for path in entries(sample.folder)}
    for name in sorted(own & set(FEEDBACK.values())):
        if sample.kind not in JUDGED:
            yield Complaint(sample.folder / name, f"feedback is kept for {', '.join(JUDGED)} only; remove it")
    made = sample.recipe or sample.changes or str(sample.verdict) == "missing_file"
    if not own - {EXPECTED, RECIPE, *FEEDBACK.values()} and not made:
        yield Complaint(sample.folder, f"nothing is handed in: write {', '.join(exercise.files)}")
    for name in sorted({change.file for change in sample.changes}):
        if (sample.folder / name).exists():
            yield Complaint(sample.folder / name, "'changes' make this file; remove it, or them")


def missing(folder: Path, wanted: Iterable[str], remedy: str) -> Iterator[Complaint]:
    """Yield a complaint for each file that is not there, and for each directory without files."""
    for name in wanted:
        there = any(files_below(folder / name)) if is_directory(name) else (folder / name).is_file()
        if not there:
            yield Complaint(folder / name, f"missing; {remedy}")


def stray(folder: Path, known: Collection[str], named: str, reason: str) -> Iterator[Complaint]:
    """Yield a complaint for each file, at any depth, that is neither known, nor in a known directory, nor named in a text."""
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        if not listed(name, known) and path.name not in named:
            yield Complaint(path, f"a stray file: {reason}; remove it, or name it there")


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted, without what tools leave behind."""
    for path in entries(folder):
        if path.is_dir():
            yield from files_below(path)
        else:
            yield path


def entries(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted, without hidden files and what Python leaves behind."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.name[0] != "." and path.name != "__pycache__" and path.suffix != ".pyc"
    )
