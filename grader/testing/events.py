"""The event trace of a test: what was called, announced, yielded and closed, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.printable import printable

SHOWN = 12
"""Events that a feedback shows at most."""
KEPT = 40
"""Events that are kept of a conversation when it is over, from its beginning and from its end."""
DETAIL = 100
"""Characters of an event's detail that are kept."""


@dataclass(frozen=True)
class Event:
    """One event: its kind is a word of ours, its detail may hold the student's words."""

    kind: str
    detail: str = ""


@dataclass
class Recorder:
    """The conversations of one test; the objects of each are kept alive until the test is over.

    A result that closes only in ``__del__`` must not pass for closed, so nothing is dropped early.
    """

    logs: list[list[Event]] = field(default_factory=list)
    kept: list[object] = field(default_factory=list)

    def new_log(self) -> list[Event]:
        """Begin a conversation."""
        self.logs.append([])
        return self.logs[-1]

    def last(self) -> list[Event]:
        """Return the events of the youngest conversation that has any."""
        return next((log for log in reversed(self.logs) if log), [])


def shortened(events: list[Event]) -> tuple[Event, ...]:
    """Return the events without repetitions, and of very many the first and the last."""
    kept: list[Event] = []
    for event in events:
        if not kept or event != kept[-1]:
            kept.append(event)
    return tuple(kept if len(kept) <= KEPT else [*kept[: KEPT - 10], Event("…"), *kept[-10:]])


def line(events: list[Event], *, hidden: bool) -> str:
    """Write events as one line; of a hidden test only the kinds, runs of one kind as one."""
    words: list[str] = []
    for event in events:
        word = event.kind if hidden else event.kind + printable(event.detail, 60)
        if not words or word != words[-1]:
            words.append(word)
    shown = words if len(words) <= SHOWN else [*words[: SHOWN - 3], "…", *words[-2:]]
    return " > ".join(shown)
