"""``grader grade``: grades what was handed in."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from grader.cli.classes import class_at, from_option, hint_at_class, roster_option, say_unassigned
from grader.cli.options import course_option, lang_option, open_course, private_option, reporting
from grader.cli.showing import exit_code, grade_with_progress, inspection_of, print_inspected, report_for, roomy
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation
from grader.output import safe_name, writable_folder, write_json
from grader.reports.document import document
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport


@click.command("grade")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--exercise", "exercise_name", metavar="NAME", help="The exercise: its name or short id (a1).")
@from_option
@roster_option
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
def command(path: Path, exercise_name: str | None, system: str | None, roster_file: Path | None,
          course_folder: Path | None, private: Path | None, min_isolation: str, form: str, audience: str, lang: str,
          out: Path | None, fail_under: float | None, seed: int | None) -> None:  # fmt: skip
    """Grade PATH: a file, an archive (zip, tar.gz), a folder, or a tree submitted/<student>/<exercise>/.

    PATH may also be a folder with a folder or archive for each student, or what Canvas, Moodle or Gradescope give out for an
    assignment: unzipped, or the zip itself with --from.
    """
    course = open_course(course_folder, private, path)
    handed_in = class_at(path, course, course.find(exercise_name) if exercise_name else None, system, roster_file)
    found = handed_in.found
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
    if len(attempts) == 1:
        hint_at_class(attempts[0])
    unassigned = say_unassigned(handed_in)
    sys.exit(exit_code(attempts, fail_under) or int(unassigned))


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
