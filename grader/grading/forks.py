"""A fork of the worker that does a job, or a lane's part of it, and reports over a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from typing import IO, Any

from grader.grading.pipes import read_all


@contextlib.contextmanager
def held(number: signal.Signals) -> Iterator[None]:
    """Hold a signal back for a while.

    What a handler raises while Python runs its own callbacks around a fork is printed and forgotten, so a Ctrl-C would be lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Fork:
    """A process that does some work once, says what it came to as JSON, and ends.

    It ignores Ctrl-C: whoever presses that means the process that waits for it.
    """

    def __init__(self, work: Callable[[], dict[str, Any]]) -> None:
        self.reader, writer = os.pipe()
        with held(signal.SIGINT):
            self.pid = os.fork()
            if self.pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # it may be held by who calls us too
            os.close(self.reader)
            code = 70
            try:
                report = work()
                with os.fdopen(writer, "wb") as file:
                    file.write(json.dumps(report).encode())
                code = 0
            except BaseException:  # noqa: BLE001 - nothing may return from the fork
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writer)

    def report(self, deadline: float, parent: IO[bytes] | None) -> dict[str, Any]:
        """Return what it says until the deadline (`time.monotonic`), or what became of it, and end it.

        Raises:
            HungUp: the parent is gone.
        """
        try:
            data, late = read_all(self.reader, deadline - time.monotonic(), parent)
        finally:
            self.end()
        try:
            return dict(json.loads(data))
        except ValueError:
            return faulty("the grading took too long" if late else "the grading process died") | {"late": late}

    def end(self) -> None:
        """End it; harmless if that was done before."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0


def faulty(fault: str) -> dict[str, Any]:
    """Return a report that has nothing but a fault of ours."""
    return {"tests": {}, "output": "", "killed": [], "fault": fault}
