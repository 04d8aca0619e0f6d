"""Which store a command means, and where the attempts of a run go."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.catalogues import Catalogue
from grader.course import Course
from grader.discovery import Found
from grader.errors import UsageError
from grader.grading.allowance import Limited
from grader.grading.run import InMemory, InStore, Keeper, Wanted, alike
from grader.printable import printable

if TYPE_CHECKING:
    from grader.store.store import Store

DEFAULT = Path(".grader") / "grades.db"
REMEDY = "pip install 'web-framework-course[class]'"
LISTED = 5


def store_of(course: Course, store: str | None, *, writing: bool, alone: bool = True) -> Store:
    """Open the store that is meant.

    Raises:
        UsageError: it cannot be used, or SQLAlchemy is not installed.
    """
    if not has_database():
        raise UsageError(f"a store needs SQLAlchemy, which is not installed; {REMEDY}")
    from grader.store.store import open_store  # takes its time, which only those spend who need it

    return open_store(store or str(course.folder / DEFAULT), writing=writing, alone=alone)


def has_database() -> bool:
    """Tell whether SQLAlchemy is installed."""
    return importlib.util.find_spec("sqlalchemy") is not None


@contextlib.contextmanager
def keeper_for(course: Course, store: str | None, found: list[Found], wanted: Wanted, *, use: bool,
               most: int | None = None, lang: str = "en") -> Iterator[Keeper]:  # fmt: skip
    """Yield where attempts go: into the store, if there are students whose they are, else into memory alone.

    With ``most`` no more attempts of a student are graded, and it is said in a language whose were too many.
    """
    named = click.get_current_context().get_parameter_source("store") is click.core.ParameterSource.COMMANDLINE
    students = [one.student for one in found if one.student is not None]
    if named and not students:
        raise UsageError(
            "--store keeps the attempts of students, and nothing here says whose work it is; grade their tree"
        )
    if most and not (students and use and has_database()):
        raise UsageError(
            "--max-attempts counts the attempts of students in a store, and here nothing is kept; grade their tree, "
            f"without --no-store, with SQLAlchemy ({REMEDY})"
        )
    if not students or not use:
        yield InMemory()
        return
    if not has_database() and store is None:
        click.echo(
            f"nothing is kept, so the next run grades all of this again: SQLAlchemy is not installed; {REMEDY}",
            err=True,
        )
        yield InMemory()
        return
    for names in alike(students):
        click.echo(f"these are graded as different students: {', '.join(map(printable, names))}", err=True)
    with store_of(course, store, writing=True) as opened:
        say_if_clock_went_back(opened)
        run = opened.begin_run()
        limited = Limited(opened, run, found, wanted, most=most) if most else None
        keeper = limited or InStore(opened, run, found, wanted)
        yield keeper
        say_counts(keeper)
        if limited:
            say_refused(limited, lang)


def say_refused(keeper: Limited, lang: str) -> None:
    """Say whose attempts are used up."""
    catalogue = Catalogue()
    for one in keeper.refused:
        said = catalogue.word(
            "{student}: all {most} attempts at {exercise} are used up; this work is not graded, and the last attempt stands",
            lang, student=printable(one.student or ""), most=keeper.most, exercise=one.exercise.name,
        )  # fmt: skip
        click.echo(said, err=True)


def say_if_clock_went_back(store: Store) -> None:
    """Say that the clock cannot be right; the order of what was handed in is that of its arrival."""
    from datetime import UTC, datetime, timedelta

    latest = store.latest()
    if latest and latest > datetime.now(UTC) + timedelta(minutes=1):
        click.echo(
            f"the clock of this machine is behind what {store.name} saw at {latest:%Y-%m-%d %H:%M} UTC; set it right. "
            "Work keeps the order in which it came", err=True,
        )  # fmt: skip


def say_counts(keeper: InStore) -> None:
    """Say what became of work that was known, and of times that cannot be."""
    counts, total = keeper.counts, len(keeper.found)
    if counts["unchanged"]:
        click.echo(f"{counts['unchanged']} of {total} had not changed since they were graded", err=True)
    if counts["otherwise"]:
        click.echo(
            f"{counts['otherwise']} of {total} were graded before in another way, with other tests perhaps, and now again; "
            "grader regrade shows first who gains and who loses", err=True,
        )  # fmt: skip
    if counts["future"]:
        click.echo(
            f"{counts['future']} of {total} have files with times in the future; they count as handed in now", err=True
        )
