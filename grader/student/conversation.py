"""Makes one request of an application with wsgiref's own handler, and notes every step on both of its sides.

The strict driver of the tests stands between the two: it finds broken rules, and the handler gets what the application gave,
so that the bytes that go out are those that a real server sends.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.simple_server import software_version

from grader.channel.exposure import declares
from grader.channel.remote import StudentError, StudentGone
from grader.errors import EngineFault
from grader.student.timeline import SERVER, Timeline
from grader.testing.announcement import check_size, read_announcement, type_word
from grader.testing.events import Recorder
from grader.testing.finding import Finding, LimitReached
from grader.testing.trace import MAX_CHUNKS, Trace
from grader.testing.wsgi import Errors, Input

ENDS = (StudentGone, LimitReached, EngineFault, KeyboardInterrupt)
"""What ends a conversation although a server would go on, or has nobody left to talk with."""


class WatchedInput(Input):
    """wsgi.input, of which each read is noted."""

    timeline: Timeline

    def note(self, method: str, arguments: tuple[object, ...]) -> None:
        """Log a call."""
        super().note(method, arguments)
        self.timeline.mark("read", text=f"{method}({', '.join(map(repr, arguments))})")


class WatchedErrors(Errors):
    """wsgi.errors, of which each text is noted."""

    timeline: Timeline

    def write(self, text: object) -> int:
        """Take text."""
        count = super().write(text)
        self.timeline.logged(str(text))
        return count


class Watched(Trace):
    """The strict driver, with a moment for each step, and with what the application really gave."""

    def __init__(self, timeline: Timeline, environ: dict[str, object], body: bytes) -> None:
        super().__init__(Recorder(), environ, body)
        self.timeline = timeline
        self.problems = timeline.problems
        self.input = WatchedInput(body, self.problems)
        self.errors = WatchedErrors(self.problems)
        self.input.timeline = self.errors.timeline = timeline
        self.input.events = self.events
        environ.update({"wsgi.input": self.input, "wsgi.errors": self.errors})
        self.given: tuple[object, object] | None = None
        self.chunk: object = b""
        self.forward: Callable[[], None] = lambda: None

    def note(self, kind: str, detail: str = "") -> None:
        """Note an event, and the moment if it is one that has nothing more to it."""
        super().note(kind, detail)
        if kind in ("called", "close"):
            self.timeline.mark(kind)
        elif kind == "returned":
            self.timeline.mark(kind, text=self.returned())

    def returned(self) -> str:
        """Say what was returned: its type, and of plain data how many items."""
        count = f"[{len(self.result)}]" if isinstance(self.result, (list, tuple, bytes, str)) else ""
        return f"{type_word(self.result)}{count}"

    @declares(AssertionError)
    def start_response(self, *args: Any, **kwargs: Any) -> Callable[[bytes], None]:  # noqa: ANN401
        """Take status and headers."""
        with self.timeline.working(SERVER):
            status, headers, excuse = (*args, *kwargs.values(), None, None, None)[:3]
            check_size(headers)
            line, pairs, _ = read_announcement(status, headers)
            self.timeline.mark(
                "start_response", status=line, headers=tuple(pairs), text="" if excuse is None else "exc_info"
            )
            write = super().start_response(*args, **kwargs)
            self.given = status, headers
            return write

    @declares(AssertionError)
    def write(self, data: object) -> None:
        """Take bytes at once, and send them at once."""
        with self.timeline.working(SERVER):
            self.timeline.mark("write", data=data if type(data) is bytes else b"", text=type_word(data))
            super().write(data)
            self.forward()

    def take(self, chunk: object) -> None:
        """Take one item of the body."""
        self.chunk = chunk
        self.timeline.mark("chunk", data=chunk if type(chunk) is bytes else b"", text=type_word(chunk))
        super().take(chunk)

    def end(self) -> None:
        """Look back at the whole body."""
        self.timeline.mark("end")
        super().end()


class Server(SimpleHandler):
    """wsgiref's handler for one request; what it writes to its socket is noted."""

    server_software = software_version

    def __init__(self, environ: dict[str, object], timeline: Timeline) -> None:
        super().__init__(io.BytesIO(), Socket(timeline), io.StringIO(), {})
        self.made = environ
        self.ended: BaseException | None = None

    def setup_environ(self) -> None:
        """Use the environ that was made of the request."""
        self.environ = dict(self.made)

    def log_exception(self, exc_info: object) -> None:
        """Keep quiet: the steps tell it."""

    def handle_error(self) -> None:
        """Answer 500 where a server would."""
        error = sys.exc_info()[1]
        if isinstance(error, ENDS):
            raise error
        super().handle_error()


