"""``grader watch``: what is saved is checked at once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from grader.cli import SUMMARIES
from grader.cli.options import lang_option, reporting, student_course_option


@click.command("watch")
@click.argument("exercise_name", metavar="[EXERCISE]", required=False)
@student_course_option
@lang_option
@reporting
def command(exercise_name: str | None, course_folder: Path | None, lang: str) -> None:
    """Check an exercise whenever you save a file of it, until you press q.

    It begins with EXERCISE, or with the next one whose public tests do not all pass yet; when you save a file of another
    exercise, it goes on with that. Keys: h hint, n next exercise, l list, t trace of a request, q quit.
    """
    from grader.student.order import next_exercise
    from grader.student.place import place_at
    from grader.student.state import load_state
    from grader.student.watching import Watch

    place = place_at(course_folder)
    exercise = place.find(exercise_name) if exercise_name else next_exercise(place, load_state(place))
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the terminal is put back as it was
    trace = [sys.executable, "-m", "grader", "trace"] if "trace" in SUMMARIES else None
    watch = Watch(place, exercise, lang, trace)
    try:
        watch.run()
    except KeyboardInterrupt:
        click.echo()
    watch.voice.say(watch.voice.word("stopped watching; grader progress shows what was checked"))
