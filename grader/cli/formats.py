"""Reports of ``grader grade`` for other programs: files, and what GitHub Actions reads."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from grader.course import Course
from grader.errors import EngineFault, UsageError
from grader.models import Attempt
from grader.output import whole, writable_folder
from grader.reports.checkout import Checkout
from grader.reports.github import ROOM, assigned, outputs, summary, workflow_commands
from grader.reports.gitlab import gitlab
from grader.reports.gradescope import gradescope
from grader.reports.inspection import Inspection
from grader.reports.junit import junit
from grader.reports.markdown import markdown
from grader.reports.sarif import sarif

Attempts = Callable[[], Iterable[Attempt]]
"""Gives all attempts, from the first on, as often as it is called."""
Writer = Callable[[Iterable[Attempt], str, Checkout], Iterable[str]]

WRITERS: Mapping[str, tuple[Writer, str]] = {
    "junit": (lambda attempts, lang, _: junit(attempts, lang), "JUnit XML, with the points as properties."),
    "gitlab": (gitlab, "a Code Quality report of GitLab."),
    "sarif": (sarif, "SARIF 2.1.0, for code scanning and editors."),
    "markdown": (lambda attempts, lang, _: markdown(attempts, lang), "Markdown, for a comment or a wiki."),
}
"""Formats of any number of attempts by the name of the option, with what it says of the file."""
CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub and GitLab say that the repository is."""


@dataclass(frozen=True)
class Formats:
    """What is to be written besides: a file for each format, by its name, and whether GitHub Actions reads along."""

    files: Mapping[str, Path]
    github: bool
    token: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return self.github or bool(self.files)

    def check(self, found: int, form: str) -> None:
        """Find out before anything is graded what could not be written.

        Raises:
            UsageError: something could not.
        """
        if "gradescope" in self.files and found != 1:
            raise UsageError(
                f"--gradescope writes the result of one submission, and there are {found}; name a single one, as Gradescope does"
            )
        if self.github and form == "json":
            raise UsageError("--github and --format json both want standard output; write the JSON with --out")
        names: dict[Path, str] = {}
        for name, path in self.files.items():
            other = names.setdefault(path.resolve(), name)
            if other != name:
                raise UsageError(f"{path}: --{other} and --{name} cannot both be written there; name another file")
            writable_folder(path.parent)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep GitHub from taking what is printed meanwhile for commands: names and texts of students may look like some."""
        if self.github:
            click.echo(f"::stop-commands::{self.token}")
        try:
            yield
        finally:
            if self.github:
                click.echo(f"::{self.token}::")

    def write(self, attempts: Attempts, course: Course, lang: str, inspection: Inspection) -> None:
        """Write the files, each as a whole or not at all, and tell GitHub.

        Raises:
            EngineFault: one would tell something of hidden tests, or cannot be written.
        """
        checkout = checkout_of(course)
        for name, path in self.files.items():
            if name == "gradescope":
                write_gradescope(path, next(iter(attempts())), lang, inspection)
            else:
                write_inspected(path, WRITERS[name][0](attempts(), lang, checkout), inspection)
        if self.github:
            self.tell_github(attempts, checkout, lang, inspection)

    def tell_github(self, attempts: Attempts, checkout: Checkout, lang: str, inspection: Inspection) -> None:
        """Print annotations, and give the step its summary and its outputs, after all of it was inspected."""
        lines = "".join(f"{line}\n" for line in workflow_commands(attempts(), lang, checkout))
        values = assigned(outputs(attempts()), f"grader_{secrets.token_hex(16)}")
        text = summary(markdown(attempts(), lang), lang, ROOM - written("GITHUB_STEP_SUMMARY"))
        for part in (lines, values, text):
            inspection.report(part)
        add_to("GITHUB_STEP_SUMMARY", text)
        add_to("GITHUB_OUTPUT", values)
        speaking = f"::{self.token}::\n{lines}::stop-commands::{self.token}\n"
        click.echo(speaking.encode(), nl=False)


def format_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all formats; it gets them as ``formats``."""

    def command(*args: Any, github: bool, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        files = {name: path for name in (*WRITERS, "gradescope") if (path := kwargs.pop(name))}
        return function(*args, formats=Formats(files, github), **kwargs)

    made: Callable[..., Any] = update_wrapper(command, function)
    made = click.option(
        "--github", is_flag=True,
        help="In GitHub Actions: annotate the files, and write the summary and the outputs of the step.",
    )(made)  # fmt: skip
    made = file_option("gradescope", "results.json of Gradescope, for one submission.")(made)
    for name, (_, text) in reversed([*WRITERS.items()]):
        made = file_option(name, text)(made)
    return made


def file_option(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for the file of a format."""
    return click.option(
        f"--{name}", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=f"Write {text}"
    )


def checkout_of(course: Course) -> Checkout:
    """Return the repository that a CI system works in, or else the working folder."""
    here = str(Path.cwd())
    folder = next((os.environ[name] for name in CHECKOUTS if os.environ.get(name)), here)
    return Checkout(str(Path(folder).absolute()), here, {name: one.files for name, one in course.exercises.items()})


def write_inspected(path: Path, pieces: Iterable[str], inspection: Inspection) -> None:
    """Write a file piece by piece while it is looked through; it is there when it may be."""
    try:
        with whole(path) as file:

            def kept() -> Iterator[str]:
                for piece in pieces:
                    file.write(piece.encode())
                    yield piece

            inspection.through(kept(), path.name)
    except OSError as error:
        raise EngineFault(f"{path}: cannot be written ({error.strerror}); make room or choose another folder") from None


def write_gradescope(path: Path, attempt: Attempt, lang: str, inspection: Inspection) -> None:
    """Write results.json; after a fault of ours there is none, not even an old one, for any score would be taken for a grade."""
    if attempt.score:
        write_inspected(path, [gradescope(attempt, lang)], inspection)
        return
    path.unlink(missing_ok=True)
    click.echo(
        f"{path} is not written, for there is no score; Gradescope says then that the autograder failed", err=True
    )


def written(name: str) -> int:
    """Return the bytes that are in the file that an environment variable names."""
    path = os.environ.get(name, "")
    return Path(path).stat().st_size if path and Path(path).is_file() else 0


def add_to(name: str, text: str) -> None:
    """Add text to the file that an environment variable names; others may have written there before."""
    path = os.environ.get(name, "")
    if not path:
        click.echo(f"{name} is not set, as it is in GitHub Actions; nothing is written there", err=True)
        return
    with Path(path).open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
