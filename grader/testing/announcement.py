"""What an app announces through start_response: the status line and the headers, checked, and read leniently.

Lenient: an int stands for its digits, a dict for its items, a list of two for a tuple. Each oddity is noted as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.channel.remote import StudentObject, type_name
from grader.testing import rules
from grader.testing.finding import LimitReached, public
from grader.testing.rules import Problem, problem
from grader.testing.wsgi import Proxy

Headers = list[tuple[str, str]]

MAX_HEADERS, MAX_HEADER_TEXT = 500, 16 << 10
"""Headers of one announcement, and characters of their names and values together: libraries take long over more."""

STATUS = re.compile(r"\A[1-9][0-9][0-9] [^\x00-\x1f\x7f]*[^\x00-\x20\x7f]\Z")
TOKEN = re.compile(r"\A[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailer trailers transfer-encoding upgrade".split()  # noqa: SIM905
)
TYPE_WORDS = frozenset(
    """
    str bytes bytearray memoryview int float bool complex NoneType list tuple dict set frozenset generator map filter
    zip range function type list_iterator tuple_iterator BytesIO StringIO Headers dict_items
    """.split()  # noqa: SIM905
)


def type_word(value: object) -> str:
    """Return the name of a value's type, from a fixed vocabulary; any other class is "object". A proxy counts for its target."""
    value = value.target if isinstance(value, Proxy) else value
    name = type_name(value) if isinstance(value, StudentObject) else type(value).__name__
    return name if name in TYPE_WORDS else "object"


def check_size(headers: object) -> None:
    """Refuse more headers than any answer has, before anything reads them.

    Raises:
        LimitReached: there are more than `MAX_HEADERS`, or they are longer than `MAX_HEADER_TEXT`.
    """
    if type(headers) in (list, tuple, dict) and len(headers) > MAX_HEADERS:  # type: ignore[arg-type]
        raise LimitReached("headers")
    parts = [part for item in items_of(headers) if type(item) in (tuple, list) for part in item[:3]]  # type: ignore[index]
    if sum(len(part) for part in parts if type(part) in (str, bytes)) > MAX_HEADER_TEXT:
        raise LimitReached("headers")


def read_announcement(status: object, headers: object) -> tuple[str, Headers, list[Problem]]:
    """Return the status line, the headers as far as they can be read, and the rules that they break."""
    line = str(status) if type(status) in (str, int) else ""
    pairs = [pair for item in items_of(headers) if (pair := pair_of(item)) is not None]
    return line, pairs, [*status_problems(status), *header_problems(headers)]


def status_problems(status: object) -> Iterator[Problem]:
    """Check the status line."""
    if type(status) is not str:
        yield problem(rules.STATUS_LINE, "the status was {type}, not str", type=public(type_word(status)))
    elif not STATUS.match(status) or not is_latin1(status):
        yield problem(
            rules.STATUS_LINE,
            "the status line was {status}: not three digits, a blank and a reason",
            status=repr(status),
        )


def items_of(headers: object) -> list[object]:
    """Return what can be taken for the items of a header list."""
    if type(headers) is dict:
        return list(headers.items())
    return list(headers) if type(headers) in (list, tuple) else []  # type: ignore[call-overload]


def pair_of(item: object) -> tuple[str, str] | None:
    """Return what can be taken for a header's name and value."""
    if type(item) not in (tuple, list) or len(item) != 2:  # type: ignore[arg-type]
        return None
    name, value = (str(part) if type(part) in (str, int) else "" for part in item)  # type: ignore[attr-defined]
    return name, value


def header_problems(headers: object) -> Iterator[Problem]:
    """Check the header list, item by item."""
    if type(headers) is not list:
        yield problem(rules.HEADER_LIST, "the headers were {type}, not a list", type=public(type_word(headers)))
    for item in items_of(headers):
        if type(item) is not tuple or len(item) != 2:
            yield problem(
                rules.HEADER_LIST,
                "a header was a {type}; it must be a tuple with two members",
                type=public(type_word(item)),
            )
        if type(item) in (tuple, list) and len(item) == 2:  # type: ignore[arg-type]
            yield from part_problems(*item)  # type: ignore[misc]


def part_problems(name: object, value: object) -> Iterator[Problem]:
    """Check one header."""
    for part in (name, value):
        if type(part) is not str:
            yield problem(
                rules.HEADER_LIST, "the name or value of a header was {type}, not str", type=public(type_word(part))
            )
    if type(name) is not str or type(value) is not str:
        return
    if not TOKEN.match(name) or name.lower() == "status":
        yield problem(rules.HEADER_SYNTAX, "{name} cannot be the name of a header", name=repr(name))
    if CONTROL.search(value) or not is_latin1(value):
        yield problem(
            rules.HEADER_SYNTAX, "the value of the header {name} has characters that no header may have", name=name
        )
    if name.lower() in HOP_BY_HOP:
        yield problem(rules.HOP_BY_HOP, "your app sent the header {name}, which only the server may send", name=name)


def is_latin1(text: str) -> bool:
    """Tell whether a text can be sent in a status line or a header."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
