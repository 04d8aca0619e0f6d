"""Compares the scores that `nbgrader autograde` stores with those of the engine, cell by cell, for every sample.

``python -m tests.grader.nbgrader_identity`` prints the table for all exercises and both styles; with names of exercises for
those alone. Each submission is graded twice: by nbgrader's command with the configuration that we generate, and by the engine
as it grades without nbgrader. Exit code 1: something differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from grader.course import load_course
from grader.grading.grade import Grader
from grader.grading.pool import Pool, cores
from grader.models import Attempt, Exercise, Isolation, Submission
from grader.nbgrader.names import STYLES, points_cell
from grader.samples import Sample, load_samples, materialize
from grader.submissions import read_submission
from tests.grader.nbgrader_class import Class, Done, Stored

ROOT = Path(__file__).parents[2]
ROW = "{:26} {:6} {:>8} {:>8} {:>6} {:>8} {:>7} {:>9}"
BASES = ("reference", "starter")


@dataclass
class Compared:
    """What became of the submissions of one exercise in one style.

    ``kinds`` counts submissions by kind, ``cells`` the cells that were compared, ``partial`` the scores between nothing and all.
    ``differences`` says what is not the same, ``left_out`` what cannot be handed in so.
    """

    exercise: str
    style: str
    kinds: dict[str, int] = field(default_factory=dict)
    cells: int = 0
    partial: int = 0
    differences: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def hand_in(
    course: Class, exercise: Exercise, style: str, samples: Iterable[Sample]
) -> tuple[dict[str, tuple[str, Submission]], list[str]]:
    """Hand in reference, starter and samples; return the kind and the submission of each, and what cannot be handed in."""
    handed: dict[str, tuple[str, Submission]] = {}
    left_out: list[str] = []
    for name, kind, make in works(exercise, samples):
        if style == "files":
            place = course.place(name, exercise)
            place.mkdir(parents=True)
            handed[name] = kind, read_submission(make(place), exercise, name)
            course.add_notebook(place, exercise)
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            text = module_of(read_submission(make(Path(scratch)), exercise), exercise)
        if text is None:
            left_out.append(name)
        else:
            course.write_in_cell(name, exercise, text)
            handed[name] = kind, Submission(exercise.name, name, name, {exercise.files[0]: text.encode()})
    return handed, left_out


def works(exercise: Exercise, samples: Iterable[Sample]) -> Iterator[tuple[str, str, Callable[[Path], Path]]]:
    """Yield name and kind of each submission, and what writes it into a folder and returns what is handed in."""
    assert exercise.reference_folder
    for name, folder in zip(BASES, (exercise.reference_folder, exercise.folder), strict=True):
        files = read_submission(folder, exercise).files
        yield name, name, partial(write, files)
    for sample in samples:
        yield sample.name, sample.kind, partial(materialize, sample)


def write(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write files into a folder."""
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return folder


def module_of(submission: Submission, exercise: Exercise) -> str | None:
    """Return the module of a submission as a cell can hold it, if one can."""
    content = submission.files.get(exercise.files[0], b"\0")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if submission.problem or "\0" in text or "\r" in text or not text.endswith("\n") else text


def engine(submissions: Iterable[Submission]) -> dict[str, Attempt]:
    """Grade submissions without nbgrader."""
    course = load_course(ROOT)
    with Pool[str](lambda: Grader(course, ROOT, Isolation.FULL), cores()) as pool:
        return dict(pool.grade((one.student or "", one) for one in submissions))


def compare(folder: Path, exercise: Exercise, style: str, samples: Iterable[Sample]) -> tuple[Compared, Class, Done]:
    """Make a course with one exercise, have everything handed in and graded twice; say what differs."""
    course = Class.made(folder / "course", ROOT, style, (exercise,), folder / "store.db")
    handed, left_out = hand_in(course, exercise, style, samples)
    done = course.nbgrader("autograde", exercise.name)
    stored = course.stored(exercise)
    attempts = engine(submission for _, submission in handed.values())
    found = Compared(exercise.name, style, left_out=left_out)
    for name, (kind, _) in handed.items():
        found.kinds[kind] = found.kinds.get(kind, 0) + 1
        found.cells += len(stored.get(name, {}))
        attempt = attempts[name]
        found.partial += bool(attempt.score and 0 < attempt.score.earned < attempt.score.possible)
        found.differences += [f"{name}: {line}" for line in differences(attempt, stored.get(name, {}))]
    found.differences += [f"{name}: {done.said[-300:]}" for name in done.failed()]
    return found, course, done


def differences(attempt: Attempt, stored: dict[str, Stored]) -> list[str]:
    """Return in which cells a gradebook holds something else than an attempt earned."""
    wanted = {
        points_cell(name): Stored(float(score.earned), None, float(score.possible), needs=False, penalty=None)
        for name, score in attempt.categories.items() if score.possible
    }  # fmt: skip
    cells = sorted(wanted.keys() | stored.keys())
    return [
        f"{cell}: the engine says {wanted.get(cell)}, the gradebook {stored.get(cell)}"
        for cell in cells if wanted.get(cell) != stored.get(cell)
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.grader.nbgrader_identity", description=__doc__)
    parser.add_argument("exercises", nargs="*", help="names or short ids (default: all that have points)")
    parser.add_argument("--style", choices=STYLES, action="append", help="default: both")
    parser.add_argument("--samples", help="only samples whose name holds this text")
    options = parser.parse_args(arguments)
    course = load_course(ROOT)
    every = [one for one in course.exercises.values() if one.kind == "graded"]
    failed = False
    click.echo(ROW.format("exercise", "style", "compared", "attacks", "cells", "partial", "differ", "left out"))
    for exercise in [course.find(name) for name in options.exercises] or every:
        alone = exercise.files == (f"{exercise.module}.py",)
        samples = [one for one in load_samples(ROOT, exercise) if (options.samples or "") in one.name and not one.needs]
        for style in options.style or STYLES:
            if style == "cells" and not alone:
                continue
            with tempfile.TemporaryDirectory(prefix="nbgrader-identity-", ignore_cleanup_errors=True) as folder:
                found, _, _ = compare(Path(folder), exercise, style, samples)
            failed |= bool(found.differences)
            click.echo(ROW.format(
                found.exercise, style, sum(found.kinds.values()), found.kinds.get("attack", 0), found.cells, found.partial,
                len(found.differences), len(found.left_out),
            ))  # fmt: skip
            for line in found.differences:
                click.echo(f"    {line}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
