"""The strict driver: calls a WSGI callable as a picky server would, and writes down what happened in which order.

It notes broken rules and goes on where it can: a str chunk counts as its UTF-8 bytes, an int header value as its digits,
headers in a dict as pairs. So one mistake costs the test that is about it, and not every other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from grader.channel.exposure import declares
from grader.channel.remote import StudentError, StudentObject, has_operation
from grader.testing import rules
from grader.testing.announcement import check_size, read_announcement, type_word
from grader.testing.events import DETAIL, Event, Recorder
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.rules import Problem, Rule, problem
from grader.testing.wsgi import Errors, Input, Proxy

MAX_CHUNKS, MAX_BODY, MAX_STARTS, MAX_EVENTS = 5_000, 2 << 20, 50, 20_000
REFUSALS = (AssertionError, OSError, TypeError, ValueError)
"""What the server's half raises in an app that breaks a rule."""
EMPTY_STATUSES = ("204", "304")
VARYING = ("date", "set-cookie", "x-request-id", "server-timing", "x-elapsed-ms")
"""Headers that may differ from one answer to the next."""


class Trace:
    """One conversation with a WSGI callable, driven step by step.

    Attributes:
        status, headers, chunks: as the app gave them, read leniently (see the module).
        problems: the broken rules, in the order in which they showed.
        input, errors: what the app did to wsgi.input and wsgi.errors.
        error: the `StudentError` that ended the conversation; it was raised in the test too.
        excuse: the exception that came with the last exc_info; ``reraised`` says that it was too late for one.
    """

    def __init__(
        self,
        recorder: Recorder,
        environ: dict[str, object],
        body: bytes = b"",
        before_read: Callable[[], object] | None = None,
        *,
        input_ends: bool = False,
    ) -> None:
        self.environ = environ
        self._method = environ.get("REQUEST_METHOD")  # the app may change its environ, and changes come back
        self.problems: list[Problem] = []
        self.input = Input(body, self.problems, before_read, ends=input_ends)
        self.errors = Errors(self.problems)
        environ.setdefault("wsgi.input", self.input)
        environ.setdefault("wsgi.errors", self.errors)
        self.events = self.input.events = recorder.new_log()
        recorder.kept.append(self)
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []
        self.written: list[bytes] = []
        self.starts = 0
        self.result: Any = None
        self.error: StudentError | None = None
        self.closed = False
        self.reraised = False
        self.excuse: BaseException | None = None
        self._sent = False
        self._iterating = False
        self._over = False
        self._iterator: Iterator[Any] | None = None
        self._length: int | None = None
        self._size = 0

    # -- what the answer was

    @property
    def body(self) -> bytes:
        """All bytes of the body, written and yielded."""
        return b"".join(self.written + self.chunks)

    @property
    def code(self) -> int | None:
        """The status code, None if the status does not begin with three digits."""
        return int(self.status[:3]) if self.status[:3].isascii() and self.status[:3].isdigit() else None

    def header(self, name: str) -> str | None:
        """Return the value of a header, whatever the case of its name; the first one of several."""
        return next(iter(self.all_headers(name)), None)

    def all_headers(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def announced(self) -> list[tuple[str, str]]:
        """The headers in one order, names in lower case, without those that may differ from one answer to the next."""
        return sorted((name.lower(), value) for name, value in self.headers if name.lower() not in VARYING)

    def check(self, *about: Rule) -> None:
        """Fail with the first broken rule, of those named or of all.

        Raises:
            Finding: a rule was broken.
        """
        for found in self.problems:
            if not about or found.rule in about:
                raise found.finding

    # -- driving

    def call(self, app: Callable[..., Any]) -> Trace:
        """Call the app; what it returns is kept for `step`, `finish` and `close`."""
        target = app.target if isinstance(app, Proxy) else app
        if not (has_operation(target, "call") if isinstance(target, StudentObject) else callable(target)):
            raise Finding(
                "where an app should be there was a value of type {type}, which cannot be called",
                look="what the name stands for, or what the function returns that makes the app",
                type=public(type_word(target)),
            )
        self.note("called")
        try:
            self.result = target(self.environ, self.start_response)
        except StudentError as error:
            self.failed(error)
        except REFUSALS as error:
            self.refused(error)
        self.note("returned", f" {type_word(self.result)}")
        self.look_at_result()
        return self

    def step(self) -> bool:
        """Take one chunk; False when the iterable has ended."""
        if self._iterator is None:
            return False
        self._iterating = True
        try:
            chunk = next(self._iterator)
        except StopIteration:
            self.end()
            return False
        except StudentError as error:
            self.failed(error)
        except REFUSALS as error:
            self.refused(error)
        finally:
            self._iterating = False
        self.take(chunk)
        return True

    def finish(self) -> Trace:
        """Take all chunks that are left."""
        while self.step():
            if len(self.chunks) > MAX_CHUNKS:
                raise LimitReached("chunks")
        return self

    def close(self) -> Trace:
        """Close the result, if it can be closed, as a server must (PEP 3333: Specification Details)."""
        closable = not isinstance(self.result, StudentObject) or has_operation(self.result, "close")
        close = getattr(self.result, "close", None) if closable else None
        self._over = True
        if close is not None and not self.closed:
            self.closed = True
            self.note("close")
            close()
        return self

    # -- the server's half

    @declares(AssertionError)
    def start_response(self, *args: Any, **kwargs: Any) -> Callable[[bytes], None]:  # noqa: ANN401
        """Take status and headers, as PEP 3333 asks a server to."""
        self.starts += 1
        if self.starts > MAX_STARTS:
            raise LimitReached("start_response")
        if self._over:
            self.broke(rules.START_ONCE, "your app called start_response after the end of its answer")
            raise AssertionError("this answer has ended") from self.problems[-1].finding
        if kwargs or len(args) not in (2, 3):
            self.broke(
                rules.START_ARGUMENTS,
                "your app called start_response with other arguments than two or three positional ones",
            )
        status, headers, exc_info = (*args, *kwargs.values(), None, None, None)[:3]
        check_size(headers)
        shown = repr(status[:DETAIL]) if type(status) is str else type_word(status)
        count = len(headers) if type(headers) in (list, dict, tuple) else 0
        self.note("start_response", f"({shown}, {count} headers{', exc_info' if exc_info is not None else ''})")
        if exc_info is not None:
            self.take_exc_info(exc_info)
        else:
            self.refuse_another_start()
        self.status, self.headers, broken = read_announcement(status, headers)
        self.problems += broken
        return self.write

    def refuse_another_start(self) -> None:
        """Refuse a second call that no exception excuses; what was announced first stays."""
        if self.starts > 1:
            self.broke(rules.START_ONCE, "your app called start_response a second time")
            refusal = "start_response was called before, and this time without exc_info"
            raise AssertionError(refusal) from self.problems[-1].finding

    def take_exc_info(self, exc_info: object) -> None:
        """Look at the third argument; once the headers are gone its exception is raised again."""
        error = exc_info[1] if type(exc_info) is tuple and len(exc_info) == 3 else None
        if not isinstance(error, BaseException):
            self.broke(rules.EXC_INFO, "the third argument of start_response was not the result of sys.exc_info()")
            self.refuse_another_start()
            return
        self.excuse = error
        if self._sent:
            self.reraised = True
            raise error

    def write(self, data: object) -> None:
        """Take bytes at once, the old way of sending a body (PEP 3333, The write Callable)."""
        self.note("write", f" {type_word(data)}[{len(data) if type(data) is bytes else '?'}]")
        if type(data) is not bytes:
            self.broke(rules.WRITE, "your app called write() with {type}, not bytes", type=public(type_word(data)))
        if self._over:
            for rule in (rules.WRITE, rules.CONTENT_LENGTH):
                self.broke(rule, "your app called write() after the end of its answer")
            return
        if self._iterating:
            self.broke(rules.WRITE, "your app called write() from inside its iterable")
        if type(data) is bytes:
            self.count(data)
            self.written.append(data)

    # -- keeping the books

    def look_at_result(self) -> None:
        """Check what was returned, and begin to iterate over it."""
        result = self.result
        if type(result) in (bytes, str):
            self.broke(
                rules.NOT_BARE,
                "your app returned {type} itself, not an iterable of bytes",
                type=public(type_word(result)),
            )
            result = [result]
        if isinstance(result, StudentObject):
            can_iterate = has_operation(result, "iter") or has_operation(result, "item")
        else:
            can_iterate = isinstance(result, (list, tuple, dict)) or hasattr(result, "__iter__")
        if not can_iterate:
            self.broke(
                rules.ITERABLE,
                "your app returned a value of type {type}, which cannot be iterated",
                type=public(type_word(result)),
            )
            self.stop()
            return
        try:
            if isinstance(result, StudentObject) and has_operation(result, "len"):
                self._length = len(result)
            self._iterator = iter(result)
        except StudentError as error:
            self.failed(error)

    def take(self, chunk: object) -> None:
        """Take one item of the body."""
        self.note("yield", f" {type_word(chunk)}[{len(chunk) if type(chunk) in (bytes, str) else '?'}]")  # type: ignore[arg-type]
        if not self.starts:
            self.broke(rules.START_FIRST, "the first item of the body came before start_response was called")
        if self.reraised:
            self.broke(rules.SWALLOWED, "your app went on after start_response had raised its exception again")
        if type(chunk) is bytes:
            self.count(chunk)
            self.chunks.append(chunk)
            return
        self.broke(rules.BODY_BYTES, "your app yielded {type}, not bytes", type=public(type_word(chunk)))
        if type(chunk) is str:
            self.chunks.append(chunk.encode("utf-8", "replace"))
        else:
            self.stop()

    def count(self, data: bytes) -> None:
        """Mind the size of the body; the first non-empty bytes send the headers."""
        self._size += len(data)
        self._sent = self._sent or bool(data)
        if self._size > MAX_BODY:
            raise LimitReached("body")

    def end(self) -> None:
        """Check what can be checked at the end of the body only; nothing is taken after it."""
        self.stop()
        if not self.starts:
            self.broke(rules.START_FIRST, "your app never called start_response")
        if self._length is not None and self._length != len(self.chunks):
            self.broke(rules.TRUE_LENGTH, "len() of the result does not say how many items it yields")
        sizes = self.all_headers("Content-Length")
        if len(sizes) > 1:
            self.broke(rules.CONTENT_LENGTH, "your app sent more than one Content-Length")
        empty = self._method == "HEAD" or self.status[:3] in EMPTY_STATUSES
        if empty and self.body:
            self.broke(
                rules.NO_BODY, "your app sent {sent} bytes of body where there must be none", sent=len(self.body)
            )
        compared = self._method != "HEAD" and (self.body or not empty)
        if compared and sizes and sizes[0] != str(len(self.body)):
            self.broke(rules.CONTENT_LENGTH, "your app answered Content-Length: {said}, then sent {sent} bytes",
                       said=sizes[0], sent=len(self.body))  # fmt: skip

    def stop(self) -> None:
        """End the answer: what the app does later is no part of it."""
        self._iterator = None
        self._over = True

    def failed(self, error: StudentError) -> NoReturn:
        """Note that the app raised; a server would still close the result."""
        self.error = error
        self.stop()
        self.note("raised", f" {error.type}")
        raise error

    def refused(self, error: Exception) -> NoReturn:
        """Say which rule made us raise in the app, when what we raised in it, or in another one, comes home."""
        self.stop()
        if self.problems:
            raise self.problems[-1].finding from error
        if isinstance(error.__cause__, Finding):
            raise error.__cause__
        raise error

    def broke(self, rule: Rule, happened: str, **values: object) -> None:
        """Note a broken rule."""
        self.problems.append(problem(rule, happened, **values))

    def note(self, kind: str, detail: str = "") -> None:
        """Note an event; there is an end to how many."""
        if len(self.events) >= MAX_EVENTS or len(self.problems) >= MAX_EVENTS:
            raise LimitReached("events")
        self.events.append(Event(kind, detail[:DETAIL]))
