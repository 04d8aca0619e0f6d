"""The command line: a module for each command, each a few steps of what the other modules do.

Exit codes: 0 a verdict was reached for each submission, 1 a check failed (``--fail-under``, ``leaks``, ``verify``),
2 wrong usage, 3 a fault of ours.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import threading
from typing import Any, NoReturn

import click

import grader as package
from grader.streams import tolerate

SUMMARIES = {
    "check": "Run the public tests of EXERCISE on your files, and say what runs at grading besides.",
    "ci": "Grade on GitHub or GitLab: take what a pull or merge request hands in, grade it, and post what came of it.",
    "demo": "Build a small class from the sample submissions, grade it, and show what comes out.",
    "doctor": "Find out by probes how well submissions are walled in on this machine, and what to do for more.",
    "export": "Write the grades to OUT, or to standard output.",
    "feedback": "Write a page of feedback for each student to the folder OUT, about the attempt that counts.",
    "grade": "Grade PATH: a file, an archive (zip, tar.gz), a folder, or a tree submitted/<student>/<exercise>/.",
    "gradescope": "Build an autograder for Gradescope, with the hidden tests of one exercise.",
    "hint": "Show one more hint for EXERCISE: a question, then the principle, then a skeleton with gaps.",
    "leaks": "Search files, folders and archives for anything of hidden tests and solutions, before students get them.",
    "list": "List the exercises of the course.",
    "nbgrader": "Use nbgrader as the front end: courses for it, and grades to and fro.",
    "new": "Make a small exercise that runs, in every tree; its author replaces what is marked.",
    "override": "Give STUDENT so many POINTS for EXERCISE by hand, whatever the attempts say.",
    "predict": "Predict what a small program does, and see at once what it really does: three questions before an exercise.",
    "progress": "Show the points of your last checks by exercise and category, and what comes next.",
    "regrade": "Grade again what was judged by other tests or another engine, and show who gains and who loses which points.",
    "release": "Make a repository for students in the folder OUT: the exercises, the grader, and a page about the first day.",
    "report": "Write a page about CLASS: scores, how hard each test is, who fails alike, who is stuck, and progress.",
    "reset": "Put the starter of EXERCISE back in place; your own files go to a backup.",
    "serve": "Run your app for the browser, on this machine only; print each request, and start again when you save a file.",
    "start": "Begin EXERCISE: bring along your own file of the exercise that it builds on.",
    "submit": "Pack what EXERCISE asks for into one archive, with a manifest, to be handed in as it is.",
    "trace": "Show one request at its five layers: socket bytes in, environ, start_response, chunks and close, socket bytes out.",
    "watch": "Check an exercise whenever you save a file of it, until you press q.",
    "verify": "Prove that exercises keep what they promise: all of the course, or those that are named.",
}
"""The commands, each a function ``command`` in the module of its name, and the first sentence of what it says of itself."""


class Commands(click.Group):
    """A group that reads the module of a command when somebody asks for it: nobody waits for what others need."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        """Run the command line on a console of any encoding."""
        tolerate()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's
        """Run the command that was typed. Ctrl-C while its module is read ends it as it would a moment later."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            from grader.cli.options import stopped

            raise stopped({}) from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of the commands."""
        return sorted(SUMMARIES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return a command, None if there is none of this name."""
        if name not in SUMMARIES:
            return None
        found: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the list of the commands without reading any."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(SUMMARIES.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package.__version__, prog_name="grader")
def main() -> None:
    """Grade exercises about Python web applications, through a wall that submissions cannot see through."""


def run() -> NoReturn:
    """Run the command line and end the process, without taking apart what Python has made: short commands would wait for that.

    What asked to run at the end runs; where other threads are to be waited for, or something cannot be written, Python ends.
    """
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code or 0
        if type(code) is not int or any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
            raise
        try:
            atexit._run_exitfuncs()
            for stream in filter(None, (sys.stdout, sys.stderr)):  # there is none where it was closed before
                stream.flush()
        except (OSError, ValueError):
            raise leaving from None
        os._exit(code)
    sys.exit()


def commands() -> dict[str, click.Command]:
    """Return all commands by name."""
    context = click.Context(main)
    return {name: command for name in main.list_commands(context) if (command := main.get_command(context, name))}
