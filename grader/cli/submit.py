"""``grader submit``: one archive to hand in."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from grader.cli.options import lang_option, reporting, student_course_option


@click.command("submit")
@click.argument("exercise_name", metavar="[EXERCISE]", required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where the archive goes (default: handed_in/ in the course's folder).")  # fmt: skip
@click.option(
    "--time", "when", metavar="TIME", help="The time in the manifest, as in 2026-03-01T18:00+08:00 (default: now)."
)
@click.option("--force", is_flag=True, help="Pack it even if it is still the starter.")
@student_course_option
@lang_option
@reporting
def command(exercise_name: str | None, out: Path | None, when: str | None, force: bool, course_folder: Path | None,
            lang: str) -> None:  # fmt: skip
    """Pack what EXERCISE asks for into one archive, with a manifest, to be handed in as it is.

    Without EXERCISE it is the one that was checked last. Exit code 1: it is still the starter, and nothing was packed.
    """
    from grader.errors import Misuse
    from grader.student.handing_in import hand_in, work
    from grader.student.place import place_at
    from grader.student.remembering import recalled
    from grader.student.speaking import Voice
    from grader.student.submitted import last_checked, tell, tell_unchanged

    place = place_at(course_folder)
    voice = Voice(lang)
    state = recalled(place, voice)
    exercise = place.find(exercise_name) if exercise_name else last_checked(place, state)
    try:
        time = datetime.fromisoformat(when) if when else datetime.now(UTC)
    except ValueError:
        raise Misuse("--time {time} is no time; write it as 2026-03-01T18:00+08:00", time=when) from None
    time = time if time.tzinfo else time.astimezone()
    found = work(exercise)
    if found.unchanged and not force:
        tell_unchanged(exercise, voice)
        sys.exit(1)
    path = hand_in(place, exercise, found.files, time, out)
    tell(path, exercise, found, state.of(exercise.name), place, voice)
