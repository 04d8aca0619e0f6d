"""``grader release``: a repository to hand out, and its private half for those who grade."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.options import FOLDER, Stopped, course_option, open_course, reporting
from grader.errors import UsageError
from grader.models import LANGUAGES
from grader.printable import printable
from grader.release.contents import BOTH, Wishes
from grader.release.making import Made, Tells, make
from grader.release.writing import ASIDE


@click.command("release")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--exercise", "exercises", multiple=True, metavar="NAME",
              help="Only this exercise, and what it needs; may be given several times.")  # fmt: skip
@click.option("--with-reference", "references", multiple=True, metavar="NAME",
              help="Hand out the reference solution of this exercise too.")  # fmt: skip
@click.option(
    "--lang", "language", type=click.Choice([*LANGUAGES, BOTH]), help="Language of the README (default: both)."
)
@click.option("--update", is_flag=True, help="Bring a release forward; the work of students stays as it is.")
@click.option("--private", "staff", is_flag=True, help="Release the private half instead, for those who grade.")
@course_option
@click.option("--private-from", type=FOLDER, help="Folder with tests/ and solutions/, if they are not in the course.")
@reporting
def command(out: Path, exercises: tuple[str, ...], references: tuple[str, ...], language: str | None, update: bool,
            staff: bool, course_folder: Path | None, private_from: Path | None) -> None:  # fmt: skip
    """Make a repository for students in the folder OUT: the exercises, the grader, and a page about the first day.

    It holds nothing of the hidden tests and of the solutions, which is looked for before anything is written; exit code 1: it
    would have. The same course gives the same bytes. Stopped in the middle, it is finished by the same command.
    """
    if staff and (references or language):
        raise UsageError("--with-reference and --lang are for students; the private half holds every reference")
    course = open_course(course_folder, private_from)
    wishes = Wishes(exercises, references, language or "")
    try:
        made = make(course, out, wishes, private=private_from, staff=staff, update=update)
    except KeyboardInterrupt:
        raise Stopped("stopped; the same command finishes what was begun") from None
    except Tells as told:
        for line in told.complaints:
            click.echo(printable(line, 1000))
        click.echo(f"nothing was written: this would tell {len(told.complaints)} things of the private half", err=True)
        sys.exit(1)
    say(out, made)


def say(out: Path, made: Made) -> None:
    """Say what is there, what was done for it, and what comes next."""
    record, done = made.record, made.done
    what = "private half" if record.kind == "private" else "repository for students"
    click.echo(f"{out}: {what}, version {record.version}: {len(record.exercises)} exercises, "
               f"{len(record.files) + 1} files, {made.size} bytes")  # fmt: skip
    click.echo(
        f"  written {len(done.write)}, removed {len(done.remove)}" if not done.none else "  it was there already"
    )
    for path in done.aside:
        click.echo(f"  {printable(path)}: somebody changed it; the new one is in its place, the other in {ASIDE}/")
    for path in done.left:
        click.echo(f"  {printable(path)}: no part of the release any more; it stays, for somebody changed it")
    for name in done.kept:
        click.echo(f"  {name}: has a new starter, but there is work of the student's; 'grader reset' would fetch it")
    if record.kind == "private":
        click.echo(
            f"keep it where only those who grade can read it; in a student's repository: grader grade --private {out}"
        )
    elif made.proven:
        click.echo("looked for hidden tests and solutions in it, and found nothing")
        click.echo("hand it out as a git repository or as an archive of the folder; students begin with its README.md")
    else:
        click.echo(
            "not looked for hidden tests and solutions: there are none here; say with --private-from where they are"
        )
