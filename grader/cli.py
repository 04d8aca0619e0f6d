"""The command line: one function per command, each a few steps of what the other modules do.

Exit codes: 0 a verdict was reached for each submission, 1 a check failed (``--fail-under``, ``leaks``), 2 wrong usage,
3 a fault of ours.
"""

from __future__ import annotations

import io
import json
import platform
import sys
import traceback
from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text as Words

import grader as package
from grader.catalogues import Catalogue
from grader.course import Course, find_course, load_course
from grader.demo import build, choose, first_exercise
from grader.discovery import Found, find_submissions
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.language import preferred_language
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of, unmarked
from grader.models import LANGUAGES, Attempt, Isolation, Limits, Visibility
from grader.output import safe_name, writable_folder, write_json
from grader.printable import printable
from grader.reports.document import document
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport

ROOMY = 100
"""Columns from which on tables show the categories."""
FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
course_option = click.option(
    "--course", "course_folder", type=FOLDER, help="The course (default: the nearest one upward)."
)
private_option = click.option(
    "--private", type=FOLDER, help="Folder with tests/ and solutions/, if they are not in the course."
)
lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), default=preferred_language, help="Language of texts."
)


class WrongUsage(click.ClickException):
    """What was asked for cannot be done."""

    exit_code = 2


class OurFault(click.ClickException):
    """Something of ours broke."""

    exit_code = 3


class Stopped(click.ClickException):
    """Somebody pressed Ctrl-C."""

    exit_code = 130


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the project's own errors into a message and an exit code; one that nobody foresaw is a fault of ours too."""

    def command(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        try:
            return function(*args, **kwargs)
        except UsageError as error:
            raise WrongUsage(str(error)) from None
        except KeyboardInterrupt:
            raise Stopped("stopped; what was graded before is complete") from None
        except (BrokenPipeError, click.ClickException, click.Abort, click.exceptions.Exit):
            raise  # click knows these
        except EngineFault as error:
            raise OurFault(f"a fault of the grader, not of a submission: {error}") from None
        except OSError as error:
            raise OurFault(f"a fault of this machine, not of a submission: {error}") from None
        except Exception as error:  # noqa: BLE001 - the exit code of a traceback would mean a low score
            traceback.print_exc()
            raise OurFault(f"an error in the grader, not in a submission: {type(error).__name__}") from None

    return update_wrapper(command, function)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package.__version__, prog_name="grader")
def main() -> None:
    """Grade exercises about Python web applications, through a wall that submissions cannot see through."""


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--exercise", "exercise_name", metavar="NAME", help="The exercise: its name or short id (a1).")
@course_option
@private_option
@click.option("--min-isolation", type=click.Choice([str(level) for level in Isolation]), default="confined",
              show_default=True, help="Least isolation at which hidden tests are run.")  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
@click.option("--audience", type=click.Choice(["student", "staff"]), default="student", show_default=True,
              help="Staff sees what the judge saw; students see constant texts of hidden tests.")  # fmt: skip
@lang_option
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write one JSON document per attempt.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if a score is lower.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the choices of an earlier attempt.")
@reporting
def grade(path: Path, exercise_name: str | None, course_folder: Path | None, private: Path | None, min_isolation: str,
          form: str, audience: str, lang: str, out: Path | None, fail_under: float | None, seed: int | None) -> None:  # fmt: skip
    """Grade PATH: a file, an archive (zip, tar.gz), a folder, or a tree submitted/<student>/<exercise>/."""
    course = open_course(course_folder, private, path)
    found = find_submissions(path, course, course.find(exercise_name) if exercise_name else None)
    folder = writable_folder(out) if out else None
    inspection = inspection_of(course, private) if audience == "student" else None
    grader = Grader(course, private or course.folder, Isolation[min_isolation.upper()], seed, inspection)
    attempts: list[Attempt] = []

    def done(attempt: Attempt) -> None:
        attempts.append(attempt)
        if folder:
            name = safe_name(attempt.student or "submission")
            write_json(folder / name / f"{attempt.exercise}.json", document(attempt, lang, audience))

    grade_with_progress(grader, found, done)
    if form == "json":
        click.echo(
            json.dumps([document(attempt, lang, audience) for attempt in attempts], ensure_ascii=False, indent=2)
        )
    else:
        show(attempts, report_for(course, lang), inspection)
    sys.exit(exit_code(attempts, fail_under))


