"""``grader check``: the public tests of an exercise, on the student's own files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("check")
@click.argument("exercise_name", metavar="[EXERCISE]", required=False)
@click.option("--work", type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="Check the files in PATH, or an archive, instead of those in the exercise's folder.")  # fmt: skip
@student_course_option
@lang_option
@reporting
def command(exercise_name: str | None, work: Path | None, course_folder: Path | None, lang: str) -> None:
    """Run the public tests of EXERCISE on your files, and say what runs at grading besides.

    Without EXERCISE it is the next one in the order of the course whose public tests do not all pass yet. The warm-up has no
    points; it is checked when it is named. Exit code 1: a public test failed.
    """
    from grader.student.place import place_at

    place = place_at(course_folder)
    if exercise_name:
        exercise = place.find(exercise_name)
    else:
        from grader.student.order import next_exercise
        from grader.student.state import load_state

        exercise = next_exercise(place, load_state(place))
    from grader.student.checking import check, work_of

    attempt = check(place, exercise, work_of(exercise, work))
    from grader.catalogues import catalogue_of
    from grader.student.remembering import recalled, remember
    from grader.student.speaking import Voice
    from grader.student.verdicts import passed, shown

    voice = Voice(lang, catalogue_of(exercise))
    recalled(place, voice)
    voice.console.print(shown(attempt, exercise, voice))
    if work is None:
        remember(place, attempt, voice)
    sys.exit(int(not passed(attempt)))
