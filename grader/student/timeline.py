"""What happened to one request, moment by moment, and how long each layer had the word."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grader.channel.remote import StudentError
from grader.testing.finding import LimitReached
from grader.testing.rules import Problem

SERVER = "server"
MOST = 20_000
"""Steps of one request."""


@dataclass
class Step:
    """One moment. ``layer`` is 0 between the server and what it calls, 1 between that and an application inside.

    ``at`` counts seconds since the request came in; ``name`` is that of the application inside.
    """

    kind: str
    layer: int
    at: float
    name: str = ""
    status: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    data: bytes = b""
    text: str = ""
    environ: dict[str, object] = field(default_factory=dict)
    error: StudentError | None = None
    remarks: tuple[Problem, ...] = ()
    first: int = 0


class Timeline:
    """The steps of one request, in order; and in ``spent`` the seconds that each layer worked itself.

    ``around`` names what the server calls.
    """

    def __init__(self, around: str) -> None:
        self.around = around
        self.began = time.perf_counter()
        self.steps: list[Step] = []
        self.problems: list[Problem] = []
        self.spent: dict[str, float] = {SERVER: 0.0}
        self._stack = [SERVER]
        self._since = self.began

    def begin(self) -> None:
        """Forget the time that it took to get ready: the request comes in now."""
        self.began = self._since = time.perf_counter()
        self.spent = {SERVER: 0.0}

    def mark(self, kind: str, layer: int = 0, **values: Any) -> Step:  # noqa: ANN401 - as Step has them
        """Note a moment.

        Raises:
            LimitReached: there are too many.
        """
        if len(self.steps) >= MOST:
            raise LimitReached("events")
        step = Step(kind, layer, time.perf_counter() - self.began, first=len(self.problems), **values)
        self.steps.append(step)
        return step

    def sent(self, data: bytes) -> None:
        """Note bytes that go to the client; those that go at one moment count as one step."""
        if self.steps and self.steps[-1].kind == "sent":
            self.steps[-1].data += data
        else:
            self.mark("sent", data=data)

    def logged(self, text: str) -> None:
        """Note text for the server's log; a report comes in many pieces, and counts as one step."""
        if self.steps and self.steps[-1].kind == "log":
            self.steps[-1].text += text
        else:
            self.mark("log", text=text)

    @contextlib.contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Give a layer the word for a while."""
        self._tell()
        self._stack.append(name)
        try:
            yield
        finally:
            self._tell()
            self._stack.pop()

    def _tell(self) -> None:
        """Add the time since the last change to the layer that had the word."""
        now = time.perf_counter()
        name = self._stack[-1]
        self.spent[name] = self.spent.get(name, 0.0) + now - self._since
        self._since = now

    def finish(self) -> None:
        """End: give each step the rules that were found broken from there to the next one."""
        self._tell()
        ends = [step.first for step in self.steps[1:]] + [len(self.problems)]
        for step, end in zip(self.steps, ends, strict=True):
            step.remarks = tuple(self.problems[step.first : end])
