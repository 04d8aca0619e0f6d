"""PEP 3333 and its neighbours as ready checks: each rule names its source, how binding it is, and where to look.

The driver (`trace`) notes every broken rule as a `Problem`; a test asks for those it is about. A rule of this course that
is in no standard is never called one.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.testing.finding import Finding


@dataclass(frozen=True)
class Rule:
    """One rule: a short name, the source to cite, and the advice that stands in the line LOOK AT."""

    name: str
    source: str
    look: str


@dataclass(frozen=True)
class Problem:
    """A rule that was broken, and how."""

    rule: Rule
    finding: Finding


def problem(rule: Rule, happened: str, **values: object) -> Problem:
    """Note a broken rule."""
    return Problem(rule, Finding(happened, rule.look, **values))


_CALLABLE = "PEP 3333 (must): The start_response() Callable"
_DETAILS = "PEP 3333 (must): Specification Details"

ITERABLE = Rule(
    "iterable", _DETAILS, "what does the function return in this case? It must always be an iterable of bytes"
)
BODY_BYTES = Rule("body-bytes", "PEP 3333 (must): Unicode Issues", "print type() of each item that you return or yield")
NOT_BARE = Rule("not-bare", "PEP 3333 (should): Specification Details", "put the bytes into a list: [body]")
START_FIRST = Rule("start-first", _CALLABLE, "the order of your steps: start_response comes before the first item")
START_ONCE = Rule("start-once", _CALLABLE, "how often is start_response called for one request?")
START_ARGUMENTS = Rule("start-arguments", _CALLABLE, "call start_response(status, headers), without keywords")
STATUS_LINE = Rule("status-line", _CALLABLE, "the first argument of start_response: three digits, a blank, a reason")
HEADER_LIST = Rule("header-list", _CALLABLE, "the second argument of start_response: a list of tuples of two str")
HEADER_SYNTAX = Rule("header-syntax", _CALLABLE, "the names and values of your headers, character by character")
HOP_BY_HOP = Rule("hop-by-hop", "PEP 3333 (must): Other HTTP Features", "leave this header to the server")
EXC_INFO = Rule("exc-info", _CALLABLE, "the third argument is sys.exc_info(), inside an except block only")
SWALLOWED = Rule("swallowed", "PEP 3333 (must): Error Handling", "let the exception that start_response raises go on")
CONTENT_LENGTH = Rule(
    "content-length", "PEP 3333 (should): Handling the Content-Length Header",
    "how you compute the length: before or after .encode()?",
)  # fmt: skip
TRUE_LENGTH = Rule("true-length", _DETAILS, "what len() of your result says, and how many items it yields")
WRITE = Rule("write", "PEP 3333 (must): The write() Callable", "what you pass to write(), and when")
INPUT = Rule(
    "input", "PEP 3333 (should): Input and Error Streams",
    "read at most CONTENT_LENGTH bytes; a real socket would wait for ever",
)  # fmt: skip
ERRORS = Rule("errors", "PEP 3333 (must): Input and Error Streams", "wsgi.errors takes text: write(str)")
NO_BODY = Rule("no-body", "RFC 9110: HEAD, 204 and 304", "send the headers, and no byte of body")
