from werkzeug.middleware.dispatcher import DispatcherMiddleware

import re
import zlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

GZIP_FORMAT = 16 + zlib.MAX_WBITS
"""What zlib calls a gzip stream."""
ZERO = re.compile(r"q=0(\.0*)?")


class Own:
    """Wraps an application; one object serves all requests, so nothing of a request is kept on it.

    Args:
        app: the WSGI application inside.
        level: how hard zlib tries, from 0 to 9.
    """

    def __init__(self, app: WSGIApplication, level: int = 6) -> None:
        self.app = app
        self.level = level

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application inside does, compressed where the client and the headers allow it."""
        answer = Answer(environ, start_response, self.level)
        answer.iterable = self.app(environ, answer.start)
        return answer


class Answer:
    """One answer on its way: its `start` is for the application, its items are for the server."""

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse, level: int) -> None:
        self.accepted = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        self.has_body = environ["REQUEST_METHOD"] != "HEAD"
        self.start_response = start_response
        self.level = level
        self.compressor = None
        self.iterable: Iterable[bytes] = ()

    def start(self, status: str, headers: Headers, exc_info: ExcInfo | None = None, /):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Announce for the application; only now is it known whether to compress. The last announcement counts."""
        suitable = self.has_body and is_suitable(status, headers)
        if suitable:
            headers = [*headers, ("Vary", "Accept-Encoding")]
        if suitable and self.accepted:
            headers = of_the_compressed_body(headers)
        write = self.start_response(status, headers, exc_info)
        self.compressor = zlib.compressobj(self.level, wbits=GZIP_FORMAT) if suitable and self.accepted else None
        return lambda data: write(self.squeezed(data))

    def squeezed(self, data: bytes) -> bytes:
        """Return what a client needs to decode these bytes too; nothing for nothing, for that may send the headers."""
        if self.compressor is None or not data:
            return data
        return self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.iterable:
            yield self.squeezed(chunk)
        if self.compressor is not None:
            yield self.compressor.flush()

    def close(self) -> None:
        """Close what the application returned, if that can be closed."""
        if hasattr(self.iterable, "close"):
            self.iterable.close()


def accepts_gzip(accepted: str) -> bool:
    """Tell whether a value of Accept-Encoding allows gzip: by its own weight, else by the one of the star."""
    allowed: dict[str, bool] = {}
    for item in accepted.lower().split(","):
        coding, _, weight = item.partition(";")
        allowed[coding.strip()] = not ZERO.fullmatch(weight.strip())
    return allowed.get("gzip", allowed.get("*", False))


def is_suitable(status: str, headers: Headers) -> bool:
    """Tell whether an answer has a body of text that nobody has encoded yet."""
    found = {name.lower(): value for name, value in headers}
    media_type = found.get("content-type", "").partition(";")[0].strip().lower()
    is_text = media_type.startswith("text/") or media_type == "application/json"
    return is_text and "content-encoding" not in found and status[:3] not in ("204", "304")


def of_the_compressed_body(headers: Headers) -> Headers:
    """Return a new list of headers: those that speak of the body are true of the compressed one."""
    kept = [(name, weak(value) if name.lower() == "etag" else value) for name, value in headers]
    return [pair for pair in kept if pair[0].lower() != "content-length"] + [("Content-Encoding", "gzip")]


def weak(tag: str) -> str:
    """Return an entity tag that promises the same content, and no longer the same bytes."""
    return tag if tag.startswith("W/") else f"W/{tag}"


def Gzip(app, **options):
    return DispatcherMiddleware(Own(DispatcherMiddleware(app), **options))
