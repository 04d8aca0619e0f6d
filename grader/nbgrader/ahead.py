"""The process that grades what `nbgrader autograde` waits for, in parallel and ahead: ``python -P -m grader.nbgrader.ahead``.

nbgrader may be running inside a Jupyter server, so this is a process of its own. The first line of standard input is its order,
as JSON; the input stays open as long as whoever ordered is there. It grades into the store what is not there yet, and writes a
line of JSON for each attempt.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from grader.catalogues import catalogue_of
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.grading.pool import Pool, lanes_for
from grader.grading.run import InStore, Job, Wanted, grade_class
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Attempt, Submission
from grader.nbgrader.course import settings
from grader.nbgrader.handed import found
from grader.nbgrader.showing import as_text
from grader.reports.inspection import Inspection
from grader.reports.terminal import TerminalReport

Tell = Callable[..., None]


@dataclass
class Inspecting:
    """The inspection of attempts before anybody sees them; a thread makes it while the first worker starts."""

    thread: ThreadPoolExecutor
    make: Callable[[], Inspection]
    made: Future[Inspection] | None = None

    def begin(self) -> None:
        """Have it made, once."""
        self.made = self.made or self.thread.submit(self.make)

    def __call__(self, attempt: Attempt, submission: Submission) -> str:
        """Return why an attempt must not be shown, or nothing."""
        assert self.made
        return self.made.result()(attempt, submission)


@dataclass(kw_only=True)
class Ahead(InStore):
    """Keeps attempts in a store; ``begin`` is called when something has to be graded."""

    begin: Callable[[], None]

    def known(self, number: int, submission: Submission) -> Attempt | None:
        """Return an attempt that still holds."""
        attempt = super().known(number, submission)
        if attempt is None:
            self.begin()
        return attempt


def grade(order: Mapping[str, Any], tell: Tell) -> None:
    """Grade what an order names; ``tell`` gets each result, and what staff should read, by name.

    Raises:
        UsageError: the course, the settings or the store cannot be used.
        EngineFault: an attempt cannot be kept.
    """
    chosen = settings(Path(order["course"]))
    course = chosen.load()
    exercise = course.find(order["exercise"])
    style = chosen.style_of(exercise.name)
    work = [found(Path(folder), style, exercise, student) for student, folder in order["submissions"]]
    report = TerminalReport(catalogue_of(exercise), chosen.language)
    least = chosen.min_isolation
    with ThreadPoolExecutor(1) as thread:
        secrets = partial(secrets_of, course.folder, chosen.private)
        inspecting = Inspecting(thread, lambda: Inspection(Guard(secrets()), lambda line: tell(say=line)))
        pool: Pool[Job] = Pool(
            lambda: Grader(course, chosen.private, least, None, inspecting), lanes_for(len(work), chosen.workers)
        )
        with pool:
            if order["new"]:
                inspecting.begin()
                pool.warm_up(exercise)
            from grader.store.store import open_store  # takes a fourth of the time that a worker needs

            with open_store(chosen.store, writing=True, alone=False) as store:
                keeper = Ahead(store, store.begin_run(), work, Wanted(least), begin=inspecting.begin)
                grade_class(work, pool, keeper, lambda attempt: tell(**result(attempt, report)))


def result(attempt: Attempt, report: TerminalReport) -> dict[str, Any]:
    """Return what is told of an attempt."""
    fault = f"{attempt.outcome}: {attempt.detail.get('message', '')}" if attempt.score is None else ""
    cells = {
        name: {"earned": score.earned, "possible": score.possible, "text": as_text(attempt, name, report)}
        for name, score in attempt.categories.items() if score.possible and not fault
    }  # fmt: skip
    return {"student": attempt.student, "cells": cells, "fault": fault}


def tell(out: IO[bytes], **message: object) -> None:
    """Write a line."""
    out.write(json.dumps(message).encode() + b"\n")
    out.flush()


def main() -> int:
    """Grade what standard input orders; whatever goes wrong for all is said, for each attempt says what went wrong for it."""
    out = sys.stdout.buffer
    try:
        order = json.loads(sys.stdin.buffer.readline())
        threading.Thread(target=leave_with, args=(sys.stdin.fileno(),), daemon=True).start()
        grade(order, lambda **message: tell(out, **message))
    except UsageError as error:
        tell(out, refused=str(error))
    except EngineFault as error:
        tell(out, trouble=str(error))
    except (BrokenPipeError, KeyboardInterrupt):
        return 1  # nbgrader was stopped; what was graded is kept
    return 0


def leave_with(orders: int) -> None:
    """Interrupt this process as soon as whoever ordered is gone, however that came."""
    while os.read(orders, 1 << 10):
        pass
    if hasattr(signal, "pthread_kill"):  # wakes up a process that waits for a worker
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


if __name__ == "__main__":
    sys.exit(main())
