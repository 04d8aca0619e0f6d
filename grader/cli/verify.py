"""``grader verify``: the course proves its own tests."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.cli.options import course_option, open_course, private_option, reporting
from grader.course import Course
from grader.errors import UsageError
from grader.models import Exercise, Verification
from grader.proving.mutants import changed_since, prove_mutants
from grader.proving.proven import is_proven, proof_hash, record_proof
from grader.proving.schedule import processors
from grader.proving.verify import Progress as Report
from grader.proving.verify import Wishes
from grader.proving.verify import verify as prove
from grader.reports import matrix
from grader.reports.proof import document, proof

STEP = 25
"""Gradings after which there is a line where nobody watches."""


@click.command("verify")
@click.argument("names", nargs=-1, metavar="[EXERCISE]...")
@course_option
@private_option
@click.option(
    "--record",
    is_flag=True,
    help="Rewrite what samples come to, and the feedback that is kept beside them; with --mutants, what was proven.",
)
@click.option("--update", is_flag=True, help="Rewrite the list of hidden tests in exercise.toml.")
@click.option("--attacks", is_flag=True, help="Grade the hostile samples too.")
@click.option(
    "--mutants", is_flag=True, help="Grade small changes of the references instead, and show what no test notices."
)
@click.option("--all", "every", is_flag=True, help="With --mutants: also exercises that have not changed since.")
@click.option(
    "--brief", is_flag=True, help="Leave a mutant when the first test has found it: no table, but much faster."
)
@click.option("--since", metavar="COMMIT", help="Only exercises that changed since then; all if the engine did.")
@click.option("--workers", type=click.IntRange(1, 64), help="Graders side by side (default: one for each processor).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@reporting
def command(names: tuple[str, ...], course_folder: Path | None, private: Path | None, record: bool, update: bool,
            attacks: bool, mutants: bool, every: bool, brief: bool, since: str | None, workers: int | None,
            as_json: bool) -> None:  # fmt: skip
    """Prove that exercises keep what they promise: all of the course, or those that are named.

    Trees, languages, points, references, starters and samples; each complaint says where, and what to do. Exit code 1:
    something is not proven. Where GRADER_CI is set, nothing may be skipped either.
    """
    course = open_course(course_folder, private)
    exercises = [course.find(name) for name in dict.fromkeys(names)] or list(course.exercises.values())
    if since:
        exercises = [exercise for exercise in changed_since(course, since) if exercise in exercises]
    if mutants:
        if update or attacks:
            raise UsageError("--mutants goes with neither --update nor --attacks")
        if not (names or since or every):
            exercises = [exercise for exercise in exercises if not unchanged(exercise)]
        wanted = Mutating(course, private, workers or processors(), record, brief, as_json)
        sys.exit(show_matrices(wanted, exercises))
    if every or brief:
        raise UsageError("--all and --brief go with --mutants; what else is proven is always proven in full")
    wishes = Wishes(attacks, record, update, workers or processors())
    with progress() as report:
        found = prove(course, private or course.folder, exercises, wishes, report)
    base = course.folder.absolute()
    if as_json:
        click.echo(json.dumps(document(found, base), ensure_ascii=False, indent=2).encode())
    else:
        Console().print(proof(found, base), soft_wrap=True)
    sys.exit(0 if proven(found) else 1)


@dataclass(frozen=True)
class Mutating:
    """How mutants are proven, and how it is shown."""

    course: Course
    private: Path | None
    workers: int
    record: bool
    brief: bool
    as_json: bool


def unchanged(exercise: Exercise) -> bool:
    """Tell whether the mutants of an exercise were proven as it is now, and say so."""
    if not is_proven(exercise):
        return False
    click.echo(f"{exercise.name}: nothing changed since its mutants were proven; --all proves them again", err=True)
    return True


def show_matrices(how: Mutating, exercises: list[Exercise]) -> int:
    """Grade the mutants of some exercises, show what came of it, and return the exit code."""
    matrices = []
    for exercise in exercises:
        if exercise.kind == "graded":
            digest = proof_hash(exercise)
            with progress(f"mutants of {exercise.short}") as report:
                made = prove_mutants(
                    how.course, exercise, how.private, workers=how.workers, progress=report, brief=how.brief
                )
                matrices.append(made)
            if not how.as_json:
                click.echo(matrix.render(matrices[-1]) + "\n")
            if how.record and not any(matrices[-1].complaints()):
                record_proof(exercise, digest)
    if how.as_json:
        click.echo(json.dumps([matrix.document(one) for one in matrices], ensure_ascii=False, indent=2).encode())
    return int(any(any(one.complaints()) for one in matrices))


def proven(found: list[Verification]) -> bool:
    """Tell whether there is nothing to complain of; where everything must be tried, nothing may be left out."""
    strict = bool(os.environ.get("GRADER_CI"))
    return not any(one.complaints or (strict and one.skipped) for one in found)


@contextmanager
def progress(what: str = "verifying") -> Iterator[Report]:
    """Show a bar on a terminal, or a line now and then elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if not console.is_terminal and (done % STEP == 0 or done == total):
                click.echo(f"{what}: {done} of {total}", err=True)

        yield report
