"""What commands that grade have in common: progress, inspected reports, and the exit code."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.catalogues import Catalogue
from grader.course import Course
from grader.discovery import Found
from grader.grading.grade import Grader
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Attempt
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport

ROOMY = 100
"""Columns from which on tables show the categories."""


def grade_with_progress(grader: Grader, found: list[Found], done: Callable[[Attempt], None]) -> None:
    """Grade with a bar on a terminal, or a line per submission elsewhere, if there is more than one."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=len(found) < 2 or not console.is_terminal) as bar:
        task = bar.add_task("grading", total=len(found))
        count = 0

        def step(attempt: Attempt) -> None:
            nonlocal count
            count += 1
            done(attempt)
            bar.advance(task)
            if len(found) > 1 and not console.is_terminal:
                click.echo(f"graded {count} of {len(found)}", err=True)

        grader.grade_all((item.read() for item in found), step)


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


def exit_code(attempts: list[Attempt], fail_under: float | None) -> int:
    """Return 3 for a fault of ours, 1 for a score that is too low, else 0; a diagnostic has nothing that could be too low."""
    if any(attempt.score is None for attempt in attempts):
        return 3
    scores = [attempt.score for attempt in attempts if attempt.score and attempt.score.possible]
    return 1 if fail_under is not None and any(score.percent < fail_under for score in scores) else 0
