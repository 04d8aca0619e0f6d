"""A1: the greeting of the watch-list, in the four shapes that a WSGI application can take."""

from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

BODY = "影单 watch-list\n".encode()


def announce(start_response: StartResponse) -> None:
    """Give the server the status line and a new list of headers."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ: WSGIEnvironment) -> list[bytes]:
    """Return the body in chunks: none for HEAD, which asks for the headers only."""
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer as a function: everything happens in the call."""
    announce(start_response)
    return chunks(environ)


def app_generator(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Answer as a generator function: nothing happens before the first step of the iteration."""
    announce(start_response)
    yield from chunks(environ)


class AppClass:
    """Answer as a class: each request makes an instance, and the instance is the iterable."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        announce(start_response)
        self.chunks = chunks(environ)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)


class Greeting:
    """Answer as an object: one instance serves every request, so it keeps nothing between them."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer one request, as the function does."""
        announce(start_response)
        return chunks(environ)


app_instance = Greeting()
