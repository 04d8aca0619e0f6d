"""``grader override``: points that somebody gives by hand."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from grader.cli.keeping import store_of
from grader.cli.options import course_option, open_course, reporting, store_option
from grader.course import nearest
from grader.errors import UsageError

MOST = 10_000


@click.command("override")
@click.argument("student")
@click.argument("exercise")
@click.argument("points", required=False)
@click.option("--reason", metavar="TEXT", help="Why; the student reads it.")
@click.option("--withdraw", is_flag=True, help="Let the attempts count again.")
@click.option("--absent", is_flag=True, help="The student has handed in nothing at all.")
@course_option
@store_option
@reporting
def command(student: str, exercise: str, points: str | None, reason: str | None, withdraw: bool, absent: bool,
          course_folder: Path | None, store: str | None) -> None:  # fmt: skip
    """Give STUDENT so many POINTS for EXERCISE by hand, whatever the attempts say.

    Later attempts and regradings leave this as it is, until it is withdrawn. All decisions are kept; the last one counts.
    """
    course = open_course(course_folder, None)
    name = course.find(exercise).name
    if withdraw == (points is not None):
        raise UsageError("say how many POINTS, or --withdraw")
    if not (reason or "").strip():
        raise UsageError("say why with --reason TEXT")
    value = None if points is None else points_from(points)
    with store_of(course, store, writing=True, alone=False) as opened:
        known = {one for one, _ in opened.pairs()}
        if student not in known and not absent:
            raise UsageError(
                f"the store knows no student {student!r}{nearest(student, known)}; --absent says that this is right"
            )
        if withdraw and opened.override(student, name) is None:
            raise UsageError(f"there is nothing to withdraw for {student!r} and {name}")
        opened.decide(student, name, value, reason or "")
    click.echo(
        f"{student}, {name}: " + ("withdrawn" if value is None else f"{value} points, whatever the attempts say")
    )


def points_from(text: str) -> Decimal:
    """Return points.

    Raises:
        UsageError: this is no number that they can be.
    """
    try:
        value = Decimal(text)
        if value.is_finite() and 0 <= value <= MOST and value == value.quantize(Decimal("0.01")):
            return value
    except InvalidOperation:
        pass
    raise UsageError(f"POINTS must be a number from 0 to {MOST} with at most two decimals, not {text!r}")
