"""Applications of the judge's for the inside of a middleware. Each is legal in its own way, and notes what is done to it.

    app = inner.Plain(b"one", b"two", lazy=True)
    seen = trace(submission.RequestId(app), "GET", "/", stop_after=1)
    assert app.bodies[0].pulled == 1, "who asks the app for more than the server asks for?"
    assert app.bodies[0].closed == 1, "who closes the iterable that the app returned?"

| class        | what it does                                                                                          |
|--------------|-------------------------------------------------------------------------------------------------------|
| `Plain`      | announces in the call, or with ``lazy=True`` at its first step; returns an iterable with ``close()``    |
| `Generator`  | returns a generator, which announces at its first step; nobody notes what is done to that             |
| `List`       | returns a list: it has a length and no ``close()``                                                      |
| `Sized`      | returns an iterable with a length and ``close()``                                                       |
| `Writing`    | sends its first chunks by ``write()``                                                                   |
| `Failing`    | raises ``app.failure`` in the call, or after some chunks                                                |
| `Correcting` | announces an error with ``exc_info``, in time or too late                                                 |
| `Through`    | a layer that changes nothing, around another application: middlewares can be nested                   |

What happens inside stands in the conversation's trace too. A middleware that treats its application as no server may is
told so by a `Finding`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from grader.channel.remote import StudentError, StudentObject, has_operation
from grader.testing.announcement import Headers, type_word
from grader.testing.events import Event
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.wsgi import Stream

MOST = 5_000
"""Events that one application takes part in."""
OK, ERROR = "200 OK", "500 Internal Server Error"
CHUNKS = (b"one ", b"", b"two ", b"three ")
"""What an application yields if nothing else is said; an empty chunk is legal too."""


def some_headers() -> Headers:
    """Return headers that have to come through as they are, in this order: one name stands twice."""
    return [("Set-Cookie", "a=1"), ("Content-Type", "text/plain"), ("set-cookie", "b=2"), ("X-Films", "12")]


def unforeseen(rng: random.Random, count: int = 3) -> list[bytes]:
    """Return chunks that nobody knew before."""
    return [f"{rng.getrandbits(32):08x} ".encode() for _ in range(count)]


class Failure(RuntimeError):
    """What an application raises: it crosses as a RuntimeError, and comes home as itself."""


class Body:
    """An iterable with ``close()`` whose iterator is another object."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "close")

    def __init__(self, app: Plain, log: list[Event]) -> None:
        self.__raises__ = app.__raises__
        self.app = app
        self.log = log
        self.chunks: Iterator[bytes] = iter(())
        self.pulled = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return Steps(self)

    def pull(self) -> bytes:
        """Produce the next chunk."""
        self.pulled += 1
        self.app.note(self.log, "app next")
        return next(self.chunks)

    def close(self) -> None:
        """Count."""
        self.closed += 1
        self.app.note(self.log, "app closed")


class Steps:
    """The iterator of a `Body`; it cannot be closed."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next")

    def __init__(self, body: Body) -> None:
        self.__raises__ = body.__raises__
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self.body.pull()


class OwnIterator(Body):
    """An iterable with ``close()`` that is its own iterator, as files and generators are."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self.pull()


class SizedBody(Body):
    """An iterable with ``close()`` and a length."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "close", "__len__")

    def __len__(self) -> int:
        return len(self.app.chunks)


class Plain:
    """Announces ``status`` and ``headers``, the same list for every request, and yields ``chunks``.

    Attributes:
        bodies: what it returned for each request, in the order of the calls: how many chunks were ``pulled`` from it, how
            often it was ``closed``.
        environs: what it was called with, in the same order.
        meanwhile: is called once, in the next call, before anything else: another request can be made there.
        failure: what `Failing` and `Correcting` raise.
    """

    __exposed__: ClassVar[tuple[str, ...]] = ("call",)

    def __init__(
        self, *chunks: bytes, lazy: bool = False, status: str = OK, headers: Headers | None = None,
        kind: type[Body] = Body, failure: BaseException | None = None,
    ) -> None:  # fmt: skip
        self.chunks: Sequence[bytes] = chunks or CHUNKS
        self.lazy = lazy
        self.status = status
        self.headers = some_headers() if headers is None else headers
        self.kind = kind
        self.failure = failure or Failure("the app inside failed")
        self.__raises__: tuple[type[BaseException], ...] = (type(self.failure),)
        self.bodies: list[Body] = []
        self.environs: list[dict[str, Any]] = []
        self.meanwhile: Callable[[], object] | None = None
        self._events = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as a middleware may call it
        """Answer one request."""
        environ, start_response = self.arguments(args, kwargs)
        body = self.kind(self, log_of(environ))
        self.bodies.append(body)
        self.note(body.log, "app called")
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()
        return self.answer(Start(start_response, self, body.log), body, environ)

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """Return environ and start_response, if they came as they should, and for the first time."""
        if kwargs or len(args) != 2:
            raise Finding("your middleware called the app with something else than two positional arguments",
                          "how you call the app inside: app(environ, start_response)")  # fmt: skip
        environ, start_response = args
        if type(environ) is not dict:
            raise Finding("your middleware gave the app {type} for environ, not a dict",
                          "environ is a dict itself, no object that behaves like one",
                          type=public(type_word(environ)))  # fmt: skip
        given = environ.get("wsgi.input")
        if given is not None and any(given is known.get("wsgi.input") for known in self.environs):
            raise Finding("your middleware called the app twice for the same request",
                          "how often do you call the app inside for one request?")  # fmt: skip
        self.environs.append(dict(environ))
        return environ, start_response

    def answer(self, start: Start, body: Body, _environ: dict[str, Any]) -> Any:  # noqa: ANN401 - any iterable
        """Announce, unless lazy, and return what is to be iterated."""
        steps = self.steps(start)
        if not self.lazy:
            next(steps)  # as far as the announcement
        body.chunks = chunks_only(steps)
        return body

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Yield None as soon as the answer is announced, then the chunks."""
        start(self.status, self.headers)
        yield None
        yield from self.chunks

    def note(self, log: list[Event], kind: str) -> None:
        """Note an event in the conversation's trace; there is an end to how many."""
        self._events += 1
        if self._events > MOST:
            raise LimitReached("app inside")
        log.append(Event(kind))


