"""Applications for the inside of a middleware, each legal in its own way."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from grader.channel.remote import StudentError, StudentObject
from grader.testing.announcement import Headers, type_word
from grader.testing.events import Event
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.inner.bodies import Body, SizedBody
from grader.testing.inner.start import Start, can_be_called
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


class Plain:
    """Announces ``status`` and ``headers``, and yields ``chunks``.

    Attributes:
        bodies: what it returned for each request, in the order of the calls: how many chunks were ``pulled`` from it, how
            often it was ``closed``.
        environs: what it was called with, in the same order: a copy of each dict, a reference to what is none.
        headers: given, the same list for every request; else each gets one of its own, see `some_headers`.
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
        self.headers = headers
        self.kind = kind
        self.failure = failure or Failure("the app inside failed")
        self.__raises__: tuple[type[BaseException], ...] = (type(self.failure),)
        self.bodies: list[Body] = []
        self.environs: list[Any] = []
        self.inputs: list[object] = []
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

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Return environ and start_response, if they came as they should, and for the first time.

        What is a dict only nearly can be read too: whether it is one, `environs` tells the test that is about it.
        """
        if kwargs or len(args) != 2:
            raise Finding("your middleware called the app with something else than two positional arguments",
                          "how you call the app inside: app(environ, start_response)")  # fmt: skip
        environ, start_response = args
        given = input_of(environ)
        if given is not None and any(given is known for known in self.inputs):
            raise Finding("your middleware called the app twice for the same request",
                          "how often do you call the app inside for one request?")  # fmt: skip
        self.inputs.append(given)
        self.environs.append(dict(environ) if type(environ) is dict else environ)
        return environ, start_response

    def told(self, key: str) -> Any:  # noqa: ANN401 - whatever the middleware put there
        """Return what the last environ had for a key, an empty text if nothing; it may be a dict only nearly.

        Raises:
            Finding: the application was not called.
        """
        if not self.environs:
            raise Finding("your middleware was called, and it did not call the app that the request is for",
                          "how you find the app; a function with yield in it runs at its first step only")  # fmt: skip
        environ = self.environs[-1]
        if type(environ) is dict:
            return environ.get(key, "")
        try:
            return environ[key]
        except StudentError as error:
            if error.type != KeyError.__name__:
                raise
            return ""

    def answer(self, start: Start, body: Body, _environ: dict[str, Any]) -> Any:  # noqa: ANN401 - any iterable
        """Announce, unless lazy, and return what is to be iterated."""
        steps = self.steps(start)
        if not self.lazy:
            next(steps)  # as far as the announcement
        body.chunks = chunks_only(steps)
        return body

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Yield None as soon as the answer is announced, then the chunks."""
        start(self.status, self.announced())
        yield None
        yield from self.chunks

    def announced(self) -> Headers:
        """Return the headers of an answer."""
        return some_headers() if self.headers is None else self.headers

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
        write = start(self.status, self.announced())
        if self.written and not can_be_called(write):
            raise Finding("your start_response returned {type} to the app, which wanted to call write()",
                          "what your own start_response returns: the app may want to call it",
                          type=public(type_word(write)))  # fmt: skip
        for chunk in self.chunks[: self.written]:
            self.note(start.log, "app write")
            write(chunk)
        yield None
        yield from self.chunks[self.written :]


class Failing(Writing):
    """Raises its failure after it has yielded ``after`` chunks: 0 is its first step, all of them the end of its answer.

    If that is None it fails in the call itself, before it announces anything; with ``announcing``, or if it has ``written``
    something first, after that. What is ``lazy`` does at its first step what others do in the call.
    """

    def __init__(
        self, *chunks: bytes, after: int | None = 1, announcing: bool = False, written: int = 0,
        **options: Any,  # noqa: ANN401 - as for `Plain`
    ) -> None:  # fmt: skip
        super().__init__(*chunks, written=written, **options)
        self.after = after
        self.announcing = announcing or written > 0

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, yield some chunks, and fail."""
        if self.after is not None or self.announcing:
            steps = super().steps(start)
            announced = next(steps)
            if self.after is not None:
                yield announced
                yield from itertools.islice(steps, self.after)
        raise self.failure


class Correcting(Plain):
    """Announces an error with ``exc_info`` after ``after`` chunks, with the headers ``corrected`` if they are given.

    Before the first byte has gone the server takes it; later the server raises the failure again, and the app, which has
    more to say, is stopped.
    """

    def __init__(self, *chunks: bytes, after: int = 0, corrected: Headers | None = None, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*chunks, **options)
        self.after = after
        self.corrected = corrected

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, yield some chunks, announce again, and go on."""
        start(self.status, self.announced())
        yield None
        yield from self.chunks[: self.after]
        try:
            raise self.failure
        except type(self.failure):
            start(ERROR, self.announced() if self.corrected is None else self.corrected, sys.exc_info())
        yield from self.chunks[self.after :]


class Endless(Plain):
    """Yields a few dozen unforeseen bytes, again and again; ``chunks`` are those that it has yielded so far.

    Whoever takes more than ``most`` chunks, because he wants all of them first, is told that there is no end.
    """

    def __init__(self, rng: random.Random, *, most: int = 50, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.rng = rng
        self.most = most
        self.chunks: list[bytes] = []

    def steps(self, start: Start) -> Iterator[bytes | None]:
        """Announce, and go on for ever."""
        start(self.status, self.announced())
        yield None
        while len(self.chunks) < self.most:
            self.chunks.append(b"".join(unforeseen(self.rng, 5)))
            yield self.chunks[-1]
        raise Finding("your middleware took chunk after chunk from an app that never ends",
                      "which loop of yours takes all chunks of the app before the server gets one?")  # fmt: skip


class Through(Plain):
    """A layer of the judge's that changes nothing, around another application."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__()
        self.app = app
        self.__raises__ = app.__raises__ if isinstance(app, Plain) else ()

    def answer(self, start: Start, _body: Body, environ: dict[str, Any]) -> Any:  # noqa: ANN401
        """Call the other application."""
        return self.app(environ, start.function)


def chunks_only(steps: Iterator[bytes | None]) -> Iterator[bytes]:
    """Yield the chunks of an answer."""
    for step in steps:
        if step is not None:
            yield step


def log_of(environ: object) -> list[Event]:
    """Return the trace of the conversation that an environ belongs to: its wsgi.input is the driver's own."""
    given = input_of(environ)
    return given.events if isinstance(given, Stream) else []


def input_of(environ: object) -> object:
    """Return what an environ has for wsgi.input; None without one."""
    if type(environ) is dict:
        return environ.get("wsgi.input")
    if isinstance(environ, StudentObject):
        return environ["wsgi.input"]
    raise Finding("your middleware gave the app {type} for environ, not a dict",
                  "how you call the app inside: app(environ, start_response)",
                  type=public(type_word(environ)))  # fmt: skip


def failure_of(act: Callable[[], object], app: Plain | None = None) -> BaseException | None:
    """Do something, and return the failure of an application that comes out of it; None if none does.

    Without ``app`` that is a `Failure`; with it the failure of this one, which may be any exception.
    """
    try:
        act()
    except BaseException as error:
        if error is app.failure if app else isinstance(error, Failure):
            return error
        raise
    return None
