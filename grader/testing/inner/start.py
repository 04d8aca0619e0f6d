"""What an application inside calls to announce its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grader.channel.remote import StudentError, StudentObject, has_operation
from grader.testing.announcement import Headers
from grader.testing.events import Event
from grader.testing.finding import Finding

if TYPE_CHECKING:
    from grader.testing.inner.apps import Plain


class Start:
    """What a middleware gave for start_response, and what is wrong with it where that can be known."""

    def __init__(self, function: Callable[..., Any], app: Plain, log: list[Event]) -> None:
        self.function = function
        self.app = app
        self.log = log

    def __call__(self, status: str, headers: Headers, *exc_info: object) -> Any:  # noqa: ANN401 - what it returned
        """Announce."""
        self.app.note(self.log, "app announces")
        try:
            return self.function(status, headers, *exc_info)
        except StudentError as error:
            if error.type == "TypeError" and not error.frames and exc_info:
                raise Finding("your start_response takes no third argument, but the app had exc_info to give",
                              "the signature of your own start_response, and what you do with exc_info") from None  # fmt: skip
            raise
        except AssertionError:
            if not exc_info:
                raise
            raise Finding(
                "the app gave exc_info to your start_response, and the server never saw it",
                "how you call the server's start_response: do you pass on all that the app gave?",
            ) from None


def can_be_called(thing: object) -> bool:
    """Tell whether something can be called; a reference says so of the object that it stands for."""
    return has_operation(thing, "call") if isinstance(thing, StudentObject) else callable(thing)
