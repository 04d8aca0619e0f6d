"""``grader hint``: one more hint, as far as there are any."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("hint")
@click.argument("exercise_name", metavar="EXERCISE")
@click.option("--because", metavar="TEXT", help="The sentence that the third hint asks for, where nobody can be asked.")
@click.option("--again", is_flag=True, help="Show the hints that you have taken, and no other.")
@student_course_option
@lang_option
@reporting
def command(exercise_name: str, because: str | None, again: bool, course_folder: Path | None, lang: str) -> None:
    """Show one more hint for EXERCISE: a question, then the principle, then a skeleton with gaps.

    Hints cost nothing. The third one asks you for a sentence first: it is kept for yourself, and not graded.
    """
    from grader.student.hinting import again as show_again
    from grader.student.hinting import give
    from grader.student.place import place_at
    from grader.student.speaking import Voice

    place = place_at(course_folder)
    exercise = place.find(exercise_name)
    voice = Voice(lang)
    if again:
        show_again(place, exercise, voice)
    else:
        give(place, exercise, voice, because, asking=sys.stdin is not None and sys.stdin.isatty())
