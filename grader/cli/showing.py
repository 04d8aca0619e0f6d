"""What commands that grade have in common: progress, inspected reports, and the exit code."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.course import Course
from grader.discovery import Found
from grader.grading.pool import Pool
from grader.grading.run import Job, Keeper, grade_class
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Attempt
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport

PAUSE = 1.0
"""Seconds between lines of progress where there is no terminal."""
ROOMY = 100
"""Columns from which on tables show the categories."""


def grade_with_progress(pool: Pool[Job], found: list[Found], keeper: Keeper, done: Callable[[Attempt], None]) -> None:
    """Grade with a bar on a terminal, or with lines elsewhere, if there is more than one submission; ends the pool."""
    with pool, progress(len(found)) as step:

        def one(attempt: Attempt) -> None:
            done(attempt)
            step()

        grade_class(found, pool, keeper, one)


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Show how far a run is, how fast, and how long it will take; yield what is called for each submission."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    began, said, count = time.monotonic(), 0.0, 0
    with Progress(*columns, console=console, transient=True, disable=total < 2 or not console.is_terminal) as bar:
        task = bar.add_task("grading", total=total)

        def step() -> None:
            nonlocal said, count
            count += 1
            bar.advance(task)
            now = time.monotonic()
            if total > 1 and not console.is_terminal and (count in (1, total) or now - said >= PAUSE):
                said = now
                click.echo(f"graded {count} of {total}{pace(count, total, now - began)}", err=True)

        yield step


def pace(count: int, total: int, seconds: float) -> str:
    """Say how fast a run is and how long it will take, as soon as that can be known."""
    if count in (1, total) or not seconds:
        return ""
    rate = count / seconds
    return f", {rate:.1f} a second, {timedelta(seconds=round((total - count) / rate))} left"


class Rate(ProgressColumn):
    """How many submissions are graded in a second."""

    def render(self, task: Task) -> Words:
        """Return the rate, as soon as it can be known."""
        return Words(f"{task.speed:.1f}/s" if task.speed else "", "cyan")


def report_for(course: Course, language: str) -> TerminalReport:
    """Return a terminal report that knows the texts of every exercise."""
    folders = [folder for e in course.exercises.values() for folder in (e.folder, e.hidden_folder)]
    return TerminalReport(Catalogue(folders), language)


def inspection_of(course: Course, private: Path | None) -> Inspection:
    """Return the inspection that every attempt goes through before students see it."""
    guard = Guard(secrets_of(course.folder, private or course.folder))
    return Inspection(guard, lambda line: click.echo(line, err=True))


def print_inspected(console: Console, parts: list[RenderableType], inspection: Inspection | None) -> None:
    """Print a report, unless it tells something; it is looked through in lines that are long enough for anything."""
    if inspection:
        text = io.StringIO()
        page = Console(file=text, width=10_000)
        for part in parts:
            page.print(part)
        inspection.report(text.getvalue())
    for part in parts:
        console.print(part)


def roomy(console: Console) -> bool:
    """Tell whether a terminal is wide enough for the points of each category."""
    return console.width >= ROOMY


class Verdicts:
    """What the exit code of a run needs to know of all its attempts."""

    def __init__(self, fail_under: float | None = None) -> None:
        self.fail_under = fail_under
        self.ours = self.low = False

    def add(self, attempt: Attempt) -> None:
        """Look at one attempt; a diagnostic has nothing that could be too low."""
        score = attempt.score
        self.ours |= score is None
        if self.fail_under is not None and score and score.possible:
            self.low |= score.percent < self.fail_under

    @property
    def exit_code(self) -> int:
        """3 for a fault of ours, 1 for a score that is too low, else 0."""
        return 3 if self.ours else int(self.low)
