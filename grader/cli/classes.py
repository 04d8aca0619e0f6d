"""What commands that grade say of a class: options, who handed in nothing, and what could not be given to anybody."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from grader.archives import is_archive
from grader.bulk.classes import SYSTEMS, Class, find_class
from grader.course import Course
from grader.discovery import Found
from grader.errors import UsageError
from grader.handed_in import handed_in
from grader.models import Attempt, Exercise, Outcome
from grader.policy import Policy
from grader.printable import printable
from grader.roster import read_roster

LISTED = 100
"""Lines about what could not be given to anybody."""
NAMED = 30
"""Students that handed in nothing and are named."""

from_option = click.option(
    "--from", "system", type=click.Choice(SYSTEMS),
    help="PATH is what a class handed in, and who named it so (default: recognised, but for an archive).",
)  # fmt: skip
roster_option = click.option(
    "--roster", "roster_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The students of the class, CSV: maps names and numbers of platforms to ids.",
)  # fmt: skip
single_option = click.option(
    "--single", is_flag=True,
    help="PATH is the work of one student for --exercise, whatever it looks like: for what nobody has seen before.",
)  # fmt: skip


def single_at(path: Path, wanted: Exercise | None) -> Class:
    """Take a path for what one student handed in.

    Raises:
        UsageError: it is not said for which exercise.
    """
    if wanted is None:
        raise UsageError("--single needs --exercise, for nothing is recognised then")
    return Class([Found(path, wanted, None)])


def class_at(
    path: Path, course: Course, wanted: Exercise | None, system: str | None, roster_file: Path | None
) -> Class:
    """Find what a class handed in, and say on standard error what should be known before it is graded."""
    roster = read_roster(roster_file) if roster_file else None
    found = find_class(path, course, wanted, system, roster)
    if found.system:
        students = len({one.student for one in found.found})
        named = (
            "folders and archives of students"
            if found.system == "students"
            else f"named by {found.system.capitalize()}"
        )
        click.echo(f"{printable(str(path))}: {students} students, {named}", err=True)
    for note in found.notes:
        click.echo(printable(note, 1000), err=True)
    for exercise, absent in (found.absent or {}).items():
        shown = ", ".join(map(str, absent[:NAMED])) + (
            f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        )
        if absent:
            click.echo(
                f"{exercise} not handed in by {len(absent)} of {len(roster.students if roster else ())}: {shown}",
                err=True,
            )
    return found


def say_all_late(found: Iterable[Found], policy: Policy) -> None:
    """Say on standard error if all students are late for an exercise: their files may have the times of a copy or download.

    It is said before anything is kept, for the first time that is seen of some work is the one that counts.
    """
    groups: dict[str, list[tuple[str, Found]]] = {}
    for one in found:
        if one.student is not None:
            groups.setdefault(one.exercise.name, []).append((one.student, one))
    for exercise, group in groups.items():
        rules = ((policy.rule(student, exercise), one) for student, one in group)
        if len(group) > 1 and all(rule.late.days_late(handed_in(one)[0], rule.deadline) for rule, one in rules):
            click.echo(
                f"{exercise}: all {len(group)} came after the deadline by the times of their files, which may be those of a copy "
                "or a download; then stop this, set them (touch -d) and start again: what is kept already keeps its time",
                err=True,
            )  # fmt: skip


def say_unassigned(found: Class) -> bool:
    """Say on standard error what was not graded because nobody knows whose it is, and whether there is any."""
    for one in found.unassigned[:LISTED]:
        click.echo(f"not graded: {one}", err=True)
    if len(found.unassigned) > LISTED:
        click.echo(f"not graded: {len(found.unassigned) - LISTED} more", err=True)
    return bool(found.unassigned)


def hint_at_class(attempt: Attempt) -> None:
    """Say how the download of a class is graded, if an archive was taken for one submission and has nothing to grade."""
    empty = attempt.outcome in (Outcome.MISSING_FILE, Outcome.BAD_SUBMISSION)
    if empty and is_archive(attempt.path):
        click.echo(
            f"{printable(attempt.path)} was graded as the work of one student; if it is that of a class, name it and say "
            "--from canvas, moodle, gradescope or students", err=True,
        )  # fmt: skip
