"""``grader nbgrader sync``: automatic scores into the gradebook, and what people said there into the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.keeping import REMEDY, has_database
from grader.cli.options import FOLDER, grading_option, reporting
from grader.course import Course
from grader.errors import UsageError
from grader.grading.run import alike
from grader.policy import read_policy
from grader.printable import printable
from grader.roster import read_roster

if TYPE_CHECKING:
    from grader.nbgrader.gradebook import Contents
    from grader.nbgrader.sync import Plan

NAMED = 5
"""Students that are named of those who have something in common."""


@click.command("sync")
@click.argument("course_dir", type=FOLDER)
@click.argument("exercises", metavar="[EXERCISE]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--roster", "roster_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The students of the class, as CSV: whoever is not in it is left out and named.",
)  # fmt: skip
@grading_option
@reporting
def command(
    course_dir: Path, exercises: tuple[str, ...], dry_run: bool, roster_file: Path | None, grading: Path | None
) -> None:
    """Bring the gradebook of the nbgrader course COURSE_DIR and the store of the grader together, all exercises or some.

    Automatic scores of the attempts that count go into the gradebook; what somebody gave by hand there stays. Points given by
    hand, extra credit and late penalties come out as decisions, as those of grader override, and comments as remarks. A
    decision of grader override is never replaced.
    """
    if not has_database():
        raise UsageError(f"a store needs SQLAlchemy, which is not installed; {REMEDY}")
    from grader.nbgrader.course import settings
    from grader.nbgrader.gradebook import place_of, read
    from grader.nbgrader.sync import Planner, apply
    from grader.store.store import open_store

    said = settings(course_dir)
    course = said.load()
    policy = read_policy(course, grading)
    known = {student.id for student in read_roster(roster_file).students} if roster_file else None
    chosen = {course.find(name).name for name in exercises} or set(course.exercises)
    place = place_of(course_dir)
    contents = read(place, chosen)
    say_assignments(contents, course, chosen if exercises else set())
    with open_store(said.store, writing=not dry_run, alone=False) as store:
        plan = Planner(contents, store, policy, said.language, known).plan()
        say_plan(plan, contents)
        if not dry_run:
            apply(plan.changes, place, store)
    say_result(plan, dry_run=dry_run)
    sys.exit(1 if plan.left_out else 0)


def say_assignments(contents: Contents, course: Course, wanted: set[str]) -> None:
    """Say which assignments of the gradebook are left alone.

    Raises:
        UsageError: one that was asked for is not in the gradebook.
    """
    if missing := sorted(wanted - set(contents.cells)):
        raise UsageError(
            f"the gradebook has no assignment {', '.join(missing)}; "
            f"nbgrader generate_assignment {missing[0]} makes it, in the course"
        )
    if others := sorted(contents.assignments - set(course.exercises)):
        click.echo(
            f"assignments that are no exercises of this course, left alone: {', '.join(map(printable, others))}",
            err=True,
        )


def say_plan(plan: Plan, contents: Contents) -> None:
    """Say every change, what is left out, and which students may be one."""
    for change in plan.changes:
        click.echo(f"{printable(change.student)}, {change.exercise}: {change}")
    for (exercise, reason), students in plan.left_out.items():
        more = f" and {len(students) - NAMED} more" if len(students) > NAMED else ""
        where = f", {exercise}" if exercise else ""
        click.echo(f"left out: {', '.join(map(printable, students[:NAMED]))}{more}{where}: {reason}", err=True)
    for names in alike([*contents.students, *(change.student for change in plan.changes)]):
        click.echo(f"these are different students: {', '.join(map(printable, names))}", err=True)


def say_result(plan: Plan, *, dry_run: bool) -> None:
    """Say how much was changed."""
    from grader.nbgrader.sync import Decision, Remark, Scores

    scores, decisions, remarks = (plan.of(kind) for kind in (Scores, Decision, Remark))
    left = sum(map(len, plan.left_out.values()))
    click.echo(
        f"{'would be changed' if dry_run else 'changed'}: scores of {scores} submissions in, {decisions} decisions and "
        f"{remarks} comments out; {left} left out", err=True,
    )  # fmt: skip
