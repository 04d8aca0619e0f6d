"""``grader gradescope``: an autograder for Gradescope."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.options import (
    FOLDER,
    course_option,
    feedback_option,
    lang_option,
    open_course,
    reporting,
)
from grader.output import write_bytes


@click.group("gradescope")
def command() -> None:
    """Build an autograder for Gradescope, with the hidden tests of one exercise."""


@command.command("build")
@click.argument("exercise_name", metavar="EXERCISE")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default="autograder.zip", show_default=True,
              metavar="FILE", help="Where the zip goes.")  # fmt: skip
@course_option
@click.option("--private-from", type=FOLDER, help="Folder with tests/ and solutions/, if they are not in the course.")
@feedback_option
@lang_option
@click.option("--max-attempts", type=click.IntRange(1), metavar="N",
              help="Grade no more of one student; what is handed in later keeps the last score.")  # fmt: skip
@reporting
def build(exercise_name: str, out: Path, course_folder: Path | None, private_from: Path | None,
          feedback: str | None, lang: str, max_attempts: int | None) -> None:  # fmt: skip
    """Build the zip that Gradescope's page "Configure Autograder" asks for. Only staff may have it: the hidden tests are in it.

    The same course gives the same bytes.
    """
    from grader.hosts.gradescope import Settings
    from grader.hosts.gradescope import build as built
    from grader.policy import read_policy
    from grader.release.making import refuse_place

    course = open_course(course_folder, private_from)
    exercise = course.find(exercise_name)
    refuse_place(course, out, "private")
    told = feedback or read_policy(course).feedback_of(exercise.name)
    settings = Settings(exercise.name, lang, told, max_attempts or 0)
    data = built(course, private_from or course.folder, settings)
    write_bytes(out, data)
    click.echo(f"{out}: autograder of {exercise.name}, {len(data)} bytes; only staff may have it")


@command.command("run")
@click.argument("home", type=FOLDER)
@reporting
def run(home: Path) -> None:
    """Grade the submission in Gradescope's layout HOME, as the zip's run_autograder asks for."""
    from grader.hosts.gradescope import run as ran

    sys.exit(ran(home, lambda line: click.echo(line, err=True)))
