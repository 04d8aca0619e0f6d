"""``grader nbgrader``: an nbgrader course made of exercises, and what it has in common with the store."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from grader.cli.options import FOLDER, private_option, reporting
from grader.course import find_course
from grader.models import LANGUAGES
from grader.printable import printable

SUMMARIES = {
    "init": "Make an nbgrader course in COURSE_DIR: an assignment for each exercise, and nbgrader's configuration.",
}
"""The commands of the group; one that is not in this module is the function ``command`` of a module ``nbgrader_<name>``."""
STYLES = ("files", "cells")


class Commands(click.Group):
    """Reads the module of a command when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of the commands."""
        return sorted(SUMMARIES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return a command, None if there is none of this name."""
        if name not in SUMMARIES:
            return None
        if name == "init":
            return init
        found: click.Command = importlib.import_module(f"grader.cli.nbgrader_{name}").command
        return found


@click.group("nbgrader", cls=Commands)
def command() -> None:
    """Use nbgrader as the front end: courses for it, and grades to and fro."""


@click.command("init")
@click.argument("course_dir", type=click.Path(path_type=Path))
@click.option("--exercise", "exercises", multiple=True, metavar="NAME",
              help="Only this exercise; may be given several times.")  # fmt: skip
@click.option(
    "--lang", "language", type=click.Choice(LANGUAGES), help="Language of notebooks and feedback (default: en)."
)
@click.option("--style", type=click.Choice(STYLES),
              help="Students edit files beside the notebook (default), or write the only file in a cell.")  # fmt: skip
@click.option("--course", "course_folder", type=FOLDER, help="The course (default: the nearest one upward).")
@private_option
@reporting
def init(course_dir: Path, exercises: tuple[str, ...], language: str | None, style: str | None,
         course_folder: Path | None, private: Path | None) -> None:  # fmt: skip
    """Make an nbgrader course in COURSE_DIR: an assignment for each exercise, and nbgrader's configuration.

    Nothing of hidden tests and solutions is in it, which is looked for before anything is written. The same exercises give
    the same bytes.
    """
    from grader.nbgrader import making, names

    names.require()
    wishes = making.Wishes(course_folder or find_course(Path.cwd()), private, exercises, language, style)
    made = making.make(course_dir, wishes)
    click.echo(f"{printable(str(course_dir))}: {len(made.assignments)} assignments, {len(made.written)} files written")
