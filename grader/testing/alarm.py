"""A wall clock for each test: what a submission makes the judge itself do for too long ends the test, like a loop of its own.

The deadlines of a student process are looked at while the judge waits for it. A client of the judge's that takes an hour
over a header waits for nobody.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from grader.channel.remote import StudentGone
from grader.testing.outcome import GoneInFixture

LOOK = 0.1
"""Seconds after which it is tried again where pytest itself was at work."""
AGAIN = 2.0
"""Seconds that a test has to clean up when it was ended."""
ENTRANCES = {
    "_pytest.python": ("pytest_pyfunc_call",),
    "_pytest.fixtures": ("call_fixture_func", "_teardown_yield_fixture"),
}
"""Where pytest calls tests and fixtures: only below them may an exception come out of nowhere, for pytest keeps its books."""


class Alarm:
    """Ends tests of the main thread; ``late`` ends the student processes of the one that runs and says what to raise."""

    def __init__(self, late: Callable[[], StudentGone]) -> None:
        self.late = late
        signal.signal(signal.SIGALRM, self.ring)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End the test that is run here when the seconds are over."""
        signal.setitimer(signal.ITIMER_REAL, max(seconds, LOOK), LOOK)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def ring(self, _number: int, frame: FrameType | None) -> None:
        """Raise in a test or fixture, and in a fixture that is taken down as an exception that pytest's teardown bears."""
        below = entrance(frame)
        if not below:
            return
        signal.setitimer(signal.ITIMER_REAL, AGAIN, LOOK)
        gone = self.late()
        raise GoneInFixture(gone) if below == "_teardown_yield_fixture" else gone


def entrance(frame: FrameType | None) -> str:
    """Return the name of the function of pytest's through which a frame was entered, nothing if it is pytest's own."""
    while frame and frame.f_back:
        frame = frame.f_back
        if frame.f_code.co_name in ENTRANCES.get(frame.f_globals.get("__name__", ""), ()):
            return frame.f_code.co_name
    return ""