class Generator(Plain):
    """Returns a generator, which announces at its first step. What is done to it is not noted."""

    def answer(self, start: Start, _body: Body, _environ: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return the generator."""
        return chunks_only(self.steps(start))


class List(Plain):
    """Returns a list: it has a length, and no ``close()``."""

    def answer(self, start: Start, _body: Body, _environ: dict[str, Any]) -> Any:  # noqa: ANN401
        """Announce, and return the list."""
        return list(chunks_only(self.steps(start)))


class Sized(Plain):
    """Returns an iterable with a length and ``close()``."""

    def __init__(self, *chunks: bytes, **options: Any) -> None:  # noqa: ANN401 - as for `Plain`
        super().__init__(*chunks, kind=SizedBody, **options)


class Writing(Plain):
    """Sends the first ``written`` chunks by ``write()`` and yields the others."""

    def __init__(self, *chunks: bytes, written: int = 1, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*chunks, **options)
        self.written = written

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, write, and yield what is left."""
        write = start(self.status, self.headers)
        if not can_be_called(write):
            raise Finding("your start_response returned {type} to the app, which wanted to call write()",
                          "what your own start_response returns: the app may want to call it",
                          type=public(type_word(write)))  # fmt: skip
        for chunk in self.chunks[: self.written]:
            self.note(start.log, "app write")
            write(chunk)
        yield None
        yield from self.chunks[self.written :]


class Failing(Plain):
    """Raises its failure after ``after`` chunks; in the call itself if that is None."""

    def __init__(self, *chunks: bytes, after: int | None = 1, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*chunks, **options)
        self.after = after

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, yield some chunks, and fail."""
        if self.after is None:
            raise self.failure
        start(self.status, self.headers)
        yield None
        yield from self.chunks[: self.after]
        raise self.failure


class Correcting(Plain):
    """Announces an error with ``exc_info`` after ``after`` chunks.

    Before the first byte has gone the server takes it; later the server raises the failure again, and the app, which has
    more to say, is stopped.
    """

    def __init__(self, *chunks: bytes, after: int = 0, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*chunks, **options)
        self.after = after

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, yield some chunks, announce again, and go on."""
        start(self.status, self.headers)
        yield None
        yield from self.chunks[: self.after]
        try:
            raise self.failure
        except type(self.failure):
            start(ERROR, self.headers, sys.exc_info())
        yield from self.chunks[self.after :]


class Through(Plain):
    """A layer of the judge's that changes nothing, around another application."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__()
        self.app = app
        self.__raises__ = app.__raises__ if isinstance(app, Plain) else ()

    def answer(self, start: Start, _body: Body, environ: dict[str, Any]) -> Any:  # noqa: ANN401
        """Call the other application."""
        return self.app(environ, start.function)


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


def chunks_only(steps: Iterator[bytes | None]) -> Iterator[bytes]:
    """Yield the chunks of an answer."""
    for step in steps:
        if step is not None:
            yield step


def log_of(environ: dict[str, Any]) -> list[Event]:
    """Return the trace of the conversation that an environ belongs to: its wsgi.input is the driver's own."""
    given = environ.get("wsgi.input")
    return given.events if isinstance(given, Stream) else []


def can_be_called(thing: object) -> bool:
    """Tell whether something can be called; a reference says so of the object that it stands for."""
    return has_operation(thing, "call") if isinstance(thing, StudentObject) else callable(thing)


def failure_of(act: Callable[[], object]) -> BaseException | None:
    """Do something, and return the failure of an application that comes out of it; None if none does."""
    try:
        act()
    except Failure as error:
        return error
    return None
