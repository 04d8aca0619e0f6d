"""What a test asks of a middleware whatever it is about: is it an application, did it call the one inside, did it close?"""

from __future__ import annotations

from typing import Any

from grader.testing.announcement import type_word
from grader.testing.finding import Finding, public
from grader.testing.inner.apps import Plain
from grader.testing.inner.start import can_be_called


def callable_of(made: object, call: str) -> Any:  # noqa: ANN401 - a callable of the submission's
    """Return what a call of the submission gave, which is spelled like ``"Gzip(app)"``, if it can be called itself."""
    if not can_be_called(made):
        raise Finding("{call} gave a value of type {type}, which cannot be called",
                      "what you return, or the class that you define: a WSGI application can be called",
                      call=public(call), type=public(type_word(made)))  # fmt: skip
    return made


def was_called(app: Plain) -> None:
    """Ask whether the application inside was called by now: in the call, if nothing was iterated yet."""
    if not app.bodies:
        raise Finding("your middleware was called, and it did not call the app",
                      "where do you call the app inside? A function with yield in it runs at its first step only")  # fmt: skip


def was_closed_once(app: Plain) -> None:
    """Ask how often the iterable that the application returned last was closed."""
    closed = app.bodies[-1].closed
    if not closed:
        raise Finding("the iterable that the app returned was never closed",
                      "who closes the iterable of the app? The server knows only the one that you returned")  # fmt: skip
    if closed > 1:
        raise Finding("the iterable that the app returned was closed more than once",
                      "which lines close the iterable of the app? yield from does it too, for an iterator")  # fmt: skip
