"""Facts about the keys of an environ that follow from the request: what a server did to get there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from grader.printable import printable
from grader.student.request import Request

FIRST = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "wsgi.input")
SHOWN = 20
"""Headers that are shown."""


class Speaker(Protocol):
    """Who says a text in the reader's language."""

    def word(self, key: str, **values: object) -> str:
        """Return a text."""


def follows(key: str) -> bool:
    """Tell whether a key follows from the request alone."""
    return key in FIRST or key.startswith("HTTP_")


def rows_of(request: Request, environ: Mapping[str, object], speaker: Speaker) -> Iterator[tuple[str, str]]:
    """Yield the keys that follow from a request, in the order in which they are read, each with a fact about it."""
    facts = {
        "REQUEST_METHOD": speaker.word("the first word of the request"),
        "SCRIPT_NAME": speaker.word("empty: the application stands at the root of the address"),
        "PATH_INFO": about_path(request, speaker),
        "QUERY_STRING": about_query(request, speaker),
        "CONTENT_TYPE": speaker.word("the header Content-Type; this key has no HTTP_ in front"),
        "CONTENT_LENGTH": speaker.word("text, and a number of bytes: so many may be read from wsgi.input"),
        "wsgi.input": speaker.word("the body as a stream of {count} bytes", count=len(request.body)),
    }
    yield from ((key, facts[key]) for key in FIRST if key in environ)
    names = {f"HTTP_{name.upper().replace('-', '_')}": name for name, _ in request.headers}
    for key in sorted(names)[:SHOWN]:
        if key in environ:
            yield key, speaker.word("the header {name}", name=printable(names[key], 60))


def about_path(request: Request, speaker: Speaker) -> str:
    """Say how the bytes of a path got into a str (PEP 3333: Unicode Issues)."""
    path = request.path
    if path.isascii():
        return speaker.word("the path up to the question mark, percent-decoded")
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return speaker.word(
            "{count} bytes that are not UTF-8; each stands here as one latin-1 character", count=len(path)
        )
    return speaker.word(
        "{count} bytes of UTF-8; each stands here as one latin-1 character, and .encode('latin-1').decode() gives {text}",
        count=len(path), text=printable(text),
    )  # fmt: skip


def about_query(request: Request, speaker: Speaker) -> str:
    """Say what a query string is before anybody decodes it."""
    if not request.query:
        return speaker.word("empty: nothing follows a question mark")
    pairs = parse_qsl(request.query, keep_blank_values=True, errors="replace", max_num_fields=1000)
    return speaker.word("still percent-encoded, as it came; parse_qsl makes {pairs} of it",
                        pairs=printable(repr(pairs[:SHOWN])))  # fmt: skip
