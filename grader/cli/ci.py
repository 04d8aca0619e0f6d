"""``grader ci``: what the workflows of a host call, step by step."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from grader.cli.formats import add_to
from grader.cli.options import (
    FOLDER,
    course_option,
    feedback_option,
    isolation_option,
    lang_option,
    open_course,
    private_option,
    reporting,
)
from grader.errors import UsageError
from grader.output import writable_folder, write_bytes
from grader.printable import printable

TEMPLATES = Path(__file__).parents[1] / "hosts" / "templates"
event_option = click.option(
    "--event", type=click.Path(dir_okay=False, path_type=Path), envvar="GITHUB_EVENT_PATH", show_envvar=True, required=True,
    metavar="FILE", help="The payload of the event.",
)  # fmt: skip


def on_gitlab() -> bool:
    """Tell whether this is a job of GitLab's."""
    return bool(os.environ.get("GITLAB_CI"))


def token() -> str:
    """Return the token that this step was given."""
    return os.environ.get("GITLAB_TOKEN" if on_gitlab() else "GITHUB_TOKEN", "")


@click.group("ci")
def command() -> None:
    """Grade on GitHub or GitLab: take what a pull or merge request hands in, grade it, and post what came of it.

    grader/hosts/README.md says who can see and change what.
    """


@command.command("template")
@click.argument("name", type=click.Choice(sorted(path.stem for path in TEMPLATES.glob("*.yml"))))
def template(name: str) -> None:
    """Print a workflow that a repository begins with."""
    click.echo((TEMPLATES / f"{name}.yml").read_bytes(), nl=False)


@command.command("fetch")
@click.argument("out", type=click.Path(path_type=Path))
@event_option
@course_option
@click.option("--reports", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the note goes.")
@click.option("--runs-a-day", type=click.IntRange(1), metavar="N", help="Grade no more of one author in 24 hours.")
@reporting
def fetch(out: Path, event: Path, course_folder: Path | None, reports: Path, runs_a_day: int | None) -> None:
    """Fetch what a pull request hands in to OUT/submitted/<login>/<exercise>/, as data; with the token in GITHUB_TOKEN.

    The output ``paths`` of the step gets the folders, a line each; it is empty if nothing is to be graded.
    """
    from grader.hosts.handing_over import Note, write_note

    if on_gitlab():
        from grader.hosts.gitlab import api, read_event
        from grader.hosts.gitlab import fetch as fetched_by
    else:
        from grader.hosts.github import api
        from grader.hosts.github import fetch as fetched_by
        from grader.hosts.pull_requests import read_event

    request = read_event(event)
    course = open_course(course_folder, None)
    home = writable_folder(out)
    if any(home.iterdir()):
        raise UsageError(f"{out}: not empty; name a new folder")
    fetched = fetched_by(api(token()), request, course, runs_a_day)
    paths = []
    for exercise, files in fetched.files.items():
        folder = writable_folder(home / fetched.request.folder / exercise)
        for name, data in files.items():
            write_bytes(folder / name, data)
        paths.append(str(folder))
    write_note(writable_folder(reports), Note(tuple(fetched.files), fetched.problems))
    if not on_gitlab():
        add_to("GITHUB_OUTPUT", "".join(f"{line}\n" for line in ("paths<<GRADER_PATHS", *paths, "GRADER_PATHS")))
    say(fetched.files, fetched.problems)


def say(files: Mapping[str, Mapping[str, bytes]], problems: object) -> None:
    """Say what was fetched; why nothing is graded is told where the student looks for it, and not in a log."""
    for exercise, found in files.items():
        click.echo(f"{exercise}: {len(found)} files, {sum(map(len, found.values()))} bytes")
    if problems:
        click.echo("nothing of this pull request is graded; its check says why")
    elif not files:
        click.echo("this pull request hands in nothing")


@command.command("grade")
@click.argument("paths", nargs=-1)
@click.option("--begun", is_flag=True, help="Grade every exercise of the course that was begun, where it is worked on.")
@course_option
@private_option
@isolation_option
@feedback_option
@lang_option
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 if a score is lower.")
@click.option("--reports", type=click.Path(path_type=Path), metavar="DIR", help="Write documents and pages there.")
@reporting
def grade(paths: tuple[str, ...], begun: bool, course_folder: Path | None, private: Path | None, min_isolation: str,
          feedback: str | None, lang: str, fail_under: float | None, reports: Path | None) -> None:  # fmt: skip
    """Grade PATHS, each a folder named like its exercise, or a text of such lines; nothing else of the environment is passed on.

    With --private hidden tests are run, and it is made sure that they are those of the course.
    """
    from grader.hosts import gitlab, running

    course = open_course(course_folder, private)
    found = [Path(line) for path in paths for line in path.splitlines() if line]
    if begun:
        found += running.begun(course)
    if not found:
        click.echo("there is nothing to grade")
    options = ["--min-isolation", min_isolation, "--lang", lang, *([] if on_gitlab() else ["--github"])]
    options += ["--feedback", feedback] if feedback else []
    options += ["--fail-under", str(fail_under)] if fail_under is not None else []
    kind = gitlab.GitLabGrading if on_gitlab() else running.Grading
    grading = kind(
        course, private, tuple(options), reports,
        lambda text: click.echo(text, nl=False), lambda line: click.echo(line, err=True),
    )  # fmt: skip
    sys.exit(grading.all(found))


@command.command("post")
@click.argument("reports", type=FOLDER)
@event_option
@lang_option
@reporting
def post(reports: Path, event: Path, lang: str) -> None:
    """Post what is in the folder REPORTS as a check and a comment of the pull request, with the token in GITHUB_TOKEN.

    On GitLab, where GITLAB_CI is set: as a note of the merge request, with the token in GITLAB_TOKEN.
    """
    if on_gitlab():
        from grader.hosts.gitlab import api, read_event
        from grader.hosts.gitlab import post as posted_by
    else:
        from grader.hosts.github import api
        from grader.hosts.posting import post as posted_by
        from grader.hosts.pull_requests import read_event

    told = posted_by(api(token()), read_event(event), reports, lang)
    click.echo(f"{told.conclusion}: {printable(told.title)}")
