"""What the cells of an exercise's notebook call: ``check`` runs its public tests, ``group`` shows those of one category.

In the cell below the solution:

    from grader.notebook import check
    check("a1_hello_wsgi")

Both work on the files beside the notebook. The tests run in another process, and the submission in one of its own.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE = 10.0
"""Seconds in which a check that somebody stops may clean up behind it."""


class Told(Exception):
    """Something to be read instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows (see `InteractiveShell.showtraceback`)."""
        return [str(self)]


class NotChecked(Told):
    """There was no check; the text says what is missing and what to do."""


class PublicTestsFailed(Told):
    """A public test of a category failed."""


def check(exercise: str) -> None:
    """Run the public tests of an exercise on the files beside the notebook, and show what came of it.

    Raises:
        NotChecked: there is no such exercise, no course, or a fault of ours.
    """
    answer.cache_clear()
    show(asked(exercise)["check"])


def group(exercise: str, category: str) -> None:
    """Show the public tests of one category of the rubric, and how many hidden ones run at grading.

    The files are checked anew if they are not those of the last check.

    Raises:
        PublicTestsFailed: one of them failed; of hidden ones nothing is known here.
        NotChecked: there is no such exercise, no course, or a fault of ours.
    """
    shown = asked(exercise)["parts"].get(category)
    if shown is None:
        raise NotChecked(f"there is no category {category!r}")
    show(shown)
    if shown["failed"]:
        raise PublicTestsFailed(shown["failed"])


def asked(exercise: str) -> Mapping[str, Any]:
    """Return the answer for the files as they are now.

    Raises:
        NotChecked: there is none.
    """
    from grader.nbgrader.cell import fingerprint

    folder = Path.cwd()
    work = fingerprint(exercise, folder)
    if not work:
        answer.cache_clear()
    found = answer(exercise, folder, work)
    if "parts" in found:
        return found
    answer.cache_clear()
    raise NotChecked(found.get("refused") or f"a fault of the grader, not of your work: {found['fault']}")


@functools.lru_cache(maxsize=1)
def answer(exercise: str, folder: Path, _work: str) -> Mapping[str, Any]:
    """Check the work in a folder, and return what to show, or what went wrong; ``_work`` stands for what the work was."""
    command = [sys.executable, "-P", "-X", "utf8", "-m", "grader.nbgrader.cell", exercise]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        said, trouble = process.communicate()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        raise
    finally:
        process.kill()
        process.wait()
    try:
        found: Mapping[str, Any] = json.loads(said)
    except ValueError:
        return {"fault": last_line(trouble) or f"it ended with {process.returncode}"}
    return found


def environment() -> dict[str, str]:
    """Return the environment of a check: it finds this package where this process found it."""
    search = (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, search))}


def last_line(trouble: bytes) -> str:
    """Return the last line of what a process wrote about its own end."""
    lines = trouble.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def show(shown: Mapping[str, str]) -> None:
    """Show a page: as HTML in a notebook, as text elsewhere."""
    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/html": shown["html"], "text/plain": shown["text"]}, raw=True)  # type: ignore[no-untyped-call]
            return
    print(shown["text"])  # noqa: T201 - a cell's output
