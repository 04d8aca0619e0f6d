"""``grader start``: begins an exercise with what an earlier one left."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("start")
@click.argument("exercise_name", metavar="EXERCISE")
@click.option("--from-reference", "reference", is_flag=True,
              help="Bring the course's reference of the earlier exercise, if it was given out, not your own file.")  # fmt: skip
@click.option("--force", is_flag=True, help="Bring it even over what you have written already; a backup is kept.")
@student_course_option
@lang_option
@reporting
def command(exercise_name: str, reference: bool, force: bool, course_folder: Path | None, lang: str) -> None:
    """Begin EXERCISE: bring along your own file of the exercise that it builds on.

    Work of yours is never written over, unless you say --force, and then a backup is kept.
    """
    from grader.student.place import place_at
    from grader.student.speaking import Voice
    from grader.student.starting import begin
    from grader.student.telling import tell_beginning, tell_way

    place = place_at(course_folder)
    exercise = place.find(exercise_name)
    begun = begin(place, exercise, reference=reference, force=force)
    voice = Voice(lang)
    tell_beginning(begun, place, exercise, voice)
    tell_way(exercise, voice)
