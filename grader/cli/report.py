"""``grader report``: a page about a class, for staff."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from grader.cli.keeping import DEFAULT, store_of
from grader.cli.options import (
    course_option,
    grading_option,
    lang_option,
    open_course,
    private_option,
    reporting,
    store_option,
)
from grader.errors import UsageError
from grader.output import write_text
from grader.policy import read_policy


@click.command("report")
@click.argument("class_store", metavar="[CLASS]", required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", default=Path("class.html"),
              show_default=True, help="Where the page goes.")  # fmt: skip
@click.option("--anonymous", is_flag=True, help="Numbers for students, which are others each time, in place of names.")
@click.option(
    "--exercise", "exercise_names", metavar="NAME", multiple=True, help="Only this exercise; may be repeated."
)
@course_option
@private_option
@grading_option
@lang_option
@store_option
@reporting
def command(class_store: str | None, out: Path, anonymous: bool, exercise_names: tuple[str, ...], course_folder: Path | None,
          private: Path | None, grading: Path | None, lang: str, store: str | None) -> None:  # fmt: skip
    """Write a page about CLASS: scores, how hard each test is, who fails alike, who is stuck, and progress.

    CLASS is where its attempts are kept, as for --store, or the folder of its course. The page is for staff: it names hidden
    tests and sample submissions. It needs matplotlib.
    """
    course = open_course(course_folder, private)
    policy = read_policy(course, grading)
    chosen = [course.find(name).name for name in exercise_names] or list(course.exercises)
    with store_of(course, meant(class_store, store), writing=False) as opened:
        from grader.reports.class_page import Names, page, pseudonyms
        from grader.reports.classroom import gather  # need SQLAlchemy and matplotlib
        from grader.reports.plots import need_plots

        need_plots()
        parts, students = gather(opened, course, policy, chosen, private or course.folder)
        if not parts:
            raise UsageError("there is nothing to report: the store knows nothing of these exercises")
        names = pseudonyms(students, secrets.token_bytes(32)) if anonymous else Names()
        write_text(out, page(parts, names, lang))
    click.echo(f"wrote {out}: {len(students)} students, {len(parts)} exercises", err=True)


def meant(class_store: str | None, store: str | None) -> str | None:
    """Return which store is meant.

    Raises:
        UsageError: two are named.
    """
    if class_store is None:
        return store
    named = click.get_current_context().get_parameter_source("store") is click.core.ParameterSource.COMMANDLINE
    if named:
        raise UsageError("CLASS and --store both say where attempts are kept; name it once")
    folder = Path(class_store)
    return str(folder / DEFAULT) if folder.is_dir() else class_store
