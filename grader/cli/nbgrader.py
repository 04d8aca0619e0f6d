"""``grader nbgrader``: an nbgrader course made of exercises, and what it has in common with the store."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import FOLDER, Stopped, private_option, reporting
from grader.models import LANGUAGES
from grader.nbgrader.names import CONFIG, STYLES
from grader.printable import printable

if TYPE_CHECKING:
    from grader.nbgrader.making import Made

SUMMARIES = {
    "init": "Make an nbgrader course in COURSE_DIR: an assignment for each exercise, and nbgrader's configuration.",
}
"""The commands of the group; one that is not in this module is the function ``command`` of a module ``nbgrader_<name>``."""


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
@click.option(
    "--update", "bring_forward", is_flag=True, help="Bring a course forward; what is yours in it stays as it is."
)
@reporting
def init(course_dir: Path, exercises: tuple[str, ...], language: str | None, style: str | None,
         course_folder: Path | None, private: Path | None, bring_forward: bool) -> None:  # fmt: skip
    """Make an nbgrader course in COURSE_DIR: an assignment for each exercise, and nbgrader's configuration.

    Nothing of hidden tests and solutions is in it, which is looked for before anything is written; exit code 1: something
    would be. The same exercises give the same bytes.
    """
    from grader.nbgrader import making, names
    from grader.release.making import Tells

    names.require()
    wishes = making.Wishes(course_folder, private, exercises, language, style)
    try:
        made = (making.update if bring_forward else making.make)(course_dir, wishes)
    except KeyboardInterrupt:
        raise Stopped("stopped; --update finishes what was begun") from None
    except Tells as told:
        for line in told.complaints:
            click.echo(printable(line, 1000))
        click.echo(f"nothing was written: this would tell {len(told.complaints)} things of the private half", err=True)
        sys.exit(1)
    say(course_dir, made)


def say(folder: Path, made: Made) -> None:
    """Say what is there, what was done for it, and what comes next."""
    click.echo(f"{printable(str(folder))}: an nbgrader course with {len(made.assignments)} assignments")
    done = f"written {len(made.written)}, removed {len(made.removed)}"
    click.echo(f"  {done}" if made.written or made.removed else "  it was there already")
    for path in made.left:
        click.echo(f"  {printable(path)}: somebody changed it, and it stays; delete it to have ours")
    click.echo(
        f"next: say in {CONFIG} where the exchange is, then there: nbgrader generate_assignment {made.assignments[0]}"
    )
