"""What a submission gives a real application for environ: it is refused, or becomes a request that no framework stumbles over."""

from __future__ import annotations

import functools
import io
from typing import Any

from grader.testing.finding import Finding
from grader.testing.inner import frameworks
from tests.fuzz.source import Source

KEYS = (
    *frameworks.SHAPES, "wsgi.input", "wsgi.errors", "wsgi.file_wrapper", "wsgi.input_terminated", "CONTENT_LENGTH",
    "werkzeug.request", "HTTP_X_FORWARDED_HOST", "HTTP_COOKIE", "SCRIPT_URL", "REDIRECT_URL", "films.word",
)  # fmt: skip
WORDS = (
    "GET", "HEAD", "/films/7", "/films/", "//films/7", "/films/7/", "films.example", "[::1]:80", "a..b", "80", "HTTP/1.1", "http",
    "/\xe5\xbd\xb1", "/\xff", "/%", "/a\nb", "/films/" + "9" * 900, "x" * 2000, "?", "",
)  # fmt: skip
RIGHT = {
    "REQUEST_METHOD": "GET", "SERVER_NAME": "films.example", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http", "SCRIPT_NAME": "/site", "PATH_INFO": "/films/7", "QUERY_STRING": "", "HTTP_HOST": "films.example",
}  # fmt: skip
SEEDS = (
    bytes(30),
    *(bytes([7, place, 1, 5, word, 0, 0]) for place in range(9) for word in range(0, 20, 3)),
    bytes(range(200)),
)
KEPT = {
    *frameworks.SHAPES,
    "wsgi.version",
    "wsgi.input",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
}


@functools.cache
def applications() -> dict[str, frameworks.Application]:
    """Load the frameworks once."""
    return frameworks.installed()


def check(data: bytes) -> None:
    """Check one environ."""
    source = Source(data)
    environ: dict[Any, Any] = dict(RIGHT)
    for _ in range(source.number(6)):
        environ[source.pick(KEYS)] = value(source)
    try:
        request = frameworks.request_of(environ)
    except Finding:
        return
    assert set(request) <= KEPT, request
    for key in frameworks.SHAPES:
        text = request.get(key, "")
        assert type(text) is str, key
        assert len(text) <= frameworks.LONGEST, key
        assert "\n" not in text, key
    assert type(request["wsgi.input"]) is io.BytesIO
    for application in applications().values():
        status, headers, body = frameworks.answered(application, request | {frameworks.WORD: "word"})
        assert status[:3] in ("200", "308", "400", "404"), status
        assert all(type(name) is type(text) is str for name, text in headers)
        assert len(body) < 5_000


def value(source: Source) -> object:
    """Return something for a value."""
    if source.maybe():
        return source.pick(WORDS)
    if source.maybe():
        return "/" + source.text(30)
    return source.pick((source.text(30), source.number(9), b"/films", ["/"], None, object(), text_of_its_own()))


def text_of_its_own() -> object:
    """Return a text of a class of its own."""
    return type("Text", (str,), {"encode": lambda _text, *_: 1 / 0})("/films/7")
