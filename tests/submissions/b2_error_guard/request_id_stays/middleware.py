import re
import uuid

KEY = "yingdan.request_id"
GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestId:
    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app
        self.header = header
        self.key = "HTTP_" + header.upper().replace("-", "_")
        self.make_id = make_id or (lambda: uuid.uuid4().hex)

    def __call__(self, environ, start_response):
        incoming = environ.get(self.key, "")
        request_id = environ[KEY] = incoming if GOOD.fullmatch(incoming) else self.make_id()

        def start(status, headers, exc_info=None):
            others = [(name, value) for name, value in headers if name.lower() != self.header.lower()]
            return start_response(status, [*others, (self.header, request_id)], exc_info)

        return self.app(environ, start)


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


def demo(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"films\n"]


application = RequestId(ErrorGuard(demo))
