"""``grader reset``: an exercise as it was handed out."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("reset")
@click.argument("exercise_name", metavar="EXERCISE")
@student_course_option
@lang_option
@reporting
def command(exercise_name: str, course_folder: Path | None, lang: str) -> None:
    """Put the starter of EXERCISE back in place; your own files go to a backup."""
    from grader.student.place import place_at
    from grader.student.resetting import reset
    from grader.student.speaking import Voice
    from grader.student.telling import tell_reset

    place = place_at(course_folder)
    exercise = place.find(exercise_name)
    backup = reset(place, exercise)
    tell_reset(backup, place, exercise, Voice(lang))
