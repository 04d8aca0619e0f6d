"""The server's half of a WSGI conversation: environ, wsgi.input, wsgi.errors, wsgi.file_wrapper.

Each class declares in ``__exposed__`` what the student's code may do with it: what PEP 3333 names, and nothing more.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from grader.channel.remote import StudentObject, has_operation
from grader.testing import rules
from grader.testing.events import Event
from grader.testing.finding import LimitReached
from grader.testing.rules import Problem, problem

MAX_CALLS, MAX_ERRORS = 20_000, 1 << 20
"""Calls of wsgi.input, and characters of wsgi.errors, that one conversation may have."""
DELETE = None
"""As a value of ``environ`` it removes a key."""


class Proxy:
    """Something that stands for a callable of the submission's; the driver goes to the callable itself."""

    def __init__(self, target: Callable[..., Any]) -> None:
        self.target = target


class Reader(Protocol):
    """A file of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line."""


class Stream:
    """wsgi.input over a file of the test's: reads as it is asked. ``events`` is the trace of its conversation."""

    __exposed__: ClassVar[tuple[str, ...]] = ("read", "readline", "readlines", "iter")
    __raises__ = (OSError, ValueError, TypeError)

    def __init__(self, file: Reader) -> None:
        self.file = file
        self.events: list[Event] = []

    def read(self, *size: int) -> bytes:
        """Return up to ``size`` bytes."""
        return self.file.read(*size)

    def readline(self, *size: int) -> bytes:
        """Return the next line."""
        return self.file.readline(*size)

    def readlines(self, *_hint: int) -> list[bytes]:
        """Return all lines that are left."""
        return list(iter(self.file.readline, b""))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.file.readline, b"")


class Input(Stream):
    """wsgi.input of the strict driver: notes each read, and refuses those that would hang on a socket.

    ``calls`` holds (method, arguments), ``taken`` counts the bytes that were read; ``before_read`` is called before the
    first read: another request can be made there, which interleaves two requests without threads. With ``ends`` the
    stream ends after the body, as many servers' does: reading past it is noted, but gives what is left.
    """

    def __init__(
        self, body: bytes, problems: list[Problem], before_read: Callable[[], object] | None = None, *, ends: bool = False
    ) -> None:  # fmt: skip
        super().__init__(io.BytesIO(body))
        self.size = len(body)
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.problems = problems
        self.before_read = before_read
        self.ends = ends
        self.taken = 0

    def read(self, *size: int) -> bytes:
        """Return ``size`` bytes; without a size, or with one past the end, a socket would block."""
        self.note("read", size)
        wanted = size[0] if size else -1
        if type(wanted) is not int or wanted < 0 or wanted > self.size - self.taken:
            self.refuse()
            wanted = -1
        return self.take(self.file.read(wanted))

    def readline(self, *size: int) -> bytes:
        """Return the next line; where neither the size nor a line feed ends it, a socket would block."""
        self.note("readline", size)
        most = size[0] if size and type(size[0]) is int and size[0] >= 0 else None
        line = self.take(self.file.readline(-1 if most is None else most))
        if len(line) != most and not line.endswith(b"\n"):
            self.refuse()
        return line

    def readlines(self, *hint: int) -> list[bytes]:
        """Return the lines that are left; a socket would block at the end."""
        self.note("readlines", hint)
        self.refuse()
        return list(iter(lambda: self.take(self.file.readline()), b""))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readlines())

    def refuse(self) -> None:
        """Note that more was asked for than there is, and that a socket would block."""
        self.problems.append(problem(rules.INPUT, "your app read past the end of the request body"))
        if not self.ends:
            raise OSError("reading past CONTENT_LENGTH would block here")

    def take(self, data: bytes) -> bytes:
        """Count what is read."""
        self.taken += len(data)
        return data

    def note(self, method: str, arguments: tuple[object, ...]) -> None:
        """Log a call, and let the test act before the first one."""
        if len(self.calls) >= MAX_CALLS:
            raise LimitReached("reads")
        self.calls.append((method, arguments))
        act, self.before_read = self.before_read, None
        if act:
            act()


class Errors:
    """wsgi.errors: keeps what was written; text only."""

    __exposed__: ClassVar[tuple[str, ...]] = ("write", "writelines", "flush")
    __raises__ = (TypeError,)

    def __init__(self, problems: list[Problem]) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.problems = problems

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self.parts)

    def write(self, text: object) -> int:
        """Take text; bytes are a broken rule."""
        if len(self.parts) + len(self.problems) >= MAX_CALLS:
            raise LimitReached("wsgi.errors")
        if type(text) is not str:
            self.problems.append(problem(rules.ERRORS, "your app wrote something that is not text to wsgi.errors"))
            raise TypeError("wsgi.errors takes str")
        self.size += len(text)
        if self.size > MAX_ERRORS:
            raise LimitReached("wsgi.errors")
        self.parts.append(text)
        return len(text)

    def writelines(self, lines: list[object]) -> None:
        """Take several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is buffered."""


class FileWrapper:
    """wsgi.file_wrapper: an iterable over a file-like object of the student's (PEP 3333, Optional Platform-Specific)."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")

    def __init__(self, file: Any, block: int = 8192) -> None:  # noqa: ANN401 - any file-like object
        self.file = file
        self.block = block

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - whatever its read() gives, the driver judges it
        data = self.file.read(self.block)
        if not data:
            raise StopIteration
        return data

    def close(self) -> None:
        """Close the file-like object, if it can be closed."""
        if not isinstance(self.file, StudentObject) or has_operation(self.file, "close"):
            self.file.close()


def file_wrapper(file: Any, block: int = 8192) -> FileWrapper:  # noqa: ANN401
    """Make a `FileWrapper`; what a server puts into the environ."""
    return FileWrapper(file, block)


def make_environ(
    method: str, path: str, *, query: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None,
    environ: Mapping[str, object] | None = None,
) -> dict[str, object]:  # fmt: skip
    """Build an environ as a server would: the path is UTF-8 text and arrives as latin-1 characters.

    ``environ`` overrides single keys; None removes one.
    """
    result: dict[str, object] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query, "SERVER_NAME": "films.example", "SERVER_PORT": "80", "HTTP_HOST": "films.example",
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "wsgi.file_wrapper": file_wrapper,
    }  # fmt: skip
    if body:
        result["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        result[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    for name, override in (environ or {}).items():
        if override is DELETE:
            result.pop(name, None)
        else:
            result[name] = override
    return result
