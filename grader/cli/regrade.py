"""``grader regrade``: what a change of the tests is worth to whom, before it counts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from grader.cli.keeping import store_of
from grader.cli.options import (
    course_option,
    grading_option,
    isolation_option,
    open_course,
    private_option,
    reporting,
    store_option,
    workers_option,
)
from grader.cli.showing import Verdicts, inspection_of, progress
from grader.grading.grade import Grader
from grader.grading.pool import Pool, lanes_for
from grader.grading.run import Wanted
from grader.models import Attempt, Isolation
from grader.policy import read_policy
from grader.printable import printable

if TYPE_CHECKING:
    from grader.grading.regrade import Regrading

LISTED = 10
"""Work that could not be graded and is named."""


@click.command("regrade")
@click.option(
    "--exercise", "exercise_names", metavar="NAME", multiple=True, help="Only this exercise; may be repeated."
)
@click.option("--apply", is_flag=True, help="Let the new attempts count.")
@click.option(
    "--incomplete", is_flag=True, help="Apply even if some work could not be graded: its grades stay as they are."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
@course_option
@private_option
@isolation_option
@grading_option
@workers_option
@store_option
@reporting
def command(exercise_names: tuple[str, ...], apply: bool, incomplete: bool, form: str, course_folder: Path | None,
          private: Path | None, min_isolation: str, grading: Path | None, workers: int | None,
          store: str | None) -> None:  # fmt: skip
    """Grade again what was judged by other tests or another engine, and show who gains and who loses which points.

    No grade changes before --apply. A regrading that was stopped goes on where it stopped; decisions made by hand stay.
    """
    course = open_course(course_folder, private)
    policy = read_policy(course, grading)
    chosen = [course.find(name) for name in exercise_names]
    with store_of(course, store, writing=True) as opened:
        from grader.grading.regrade import Job, Regrading  # needs SQLAlchemy
        from grader.reports.changes import data, summary, table

        known = {exercise for _, exercise in opened.pairs()}
        for name in sorted(known - set(course.exercises)):
            click.echo(f"{printable(name)}: no such exercise is in this course; its grades stay as they are", err=True)
        exercises = {one.name for one in chosen or course.exercises.values()} & known
        least, verdicts = Isolation[min_isolation.upper()], Verdicts()
        regrading = Regrading(course, opened, policy, Wanted(least), frozenset(exercises))
        count, faults = len(regrading.outdated()), dict[str, str]()
        inspection = inspection_of(course, private)
        pool: Pool[Job] = Pool(lambda: Grader(course, private or course.folder, least, None, inspection),
                               lanes_for(count, workers))  # fmt: skip
        with pool, progress(count) as step:

            def done(attempt: Attempt) -> None:
                verdicts.add(attempt)
                if attempt.score is None:
                    faults[f"{attempt.student}, {attempt.exercise}"] = attempt.detail.get("message", "")
                step()

            regrading.go(pool, done)
        changes = list(regrading.changes())
        if form == "json":
            click.echo(json.dumps([data(change) for change in changes], ensure_ascii=False, indent=2).encode())
        elif changes:
            Console().print(table(changes))
        click.echo(f"regraded {count - len(faults)}: {summary(changes)}", err=True)
        tell(faults)
        decide(regrading, apply=apply, hindered=bool(faults) and not incomplete, changed=bool(changes))
    sys.exit(verdicts.exit_code)


def tell(faults: Mapping[str, str]) -> None:
    """Name those whose work could not be graded, with the reason of each."""
    for who, reason in list(faults.items())[:LISTED]:
        click.echo(f"not graded, by a fault of ours: {printable(who)}: {printable(reason, 400)}", err=True)
    if faults:
        click.echo(f"{len(faults)} could not be graded, and their grades stay; the next run tries again", err=True)


def decide(regrading: Regrading, *, apply: bool, hindered: bool, changed: bool) -> None:
    """Let the new attempts count if that was asked for and nothing hinders it, and say which it was."""
    if apply and hindered:
        click.echo(
            "not applied, for then some would be judged by other tests than others; --incomplete does it", err=True
        )
    elif apply:
        regrading.apply()
        click.echo("applied: the new attempts count", err=True)
    elif changed:
        click.echo("nothing has changed yet; --apply lets the new attempts count", err=True)
