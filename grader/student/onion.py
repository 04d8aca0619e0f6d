"""The application inside a middleware: one of the judge's, of which every step is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from grader.channel.remote import StudentError
from grader.student.timeline import Timeline
from grader.testing import inner
from grader.testing.announcement import Headers, type_word

FILMS = (b"12 ", b"films\n")
TEXT = ("Content-Type", "text/plain")
NAME = "films"
"""What the application inside is called; it answers as that of the statements does."""
MOUNTED = "/films"
"""Where a second application stands in a middleware that mounts several."""

MADE: dict[str, Callable[[Headers], inner.Plain]] = {
    "plain": lambda headers: inner.Plain(*FILMS, headers=headers, kind=inner.OwnIterator),
    "list": lambda headers: inner.List(*FILMS, headers=headers),
    "generator": lambda headers: inner.Generator(*FILMS, headers=headers),
    "writing": lambda headers: inner.Writing(*FILMS, headers=headers),
    "failing": lambda headers: inner.Failing(*FILMS, headers=headers),
    "failing-early": lambda headers: inner.Failing(*FILMS, headers=headers, after=0),
    "correcting": lambda headers: inner.Correcting(*FILMS, headers=headers),
}
"""The applications that may stand inside."""


class Inside:
    """An application inside, with a moment for each step."""

    __exposed__: ClassVar[tuple[str, ...]] = ("call",)

    def __init__(self, kind: str, name: str, timeline: Timeline) -> None:
        self.app = MADE[kind]([TEXT])
        self.__raises__ = self.app.__raises__
        self.name = name
        self.timeline = timeline

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as a middleware may call it
        """Answer one request."""
        environ = dict(args[0]) if args and type(args[0]) is dict else {}
        self.timeline.mark("called", 1, name=self.name, environ=environ)
        result = self.working(lambda: self.app(*self.watching(args), **kwargs))
        count = f"[{len(result)}]" if type(result) is list else ""
        self.timeline.mark("returned", 1, name=self.name, text=f"{type_word(result)}{count}")
        return result if type(result) is list else Result(self, result)

    def working(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
        """Let the application work; what it raises is noted, its own end of iteration is not."""
        try:
            with self.timeline.working(self.name):
                return act()
        except (StopIteration, StudentError):
            raise
        except Exception as error:
            self.timeline.mark("raised", 1, name=self.name, text=type(error).__name__)
            raise

    def watching(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments with a start_response that notes what it is given."""
        return (*args[:1], self.starting(args[1]), *args[2:]) if len(args) > 1 else args

    def starting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return such a start_response."""

        def start_response(status: str, headers: Headers, *exc_info: Any) -> Any:  # noqa: ANN401 - what it returns
            self.timeline.mark("start_response", 1, name=self.name, status=status, headers=tuple(headers),
                               text="exc_info" if exc_info else "")  # fmt: skip
            with self.timeline.working(self.timeline.around):
                return self.writing(function(status, headers, *exc_info))

        return start_response

    def writing(self, function: Any) -> Any:  # noqa: ANN401 - whatever start_response returned
        """Return a write that notes what it is given; what cannot be called stays as it is."""
        if not inner.can_be_called(function):
            return function

        def write(data: bytes) -> Any:  # noqa: ANN401 - what it returns
            self.timeline.mark("write", 1, name=self.name, data=data, text="bytes")
            with self.timeline.working(self.timeline.around):
                return function(data)

        return write


class Result:
    """What the application inside returned, with a moment for each step."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")

    def __init__(self, inside: Inside, result: Any) -> None:  # noqa: ANN401 - any iterable that can be closed
        self.__raises__ = inside.__raises__
        self.inside = inside
        self.result = result
        self.steps: Iterator[bytes] = iter(result)

    def __iter__(self) -> Result:
        return self

    def __next__(self) -> bytes:
        chunk: bytes = self.inside.working(lambda: next(self.steps))
        self.inside.timeline.mark("chunk", 1, name=self.inside.name, data=chunk, text="bytes")
        return chunk

    def close(self) -> None:
        """Close it."""
        self.inside.timeline.mark("close", 1, name=self.inside.name)
        self.inside.working(self.result.close)
