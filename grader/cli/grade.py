"""``grader grade``: grades what was handed in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from grader.cli.classes import (
    class_at,
    from_option,
    hint_at_class,
    roster_option,
    say_all_late,
    say_unassigned,
    single_at,
    single_option,
)
from grader.cli.formats import Formats, format_options
from grader.cli.keeping import keeper_for
from grader.cli.options import (
    course_option,
    feedback_option,
    isolation_option,
    lang_option,
    open_course,
    private_option,
    reporting,
    store_option,
    walls_option,
    workers_option,
)
from grader.cli.showing import Verdicts, grade_with_progress, inspection_of, print_inspected, report_for, roomy
from grader.grading.grade import Grader
from grader.grading.pool import Pool, lanes_for
from grader.grading.run import InMemory, Job, Wanted, merged
from grader.models import Attempt, Isolation
from grader.output import safe_name, writable_folder, write_json
from grader.policy import Policy, read_policy
from grader.reports.document import document
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport
from grader.reports.told import told


@click.command("grade")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--exercise", "exercise_name", metavar="NAME", help="The exercise: its name or short id (a1).")
@single_option
@from_option
@roster_option
@course_option
@private_option
@isolation_option
@walls_option
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
@click.option("--audience", type=click.Choice(["student", "staff"]), default="student", show_default=True,
              help="Staff sees what the judge saw; students see constant texts of hidden tests.")  # fmt: skip
@feedback_option
@lang_option
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write one JSON document per attempt.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if a score is lower.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat the choices of an earlier attempt.")
@workers_option
@format_options
@store_option
@click.option(
    "--max-attempts",
    type=click.IntRange(1),
    metavar="N",
    help="Grade no more of one student and exercise; work that is one too many gets a sentence (default: any number).",
)
@click.option("--no-store", is_flag=True, help="Keep nothing, and grade again what was graded before.")
@reporting
def command(path: Path, exercise_name: str | None, single: bool, system: str | None, roster_file: Path | None,
          course_folder: Path | None, private: Path | None, min_isolation: str, walls_only: bool,
          form: str, audience: str, feedback: str | None, lang: str, out: Path | None, fail_under: float | None, seed: int | None,
          workers: int | None, store: str | None, formats: Formats, max_attempts: int | None,
          no_store: bool) -> None:  # fmt: skip
    """Grade PATH: a file, an archive (zip, tar.gz), a folder, or a tree submitted/<student>/<exercise>/.

    PATH may also be a folder with a folder or archive for each student, or what Canvas, Moodle or Gradescope give out for an
    assignment: unzipped, or the zip itself with --from.

    What the students of a class handed in is kept with its attempts in a store. A run that was killed goes on where it stopped,
    and what has not changed is not graded again.
    """
    with formats.quiet():
        course = open_course(course_folder, private, path)
        policy = read_policy(course)
        telling = telling_of(policy, feedback)
        wanted = course.find(exercise_name) if exercise_name else None
        handed_in = single_at(path, wanted) if single else class_at(path, course, wanted, system, roster_file)
        found = merged(handed_in.found)
        formats.check(len(found), form)
        folder = writable_folder(out) if out else None
        least, verdicts = Isolation[min_isolation.upper()], Verdicts(fail_under)
        with keeper_for(
            course, store, found, Wanted(least, seed), use=not no_store, most=max_attempts, lang=lang
        ) as keeper:
            kept, student = not isinstance(keeper, InMemory), audience == "student"
            if kept:
                say_all_late(found, policy)
            inspection = inspection_of(course, private) if student or kept or formats.any else None

            def done(attempt: Attempt) -> None:
                verdicts.add(attempt)
                if folder:
                    name = safe_name(attempt.student or "submission")
                    write_json(
                        folder / name / f"{attempt.exercise}.json",
                        document(telling(attempt) if student else attempt, lang, audience),
                    )

            pool: Pool[Job] = Pool(lambda: Grader(course, private or course.folder, least, seed, inspection, strict=walls_only),
                                   lanes_for(len(found), workers))  # fmt: skip
            grade_with_progress(pool, found, keeper, done)
            shown = map(telling, keeper.attempts()) if student else keeper.attempts()
            if form == "json":
                print_documents(shown, lang, audience)
            else:
                rows = shown if len(found) == 1 else map(row_of, shown)
                show(list(rows), report_for(course, lang), inspection if student else None)
            if len(found) == 1:
                hint_at_class(next(iter(keeper.attempts())))
            if inspection:
                formats.write(lambda: map(telling, keeper.attempts()), course, lang, inspection)
        unassigned = say_unassigned(handed_in)
    sys.exit(verdicts.exit_code or int(unassigned))


def telling_of(policy: Policy, feedback: str | None) -> Callable[[Attempt], Attempt]:
    """Return what makes of an attempt the one that students are told of."""
    return lambda attempt: told(attempt, feedback or policy.feedback_of(attempt.exercise))


def row_of(attempt: Attempt) -> Attempt:
    """Return of an attempt what a table of many shows; a class has to fit into memory."""
    return replace(attempt, results=(), output="")


def print_documents(attempts: Iterable[Attempt], lang: str, audience: str) -> None:
    """Print a JSON array of attempts, one after another, in UTF-8 whatever the console speaks (RFC 8259)."""
    for line in array_lines(json.dumps(document(a, lang, audience), ensure_ascii=False, indent=2) for a in attempts):
        click.echo(line.encode(), nl=False)


def array_lines(documents: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of an indented JSON array."""
    separator = "[\n"
    for text in documents:
        yield separator + "  " + text.replace("\n", "\n  ")
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


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
