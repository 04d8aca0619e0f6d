"""``grader feedback``: a page for each student."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.keeping import store_of
from grader.cli.options import (
    course_option,
    grading_option,
    lang_option,
    open_course,
    private_option,
    reporting,
    store_option,
)
from grader.cli.showing import inspection_of
from grader.course import Course
from grader.errors import EngineFault, UsageError
from grader.grades import Grade
from grader.output import safe_name, writable_folder, write_text
from grader.policy import Policy, read_policy
from grader.printable import printable
from grader.reports.inspection import Inspection
from grader.reports.pages import Entry, page
from grader.reports.told import told

if TYPE_CHECKING:
    from grader.store.store import Store


@click.command("feedback")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--student", "students", metavar="NAME", multiple=True, help="Only this student; may be repeated.")
@click.option(
    "--exercise", "exercise_names", metavar="NAME", multiple=True, help="Only this exercise; may be repeated."
)
@course_option
@private_option
@grading_option
@lang_option
@store_option
@reporting
def command(out: Path, students: tuple[str, ...], exercise_names: tuple[str, ...], course_folder: Path | None,
          private: Path | None, grading: Path | None, lang: str, store: str | None) -> None:  # fmt: skip
    """Write a page of feedback for each student to the folder OUT, about the attempt that counts.

    Each is in both languages; shown first is the one that the grading file names for the student, else that of --lang. It is
    searched for anything of the hidden tests first; one that would tell something is not written, and the exit code is 3.
    """
    course = open_course(course_folder, private)
    policy = read_policy(course, grading)
    chosen = [course.find(name).name for name in exercise_names] or list(course.exercises)
    inspection = inspection_of(course, private)
    withheld = count = 0
    with store_of(course, store, writing=False) as opened:
        from grader.store.gradebook import gradebook  # needs SQLAlchemy

        folder = writable_folder(out)
        for student, grades in groupby(gradebook(opened, policy, chosen, students), key=lambda grade: grade.student):
            try:
                html = page_for(student, grades, opened, course, inspection, policy, policy.language_of(student, lang))
            except EngineFault as error:
                click.echo(f"{printable(student)}: {error}", err=True)
                withheld += 1
                continue
            write_text(folder / f"{safe_name(student)}.html", html)
            count += 1
    if not count and not withheld:
        raise UsageError("there is nothing to write: the store knows no such student or exercise")
    click.echo(f"wrote {count} pages to {out}", err=True)
    sys.exit(3 if withheld else 0)


def page_for(
    student: str,
    grades: Iterable[Grade],
    store: Store,
    course: Course,
    inspection: Inspection,
    policy: Policy,
    language: str,
) -> str:
    """Return a student's page.

    Raises:
        EngineFault: it must not be shown.
    """
    entries = []
    for grade in grades:
        counts = grade.counts
        attempt = store.attempt(counts.attempt.number) if counts and counts.attempt else None
        if counts and attempt:
            complaint = inspection(attempt, store.submission(counts.work, grade.exercise, student))
            if complaint:
                raise EngineFault(complaint)
            attempt = told(attempt, policy.feedback_of(grade.exercise))
        entries.append(Entry(course.exercises[grade.exercise], grade, attempt))
    html = page(student, entries, language)
    inspection.report(html)
    return html
