"""What an application inside returns: iterables that note what is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from grader.testing.events import Event

if TYPE_CHECKING:
    from grader.testing.inner.apps import Plain


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

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> bytes:
        return self.body.pull()


class OwnIterator(Body):
    """An iterable with ``close()`` that is its own iterator, as files and generators are."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "next", "close")

    def __iter__(self) -> OwnIterator:
        return self

    def __next__(self) -> bytes:
        return self.pull()


class Unready(Body):
    """An iterable with ``close()`` that fails with the app's failure when it is asked for an iterator."""

    def __iter__(self) -> Iterator[bytes]:
        raise self.app.failure


class SizedBody(Body):
    """An iterable with ``close()`` and a length."""

    __exposed__: ClassVar[tuple[str, ...]] = ("iter", "close", "__len__")

    def __len__(self) -> int:
        return len(self.app.chunks)
