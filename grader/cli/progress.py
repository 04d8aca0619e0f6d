"""``grader progress``: how far you are."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("progress")
@student_course_option
@lang_option
@reporting
def command(course_folder: Path | None, lang: str) -> None:
    """Show the points of your last checks by exercise and category, and what comes next."""
    from grader.student.overview import show
    from grader.student.place import place_at
    from grader.student.remembering import recalled
    from grader.student.speaking import Voice

    place = place_at(course_folder)
    voice = Voice(lang)
    show(place, recalled(place, voice), voice)
