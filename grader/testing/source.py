"""A source of rows of the judge's, for an app that streams them: who opens it, takes from it and closes it is counted.

    source = OpenRows(FILMS, trace.recorder)
    seen = trace(make_app(open_rows=source), "GET", "/export.csv", stop_after=1)
    assert source.opened, "where do the rows come from?"
    assert not source.left_open, "who closes the source when the client leaves?"

What is done to the source stands in the trace of the youngest conversation too. The rows are the judge's, and cross one by
one: a source that has a million of them costs only those that are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from grader.testing.events import Event, Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.inner import MOST, Failure

MOST_SOURCES = 100
"""Sources that one `OpenRows` opens; each is an object more on the other side."""
Row = Mapping[str, int | str]


class OpenRows:
    """What an app calls without arguments to get a `Source`. ``rows`` are iterated anew for each one.

    With ``failing_after=n`` each source raises ``failure`` in place of row n + 1: it crosses as a RuntimeError, and comes
    home as itself.

    Attributes:
        sources: those that were opened, in order.
    """

    __exposed__: ClassVar[tuple[str, ...]] = ("call",)

    def __init__(self, rows: Iterable[Row], recorder: Recorder, *, failing_after: int | None = None) -> None:
        self.rows = rows
        self.failing_after = failing_after
        self.failure = Failure("the source of the rows failed")
        self.sources: list[Source] = []
        self._recorder = recorder
        self._events = 0

    def __call__(self) -> Source:
        """Open a source."""
        self.note("source opened")
        if self.opened >= MOST_SOURCES:
            raise LimitReached("source")
        self.sources.append(Source(self))
        return self.sources[-1]

    @property
    def opened(self) -> int:
        """How many sources were opened."""
        return len(self.sources)

    @property
    def left_open(self) -> int:
        """How many of them nobody has closed."""
        return sum(not source.closed for source in self.sources)

    @property
    def taken(self) -> int:
        """How many rows were taken from all of them."""
        return sum(source.taken for source in self.sources)

    def note(self, kind: str) -> None:
        """Note an event in the trace; there is an end to how many."""
        self._events += 1
        if self._events > MOST:
            raise LimitReached("source")
        self._recorder.last().append(Event(kind))


class Source:
    """An iterator over rows with ``close()``, as generators and files are; ``taken`` rows, ``closed`` so many times."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")
    __raises__: ClassVar[tuple[type[BaseException], ...]] = (Failure,)

    def __init__(self, opener: OpenRows) -> None:
        self.opener = opener
        self.rows = iter(opener.rows)
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        self.opener.note("row wanted")
        if self.closed:
            raise Finding("your app closed its source, and took a row from it after that",
                          "when does the server take the chunks, and which line of yours closes the source?")  # fmt: skip
        if self.taken == self.opener.failing_after:
            raise self.opener.failure
        row = dict(next(self.rows))
        self.taken += 1
        return row

    def close(self) -> None:
        """Count."""
        self.opener.note("source closed")
        self.closed += 1
