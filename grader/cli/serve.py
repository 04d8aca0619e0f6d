"""``grader serve``: a student's application behind a real server, for the browser."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from rich.text import Text as Words

from grader.cli.options import course_option, lang_option, open_course, reporting
from grader.student.reporting import Session
from grader.student.serving import Serving, check_server, folder_of, listen
from grader.student.speaking import Voice
from grader.testing.serve import SERVERS


@click.command("serve")
@click.argument("exercise_name", metavar="EXERCISE")
@click.option("--server", type=click.Choice(list(SERVERS)), default="wsgiref", show_default=True, help="Which server.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
    help="The port on this machine's loopback; 0 takes any that is free.",
)  # fmt: skip
@click.option(
    "--file", "work", type=click.Path(path_type=Path), metavar="FOLDER",
    help="The folder with the files (default: the exercise's own).",
)  # fmt: skip
@course_option
@lang_option
@reporting
def command(
    exercise_name: str, server: str, port: int, work: Path | None, course_folder: Path | None, lang: str
) -> None:
    """Run your app for the browser, on this machine only; print each request, and start again when you save a file.

    Ctrl-C ends it.
    """
    exercise = open_course(course_folder, None).find(exercise_name)
    check_server(server)
    folder = folder_of(exercise, work)
    voice = Voice(lang)
    texts = {
        "heading": voice.word("Your code could not be loaded"),
        "advice": voice.word("Mend it and save the file: this page tries again by itself."),
    }
    with listen(port) as listener, tempfile.TemporaryDirectory(prefix="serve-", ignore_cleanup_errors=True) as scratch:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        title = f"{exercise.short.upper()} · {exercise.title[voice.lang]}  "
        voice.console.print(Words.assemble((title, "bold"), (address, "cyan")), soft_wrap=True)
        voice.place(voice.word("{server} serves your app; a file that you save is taken over, and Ctrl-C ends it",
                               server=server))  # fmt: skip
        Session(Serving(exercise, folder, server, listener, scratch, texts), voice).run()
