"""``grader trace``: one request, seen at its five layers."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.cli.options import course_option, lang_option, open_course, reporting
from grader.errors import EngineFault, Misuse
from grader.printable import printable
from grader.student.layers import Telling
from grader.student.onion import MADE
from grader.student.request import typed
from grader.student.showing import rendered
from grader.student.speaking import console, speakable
from grader.student.tracing import trace


@click.command("trace")
@click.argument("exercise_name", metavar="EXERCISE")
@click.argument("method", default="GET")
@click.argument("path", default="/")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header; may be given again.")
@click.option("--data", metavar="TEXT", help="The body, as a form sends it: a=1&b=2.")
@click.option(
    "--file", "work", type=click.Path(path_type=Path), metavar="PATH",
    help="The folder, file or archive to run (default: the exercise's own folder).",
)  # fmt: skip
@click.option(
    "--inside", type=click.Choice(sorted(MADE)), default="plain", show_default=True,
    help="The application that a middleware is put around.",
)  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Show every key of the environ.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write a page with the drawn sequence diagram too.",
)  # fmt: skip
@course_option
@lang_option
@reporting
def command(
    exercise_name: str, method: str, path: str, headers: tuple[str, ...], data: str | None, work: Path | None, inside: str,
    everything: bool, html: Path | None, course_folder: Path | None, lang: str,
) -> None:  # fmt: skip
    """Show one request at its five layers: socket bytes in, environ, start_response, chunks and close, socket bytes out.

    As in: grader trace a3 GET "/search?q=1". Your code runs in a process of its own. The exit code is 0 whatever it does.
    """
    if method.startswith("/") and path == "/":
        method, path = "GET", method
    exercise = open_course(course_folder, None).find(exercise_name)
    request = typed(method, path, headers, data)
    traced = trace(exercise, work, request, inside)
    terminal = console()
    for part in rendered(Telling(traced, Catalogue(), speakable(lang), everything=everything)):
        terminal.print(part)
    if html is not None:
        from grader.output import write_text
        from grader.student.diagram import page

        try:
            write_text(html, page(Telling(traced, Catalogue(), lang, everything=everything)))
        except EngineFault:
            raise Misuse("{path} cannot be written; choose another place for the page", path=html) from None
        said = Catalogue().word("The drawn page: {path}", speakable(lang), path=printable(str(html), 1000))
        terminal.print(Words(f"\n{said}"), soft_wrap=True)
