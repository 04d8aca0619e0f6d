"""``grader demo``: the newcomer's first minute."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console, RenderableType
from rich.text import Text as Words

from grader.cli.options import course_option, lang_option, open_course, reporting
from grader.cli.showing import Verdicts, grade_with_progress, inspection_of, print_inspected, report_for, roomy
from grader.course import Course
from grader.demo import build, choose, first_exercise
from grader.discovery import find_submissions
from grader.grading.grade import Grader
from grader.grading.pool import Pool
from grader.grading.run import InMemory
from grader.models import LANGUAGES, Attempt, Isolation, Visibility
from grader.output import writable_folder


@click.command("demo")
@course_option
@lang_option
@reporting
def command(course_folder: Path | None, lang: str) -> None:
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
        verdicts, keeper = Verdicts(), InMemory()
        found = find_submissions(home / "submitted", course, None)
        grade_with_progress(Pool(lambda: grader, 1), found, keeper, verdicts.add)
    finally:
        grader.close()
    attempts = list(keeper.attempts())
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
    sys.exit(verdicts.exit_code)


def example(course: Course, attempts: list[Attempt]) -> list[RenderableType]:
    """Return the feedback of one hidden test in each language."""
    failures = [r for a in attempts if (a.score and a.score.percent > 50) for r in a.results if r.feedback]
    hidden = [result for result in failures if result.info.visibility is Visibility.HIDDEN]
    shown = [report_for(course, language).failure(result) for language in LANGUAGES for result in hidden[:1]]
    return [part for feedback in shown for part in (Words(), feedback)]
