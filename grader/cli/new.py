"""``grader new``: an exercise to begin with."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from grader.cli.options import course_option, open_course, private_option, reporting
from grader.cli.verify import progress
from grader.course import Course, find_course
from grader.proving.scaffold import KINDS, MARK, new_exercise
from grader.proving.verify import Wishes, verify
from grader.reports.proof import proof


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="What it is about.")
@click.option("--title-en", metavar="TEXT", help="Its title in English.")
@click.option("--title-zh", metavar="TEXT", help="Its title in Simplified Chinese.")
@course_option
@private_option
@reporting
def command(name: str, kind: str, title_en: str | None, title_zh: str | None,
            course_folder: Path | None, private: Path | None) -> None:  # fmt: skip
    """Make a small exercise that runs, in every tree; its author replaces what is marked.

    NAME is a short id and a slug, as in a6_sessions. What is left to do is shown as 'grader verify' shows it.
    """
    titles = {language: title for language, title in (("en", title_en), ("zh-CN", title_zh)) if title is not None}
    folder = course_folder or find_course(Path.cwd())
    for place in new_exercise(folder, name, private=private, kind=kind, titles=titles).values():
        click.echo(f"made {place}")
    show_what_is_left(open_course(folder, private), name, private)


def show_what_is_left(course: Course, name: str, private: Path | None) -> None:
    """Keep what the authors of its samples read, and say what stands against the new exercise."""
    with progress() as report:
        found = verify(course, private or course.folder, [course.find(name)], Wishes(record=True), report)
    marked = [one for one in found if one.exercise]
    Console().print(proof(marked, course.folder.absolute()), soft_wrap=True)
    click.echo(f"write what is marked {MARK}, then run 'grader verify {course.find(name).short}'")
