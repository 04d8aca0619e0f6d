"""B1: a middleware that gives every request an id, and says so on both sides of it."""

import re
import uuid
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "yingdan.request_id"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def new_id() -> str:
    """Return an id that no request had before."""
    return uuid.uuid4().hex


class RequestId:
    """Wraps an application; one object serves all requests, so nothing of a request is kept on it.

    Args:
        app: the WSGI application inside.
        header: the name of the header that carries the id, in requests and in answers.
        make_id: makes an id where the request brings none that can be accepted.
    """

    def __init__(
        self, app: WSGIApplication, header: str = "X-Request-ID", make_id: Callable[[], str] | None = None
    ) -> None:
        self.app = app
        self.header = header
        self.variable = "HTTP_" + header.upper().replace("-", "_")
        self.make_id = new_id if make_id is None else make_id

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application inside does, with the id in its environ and in its headers."""
        request_id = self.choose(environ.get(self.variable, ""))
        environ[KEY] = request_id

        def start_with_id(status, headers, exc_info=None, /):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return start_response(status, self.marked(headers, request_id), exc_info)

        return self.app(environ, start_with_id)

    def choose(self, incoming: str) -> str:
        """Return the id that came with a request if it is one, else a new one."""
        return incoming if ACCEPTED.fullmatch(incoming) else self.make_id()

    def marked(self, headers: list[tuple[str, str]], request_id: str) -> list[tuple[str, str]]:
        """Return a new list: the headers in their order, with the id in place of any other one."""
        others = [(name, value) for name, value in headers if name.lower() != self.header.lower()]
        return [*others, (self.header, request_id)]
