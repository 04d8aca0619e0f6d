"""Talks to a host's REST API: JSON in both directions, each answer bounded in size and time, the token for this host only."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from grader.errors import EngineFault, UsageError
from grader.printable import printable

LARGEST = 16 << 20
"""Bytes of one answer, where nothing else is said."""
CONNECT, READ, WHOLE = 10, 30, 120.0
"""Seconds until a connection stands, between two pieces of an answer, and for all of one."""
TRIES, PAUSE = 3, 20.0
"""How often is asked what only reads, and the seconds at most between two tries."""
BUSY = frozenset({429, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NotThere(EngineFault):
    """The host knows nothing of that address."""


class TooLong(EngineFault):
    """The host's answer is longer than it may be."""


class Bearer(AuthBase):
    """Sends a token, and nothing that a file on the machine has for the same host."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass
class Api:
    """A REST API at an address without a slash at its end. No redirect is followed."""

    address: str
    token: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise UsageError(f"{printable(self.address)}: an API is asked by https only, for a token goes there")
        self.session = requests.Session()

    def get(self, path: str, most: int = LARGEST, /, **query: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return what is at a path below the address.

        Raises:
            NotThere: there is nothing.
            EngineFault: there is no answer, too long a one, or one that is no JSON.
        """
        for left in range(TRIES - 1, -1, -1):
            status, body, wait = self.ask("GET", path, most, query=query)
            if status not in BUSY or not left:
                return self.answer("GET", path, status, body)
            time.sleep(wait)
        raise AssertionError

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Send JSON, and return the answer; once only, for nobody knows whether a failed one did something.

        Raises:
            EngineFault: it was not accepted.
        """
        status, body, _ = self.ask(method, path, LARGEST, content=content)
        return self.answer(method, path, status, body)

    def ask(self, method: str, path: str, most: int, *, query: Mapping[str, str | int] | None = None,
            content: Mapping[str, Any] | None = None) -> tuple[int, bytes, float]:  # fmt: skip
        """Return status, body, and the seconds after which it may be tried again."""
        try:
            with self.session.request(
                method, f"{self.address}/{path}", params=query, json=content, headers=dict(self.headers),
                auth=Bearer(self.token), timeout=(CONNECT, READ), stream=True, allow_redirects=False,
            ) as response:  # fmt: skip
                return response.status_code, bounded(response, path, most), pause(response.headers)
        except requests.RequestException as error:
            raise EngineFault(f"{method} {path}: no answer of the host ({type(error).__name__})") from None

    def answer(self, method: str, path: str, status: int, body: bytes) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of an answer that says yes."""
        if status in (404, 410, 422) and method == "GET":
            raise NotThere(f"{method} {path}: the host knows nothing of it (status {status})")
        if not 200 <= status < 300:
            raise EngineFault(f"{method} {path}: the host answers with status {status}{remedy(status)}")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise EngineFault(f"{method} {path}: the host's answer is no JSON") from None


def bounded(response: requests.Response, path: str, most: int) -> bytes:
    """Read an answer, ``most`` bytes of it at most."""
    until = time.monotonic() + WHOLE
    body = bytearray()
    for piece in response.iter_content(1 << 16):
        body += piece
        if len(body) > most:
            raise TooLong(f"{path}: the host's answer is longer than {most} bytes")
        if time.monotonic() > until:
            raise EngineFault(f"{path}: the host's answer takes longer than {WHOLE:g} seconds")
    return bytes(body)


def pause(headers: Mapping[str, str]) -> float:
    """Return the seconds after which a host wants to be asked again."""
    said = headers.get("Retry-After", "")
    return min(PAUSE, float(said)) if said.isascii() and said.isdigit() else 1.0


def remedy(status: int) -> str:
    """Say what helps against some refusals."""
    if status == 401:
        return ": the token is not valid"
    if status == 403:
        return ": the token may not do this, or asked too often; look at the permissions of the job"
    if 300 <= status < 400:
        return ": it has moved; name the repository as it is called now"
    return ""
