"""One request as a student types it: the bytes that a client sends for it, and the environ that a server makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from grader.errors import Misuse
from grader.printable import printable
from grader.testing.announcement import CONTROL, TOKEN
from grader.testing.wsgi import make_environ

HOST = "films.example"
FORM = "application/x-www-form-urlencoded"
KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
IN_PATH = "/%:@!$&'()*+,;=~-._"
IN_QUERY = IN_PATH + "?[]"
LONGEST = 8000
"""Characters of a path, a header or a body that is typed: no shell makes it easy to type more."""
BLANKS = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Request:
    """One request. ``target`` is ASCII; headers are latin-1, in the order in which they are sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def __str__(self) -> str:
        """Return it in one line, as a person would write it."""
        return f"{self.method} {readable(self.target)}"

    @property
    def path(self) -> bytes:
        """The bytes of the path after percent-decoding."""
        return unquote_to_bytes(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """What follows the first question mark, still percent-encoded."""
        return self.target.partition("?")[2]

    def wire(self) -> bytes:
        """Return the request as a client writes it to the socket (RFC 9112: Message Format)."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def environ(self) -> dict[str, object]:
        """Return the environ of it; a header that comes twice is joined with commas (RFC 9110: Field Lines)."""
        joined: dict[str, str] = {}
        names: dict[str, str] = {}
        for name, value in self.headers:
            first = names.setdefault(name.lower(), name)
            joined[first] = f"{joined[first]}, {value}" if first in joined else value
        return make_environ(
            self.method, "/", query=self.query, body=self.body, headers=joined,
            environ={"PATH_INFO": self.path.decode("latin-1")},
        )  # fmt: skip


def typed(method: str, address: str, headers: Iterable[str] = (), data: str | None = None) -> Request:
    """Return the request that the words of a command line mean.

    Text in the path and the query is percent-encoded as UTF-8, as browsers do; what is encoded already stays as it is.

    Raises:
        Misuse: no client could send it.
    """
    method = method.upper() if method.upper() in KNOWN else method
    if not TOKEN.match(method) or len(method) > LONGEST:
        raise Misuse("{method} is no method of HTTP; write a word such as GET or POST", method=repr(printable(method)))
    body = as_bytes(data or "")
    if len(body) > LONGEST:
        raise Misuse("the body has more than {most} bytes; for a trace take a shorter one", most=LONGEST)
    given = [header(line) for line in headers]
    names = {name.lower() for name, _ in given}
    usual = [("Host", HOST), ("Connection", "close")]
    if data is not None:
        usual += [("Content-Type", FORM), ("Content-Length", str(len(body)))]
    sent = [pair for pair in usual if pair[0].lower() not in names]
    return Request(method, target(address), (*sent, *given), body)


def target(address: str) -> str:
    """Return an address as it stands in the request line."""
    shown = repr(printable(address))
    if len(address) > LONGEST:
        raise Misuse("the path has more than {most} characters; take a shorter one", most=LONGEST)
    if not address.startswith("/"):
        raise Misuse(
            "the path {path} does not begin with a slash; write it without a host, as in /search?q=1", path=shown
        )
    if BLANKS.search(address):
        raise Misuse("the path {path} has a blank or a control character; no request line may, so write %20 for a blank",
                     path=shown)  # fmt: skip
    if "#" in address:
        raise Misuse(
            "the path {path} has a #; a browser keeps what follows it, so leave it out, or write %23", path=shown
        )
    path, mark, query = address.partition("?")
    return quote(as_bytes(path), IN_PATH) + mark + quote(as_bytes(query), IN_QUERY)


def header(line: str) -> tuple[str, str]:
    """Return name and value of a header; text that is not latin-1 is sent as UTF-8."""
    name, colon, value = line.partition(":")
    value = value.strip(" \t")
    if not colon or not TOKEN.match(name) or CONTROL.search(value) or len(line) > LONGEST:
        raise Misuse('{header} is no header; write it as in "Accept-Language: zh"', header=repr(printable(line)))
    return name, as_bytes(value).decode("latin-1")


def as_bytes(text: str) -> bytes:
    """Return a word of the command line as UTF-8; bytes that were none come as they were typed."""
    return text.encode("utf-8", "surrogateescape")


def readable(target: str) -> str:
    """Return an address as people read it, where its bytes are UTF-8."""
    try:
        return printable(unquote_to_bytes(target).decode())
    except UnicodeDecodeError:
        return target