class Socket(io.BytesIO):
    """Where the handler writes."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self.timeline = timeline

    def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer
        """Note bytes that go to the client."""
        self.timeline.sent(bytes(data))
        return len(data)


class Between:
    """What the handler calls: the application, seen by the driver. It hands on what the application gave as it was."""

    def __init__(self, seen: Watched, app: Callable[..., Any]) -> None:
        self.seen = seen
        self.app = app
        self.announced: tuple[object, object] | None = None
        self.passed = 0
        self.gone = False
        seen.forward = self.forward
        self.start_response: Callable[..., Callable[[bytes], object]]
        self.send: Callable[[bytes], object]

    def __call__(self, _environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401
        """Call the application."""
        self.start_response = start_response
        self.watched(lambda: self.seen.call(self.app))
        self.forward()
        return (
            self if self.seen._iterator is not None and type(self.seen.result) not in (bytes, str) else self.seen.result
        )

    def __len__(self) -> int:
        if self.seen._length is None and not isinstance(self.seen.result, (list, tuple)):
            raise TypeError("what the application returned has no length")
        return len(self.seen.result) if self.seen._length is None else self.seen._length

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - whatever it yields
        if len(self.seen.chunks) >= MAX_CHUNKS:
            raise LimitReached("chunks")
        more = self.watched(self.seen.step)
        self.forward()
        if not more:
            raise StopIteration
        return self.seen.chunk

    def close(self) -> None:
        """Close what was returned, if it can be closed."""
        if self.gone:
            return
        self.watched(self.seen.close)
        if not self.seen.closed:
            self.seen.timeline.mark("unclosable")

    def watched(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
        """Let the application work; what it raises is noted."""
        try:
            with self.seen.timeline.working(self.seen.timeline.around):
                return act()
        except ENDS:
            self.gone = True
            raise
        except Exception as error:
            cause = error.__cause__ if isinstance(error, Finding) and error.__cause__ else error
            known = cause if isinstance(cause, StudentError) else None
            self.seen.timeline.mark("raised", text=known.type if known else type(cause).__name__, error=known)
            raise

    def forward(self) -> None:
        """Tell the handler what the application announced and wrote meanwhile."""
        given = self.seen.given
        if given is not None and given is not self.announced:
            again, self.announced = self.announced is not None, given
            self.announce(*given, self.seen.excuse if again else None)
        for data in self.seen.written[self.passed :]:
            self.passed += 1
            self.send(data)

    def announce(self, status: object, headers: object, excuse: BaseException | None) -> None:
        """Announce as the application did; an announcement that has an excuse is made while it is handled."""
        copied = list(headers) if type(headers) is list else headers
        if excuse is None:
            self.send = self.start_response(status, copied)
            return
        try:
            raise excuse
        except type(excuse):
            self.send = self.start_response(status, copied, (type(excuse), excuse, None))


def converse(app: Callable[..., Any], environ: dict[str, object], body: bytes, timeline: Timeline) -> None:
    """Make one request of ``app``; everything stands in ``timeline`` then.

    Raises:
        StudentGone: the process of the application has ended, or was ended at its deadline.
        LimitReached: the application sends more than is looked at.
    """
    timeline.begin()
    seen = Watched(timeline, environ, body)
    try:
        Server(environ, timeline).run(Between(seen, app))
    finally:
        timeline.finish()