def open_course(folder: Path | None, private: Path | None, near: Path | None = None) -> Course:
    """Load the course that was named, or the nearest one above the working folder or above a path."""
    if folder is None:
        try:
            folder = find_course(Path.cwd())
        except UsageError:
            if near is None:
                raise
            folder = find_course(near)
    return load_course(folder, private)


def grade_with_progress(grader: Grader, found: list[Found], done: Callable[[Attempt], None]) -> None:
    """Grade with a bar on a terminal, or a line per submission elsewhere, if there is more than one."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=len(found) < 2 or not console.is_terminal) as bar:
        task = bar.add_task("grading", total=len(found))
        count = 0

        def step(attempt: Attempt) -> None:
            nonlocal count
            count += 1
            done(attempt)
            bar.advance(task)
            if len(found) > 1 and not console.is_terminal:
                click.echo(f"graded {count} of {len(found)}", err=True)

        grader.grade_all((item.read() for item in found), step)


def report_for(course: Course, language: str) -> TerminalReport:
    """Return a terminal report that knows the texts of every exercise."""
    folders = [folder for e in course.exercises.values() for folder in (e.folder, e.hidden_folder)]
    return TerminalReport(Catalogue(folders), language)


def inspection_of(course: Course, private: Path | None) -> Inspection:
    """Return the inspection that every attempt goes through before students see it."""
    guard = Guard(secrets_of(course.folder, private or course.folder))
    return Inspection(guard, lambda line: click.echo(line, err=True))


def show(attempts: list[Attempt], report: TerminalReport, inspection: Inspection | None) -> None:
    """Print one attempt in full, or the table of many."""
    console = Console()
    one = len(attempts) == 1
    parts = [report.one(attempts[0]) if one else report.table(attempts, categories=roomy(console))]
    if still := report.to_come(attempts):
        parts.append(still)
    levels = [attempt.isolation for attempt in attempts if not attempt.outcome.ours]
    if levels:
        parts.append(report.isolation(min(levels)))
    print_inspected(console, parts, inspection)


def print_inspected(console: Console, parts: list[RenderableType], inspection: Inspection | None) -> None:
    """Print a report, unless it tells something; it is looked through in lines that are long enough for anything."""
    if inspection:
        text = io.StringIO()
        page = Console(file=text, width=10_000)
        for part in parts:
            page.print(part)
        inspection.report(text.getvalue())
    for part in parts:
        console.print(part)


def roomy(console: Console) -> bool:
    """Tell whether a terminal is wide enough for the points of each category."""
    return console.width >= ROOMY


def exit_code(attempts: list[Attempt], fail_under: float | None) -> int:
    """Return 3 for a fault of ours, 1 for a score that is too low, else 0."""
    if any(attempt.score is None for attempt in attempts):
        return 3
    low = fail_under is not None and any(a.score is not None and a.score.percent < fail_under for a in attempts)
    return 1 if low else 0


@main.command()
@course_option
@lang_option
@reporting
def demo(course_folder: Path | None, lang: str) -> None:
    """Build a small class from the sample submissions, grade it, and show what comes out."""
    course = open_course(course_folder, None)
    exercise = first_exercise(course)
    home = writable_folder(course.folder / ".grader" / "demo")
    inspection = inspection_of(course, None)
    grader = Grader(course, course.folder, Isolation.NONE, inspect=inspection)
    try:
        proof = grader.worker(exercise).ready.proof
        enrolments = choose(course.folder, exercise, proof.level)
        build(home / "submitted", enrolments)
        attempts: list[Attempt] = []
        found = find_submissions(home / "submitted", course, None)
        grade_with_progress(grader, found, attempts.append)
    finally:
        grader.close()
    console = Console()
    report = report_for(course, lang)
    handed_in = {enrolment.student: enrolment.sample.name for enrolment in enrolments}
    parts: list[RenderableType] = [
        Words.assemble((exercise.title[lang], "bold"), f"  ({exercise.name})\n"),
        report.table(attempts, handed_in, categories=roomy(console)),
    ]
    if any(enrolment.sample.kind == "attack" for enrolment in enrolments):
        parts.append(Words(report.word("The last ones are hostile: each tries to get points that it has not earned.")))
    parts += [*example(course, attempts), Words(), report.isolation(proof.level)]
    parts += [Words(f"  {reason}") for reason in proof.against]
    parts.append(Words(report.word("The files: {folder}", folder=str(home / "submitted")), overflow="fold"))
    print_inspected(console, parts, inspection)
    sys.exit(exit_code(attempts, None))


def example(course: Course, attempts: list[Attempt]) -> list[RenderableType]:
    """Return the feedback of one hidden test in each language."""
    failures = [r for a in attempts if (a.score and a.score.percent > 50) for r in a.results if r.feedback]
    hidden = [result for result in failures if result.info.visibility is Visibility.HIDDEN]
    shown = [report_for(course, language).failure(result) for language in LANGUAGES for result in hidden[:1]]
    return [part for feedback in shown for part in (Words(), feedback)]


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@course_option
@private_option
@reporting
def leaks(paths: tuple[Path, ...], course_folder: Path | None, private: Path | None) -> None:
    """Search files, folders and archives for anything of hidden tests and solutions, before students get them.

    Finds leak markers and telling texts, also encoded or disguised. Exit code 1: something was found. It knows nothing of
    what git keeps compressed: search a checkout, or an archive of it.
    """
    course = open_course(course_folder, private)
    home = private or course.folder
    secrets = secrets_of(course.folder, home)
    if not any(secret.marker for secret in secrets):
        raise UsageError(f"{home}: no leak marker in tests/hidden/ or solutions/; say with --private where they are")
    for place in unmarked(home):
        click.echo(f"{place}: has no leak marker; only its longer texts are looked for", err=True)
    search = Search(Guard(secrets))
    search.paths(paths)
    for line in dict.fromkeys(map(str, search.leaks)):
        click.echo(printable(line, 1000))
    click.echo(f"searched {search.files} files for {len(secrets)} texts, found {len(search.leaks)}", err=True)
    for complaint in search.unread:
        click.echo(f"not searched: {printable(complaint, 1000)}", err=True)
    sys.exit(1 if search.leaks else 2 if search.unread else 0)


@main.command("list")
@course_option
@lang_option
@reporting
def list_command(course_folder: Path | None, lang: str) -> None:
    """List the exercises of the course."""
    course = open_course(course_folder, None)
    report = report_for(course, lang)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key in ("id", "name", "title", "files", "hidden points"):
        table.add_column(report.word(key))
    for exercise in course.exercises.values():
        hidden = sum(row.points for row in exercise.hidden)
        table.add_row(
            exercise.short, exercise.name, Words(exercise.title[lang]), Words(" ".join(exercise.files)), str(hidden)
        )
    Console().print(table)


@main.command()
@course_option
@reporting
def doctor(course_folder: Path | None) -> None:
    """Find out by probes how well submissions are walled in on this machine, and what to do for more."""
    from grader.sandbox.isolation import enter

    try:
        folder = open_course(course_folder, None).folder
        secrets = [folder / "tests", folder / "solutions"]
    except UsageError:
        secrets = []
    box, proof = enter(Limits(), secrets)
    box.stop()
    console = Console()
    console.print(Words.assemble("isolation level: ", (str(proof.level), "bold green" if proof.level else "bold red")))
    for mechanism in proof.mechanisms:
        console.print(Words(f"  proven with {mechanism}"))
    for reason in proof.against:
        console.print(Words(f"  stands against more: {reason}"))
    if proof.level is Isolation.NONE:
        console.print(Words("At this level only public tests are run, unless --min-isolation none says otherwise."))
    console.print(
        Words(
            f"Python {platform.python_version()} on {platform.system()} {platform.release()}, grader {package.__version__}"
        )
    )
