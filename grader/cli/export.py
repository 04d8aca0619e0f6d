"""``grader export``: the grades of a class for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.keeping import store_of
from grader.cli.options import course_option, grading_option, open_course, reporting, store_option
from grader.output import write_text
from grader.policy import read_policy

FORMS = ("csv", "canvas", "moodle", "json")


@click.command("export")
@click.argument("out", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="csv", show_default=True,
    help="csv: a row for each grade, for spreadsheets; canvas, moodle: what these import.",
)  # fmt: skip
@click.option(
    "--exercise", "exercise_names", metavar="NAME", multiple=True, help="Only this exercise; may be repeated."
)
@course_option
@grading_option
@store_option
@reporting
def command(out: Path | None, form: str, exercise_names: tuple[str, ...], course_folder: Path | None,
          grading: Path | None, store: str | None) -> None:  # fmt: skip
    """Write the grades to OUT, or to standard output.

    No cell is a formula, and a grade that nobody knows yet is an empty cell.
    """
    course = open_course(course_folder, None)
    policy = read_policy(course, grading)
    chosen = [course.find(name).name for name in exercise_names]
    with store_of(course, store, writing=False) as opened:
        from grader.reports.gradebook import FORMS as WRITERS
        from grader.store.gradebook import gradebook  # needs SQLAlchemy

        known = sorted({exercise for _, exercise in opened.pairs()})
        titles = {
            name: f"{course.exercises[name].short} {course.exercises[name].title['en']}"
            if name in course.exercises
            else name
            for name in known
            if not chosen or name in chosen
        }
        text = WRITERS[form](gradebook(opened, policy, chosen), titles)
    if out is None:
        click.echo(text.encode(), nl=False)
    else:
        write_text(out, text)
