"""``grader doctor``: how well this machine walls submissions in."""

from __future__ import annotations

import platform
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text as Words

import grader as package
from grader.cli.options import course_option, open_course, reporting
from grader.errors import UsageError
from grader.models import Isolation, Limits
from grader.sandbox.isolation import enter
from grader.testing.inner.frameworks import lacks_django


@click.command("doctor")
@course_option
@reporting
def command(course_folder: Path | None) -> None:
    """Find out by probes how well submissions are walled in on this machine, and what to do for more."""
    try:
        folder = open_course(course_folder, None).folder
        secrets = [folder / "tests", folder / "solutions"]
    except UsageError:
        secrets = []
    box, proof = enter(Limits(), secrets)
    box.stop()
    console = Console()
    console.print(Words.assemble("isolation level: ", (str(proof.level), "bold green" if proof.level else "bold red")))
    for mechanism in proof.mechanisms:
        console.print(Words(f"  proven with {mechanism}"))
    for reason in proof.against:
        console.print(Words(f"  stands against more: {reason}"))
    if proof.level is Isolation.NONE:
        console.print(Words("At this level only public tests are run, unless --min-isolation none says otherwise."))
    if lacks_django():
        console.print(Words("Django is not installed: tests with apps of real frameworks mount Flask's only, for the same points;"
                            " uv sync adds it, or pip install django"))  # fmt: skip
    console.print(
        Words(
            f"Python {platform.python_version()} on {platform.system()} {platform.release()}, grader {package.__version__}"
        )
    )
