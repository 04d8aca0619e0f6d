"""B2: a middleware that turns what an application raises into an answer, as long as there is time for one."""

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class ErrorGuard:
    """Wraps an application; one object serves all requests, so nothing of a request is kept on it.

    Args:
        app: the WSGI application inside.
        body: the whole body of the answer to a request that failed.
    """

    def __init__(self, app: WSGIApplication, body: bytes = b"Internal Server Error\n") -> None:
        self.app = app
        self.body = body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application inside does, until it fails."""
        errors = environ["wsgi.errors"]

        def give_up() -> list[bytes]:
            """Report the exception that is being handled; the server raises it again if it is too late for an answer."""
            traceback.print_exc(file=errors)
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
            return [self.body]

        try:
            iterable = self.app(environ, start_response)
        except Exception:  # noqa: BLE001 - whatever it is, but for what ends the process
            return give_up()
        return Guarded(iterable, give_up)


class Guarded:
    """The iterable of one answer: what the application yields, or after an exception what ``give_up`` returns."""

    def __init__(self, iterable: Iterable[bytes], give_up: Callable[[], list[bytes]]) -> None:
        self.iterable = iterable
        self.give_up = give_up
        self.iterator: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self.iterator is None:
                self.iterator = iter(self.iterable)
            return next(self.iterator)
        except StopIteration:
            raise
        except Exception:  # noqa: BLE001
            self.iterator = iter(self.give_up())
            return next(self.iterator)

    def close(self) -> None:
        """Close what the application returned, whatever was sent in its place."""
        if hasattr(self.iterable, "close"):
            self.iterable.close()
