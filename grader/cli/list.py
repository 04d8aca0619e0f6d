"""``grader list``: the exercises of a course."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.cli.options import course_option, lang_option, open_course, reporting


@click.command("list")
@course_option
@lang_option
@reporting
def command(course_folder: Path | None, lang: str) -> None:
    """List the exercises of the course."""
    course = open_course(course_folder, None)
    catalogue = Catalogue()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key in ("id", "name", "title", "files", "hidden points"):
        table.add_column(catalogue.word(key, lang))
    for exercise in course.exercises.values():
        hidden = sum(row.points for row in exercise.hidden)
        table.add_row(
            exercise.short, exercise.name, Words(exercise.title[lang]), Words(" ".join(exercise.files)), str(hidden)
        )
    Console().print(table)
