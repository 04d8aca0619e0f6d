"""What the body of an answer says: an HTML page read by a parser, JSON and CSV read strictly, a media type, where a link leads.

Pages are compared by what a browser makes of them, never as text. They come from the submission, so reading one takes
time and memory in proportion to its size, whatever is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, NoReturn
from urllib.parse import unquote, urljoin, urlsplit

from grader.testing.finding import Finding

MAX_PAGE = 128 << 10
"""Characters of the longest page that is read, and bytes of the longest CSV."""
MAX_TOKEN = 32 << 10
"""Characters of the longest tag, comment or script. The parser begins each of them anew whenever more of it arrives."""
STEP = 1 << 10
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
UNSEEN = frozenset({"script", "style"})
LISTS = frozenset({"ul", "ol", "menu"})
FIELD = re.compile(r'"[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+')
"""A field of CSV, in quotes or not (RFC 4180, section 2). Nothing can be matched in two ways, so time is linear."""


@dataclass(frozen=True)
class Element:
    """An element of a page. ``inside`` are the places of the elements in it, ``said`` those of the text in it."""

    page: Page
    tag: str
    attributes: Mapping[str, str]
    inside: range
    said: range

    @property
    def text(self) -> str:
        """The text that a browser shows for it; any run of blanks counts as one."""
        return collapsed(self.page.parts[self.said.start : self.said.stop])

    def all(self, tag: str) -> list[Element]:
        """Return the elements of a kind in it."""
        return [element for element in self.page.elements[self.inside.start : self.inside.stop] if element.tag == tag]


@dataclass(frozen=True)
class Page:
    """An HTML page: its elements in the order in which they begin, and the parts of its text."""

    elements: list[Element]
    parts: list[str]

    @property
    def text(self) -> str:
        """The text that a browser shows, the title included; any run of blanks counts as one."""
        return collapsed(self.parts)

    @property
    def structure(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tag and the names of the attributes of each element: what no text on the page can change."""
        return [(element.tag, tuple(sorted(element.attributes))) for element in self.elements]

    def all(self, tag: str) -> list[Element]:
        """Return the elements of a kind."""
        return [element for element in self.elements if element.tag == tag]

    def having(self, attribute: str) -> list[Element]:
        """Return the elements that have an attribute."""
        return [element for element in self.elements if attribute in element.attributes]

    def with_class(self, tag: str, name: str) -> list[Element]:
        """Return the elements of a kind that are of a class, whatever other classes they are of."""
        return [element for element in self.all(tag) if name in element.attributes.get("class", "").split()]

    def target(self, link: Element, url: str) -> str:
        """Return where a link leads on the page that was got from a URL (see `target`); ``<base href>`` counts."""
        bases = [element.attributes["href"] for element in self.all("base") if "href" in element.attributes]
        return target(link.attributes.get("href", ""), joined(url, bases[0]) if bases else url)


def read_page(body: bytes) -> Page:
    """Read an HTML page, encoded in UTF-8, as a browser would: tags may be left open, quotes may be missing.

    Raises:
        Finding: the page is too long, or is no HTML at all.
    """
    text = body.decode("utf-8", "replace")
    if len(text) > MAX_PAGE:
        raise Finding("the page was much longer than what it has to say", "how often does each part stand on the page?")
    reader = _Reader()
    try:
        for start in range(0, len(text), STEP):
            reader.feed(text[start : start + STEP])
            if len(reader.rawdata) > MAX_TOKEN:
                unreadable()
        reader.close()
    except AssertionError:  # what HTMLParser raises for a declaration that is none
        unreadable()
    return reader.page()


def unreadable() -> NoReturn:
    """Refuse a page."""
    raise Finding("the page could not be read as HTML", "is there a tag, a quote or a comment that is never closed?")


class _Reader(HTMLParser):
    """Notes where elements begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.made = Page([], [])
        self.begun: list[tuple[str, dict[str, str], int]] = []
        self.ends: list[tuple[int, int]] = []
        self.open: list[int] = []
        self.count: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; of an attribute that stands twice the first one counts, as in browsers."""
        if tag == "li":
            self.end_item()
        self.open.append(len(self.begun))
        self.count[tag] = self.count.get(tag, 0) + 1
        self.begun.append((tag, {name: value or "" for name, value in reversed(attrs)}, len(self.made.parts)))
        self.ends.append((0, 0))
        if tag in VOID:
            self.end()

    handle_startendtag = handle_starttag
    """A slash before the end of a tag means nothing in HTML."""

    def handle_endtag(self, tag: str) -> None:
        """End an element with those in it that were left open; an end without a beginning means nothing."""
        while self.count.get(tag):
            if self.end() == tag:
                break

    def handle_data(self, data: str) -> None:
        """Take text that a browser shows."""
        if not (self.open and self.begun[self.open[-1]][0] in UNSEEN):
            self.made.parts.append(data)

    def end_item(self) -> None:
        """End the item of the same list that was left open, as a new item does."""
        for place in reversed(self.open[-16:]):
            tag = self.begun[place][0]
            if tag in LISTS:
                return
            if tag == "li":
                self.handle_endtag(tag)
                return

    def end(self) -> str:
        """End the innermost element."""
        place = self.open.pop()
        self.ends[place] = len(self.begun), len(self.made.parts)
        tag = self.begun[place][0]
        self.count[tag] -= 1
        return tag

    def page(self) -> Page:
        """Return what was read; what is still open ends with the page."""
        while self.open:
            self.end()
        for place, ((tag, attributes, text), (inside, said)) in enumerate(zip(self.begun, self.ends, strict=True)):
            self.made.elements.append(Element(self.made, tag, attributes, range(place + 1, inside), range(text, said)))
        return self.made


def collapsed(parts: Iterable[str]) -> str:
    """Return text with single blanks."""
    return " ".join("".join(parts).split())


def read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever it stands for
    """Read JSON strictly: UTF-8, no NaN, no name twice in an object.

    Raises:
        Finding: it is none.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=refused, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Finding("the body is not JSON", "json.dumps() writes it; what else is in the body?") from None


def refused(word: str) -> NoReturn:
    """Refuse a word that Python writes, but JSON does not know."""
    raise ValueError(word)


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object each of whose names stands once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def read_csv(body: bytes) -> list[list[str]]:
    """Read CSV as RFC 4180 has it: every line ends with CRLF, the last one too; nothing is stripped. UTF-8, no BOM.

    Raises:
        Finding: it is none, or is too long.
    """
    if len(body) > MAX_PAGE:
        raise Finding("the file was much longer than what it has to say", "how often does each line stand in it?")
    try:
        text = body.decode("utf-8")
    except ValueError:
        raise Finding("the body is not UTF-8", "how text becomes bytes: .encode()") from None
    lines: list[list[str]] = []
    place = 0
    while place < len(text):
        lines.append([])
        end = ","
        while end == ",":
            found = FIELD.match(text, place)
            assert found, "an empty field is one too"
            lines[-1].append(found[0][1:-1].replace('""', '"') if found[0].startswith('"') else found[0])
            end = text[found.end() : found.end() + 1]
            place = found.end() + 1
        if text[place - 1 : place + 1] != "\r\n":
            raise Finding(
                "the body is not CSV", "csv.writer() writes it: how do lines end, and which fields need quotes?"
            )
        place += 1
    return lines


def same_data(one: object, other: object) -> bool:
    """Tell whether two values are the same JSON; ``True``, ``1``, ``1.0`` and ``"1"`` are four."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def media_type(value: str | None) -> tuple[str, str]:
    """Return type and charset of a Content-Type, lower-case and without blanks; what is missing is empty."""
    kind, *parameters = (value or "").lower().split(";")
    named = dict(reversed([(name.strip(), text) for name, _, text in (part.partition("=") for part in parameters)]))
    return kind.strip(), named.get("charset", "").strip().strip('"')


def target(address: str, url: str) -> str:
    """Return where an address leads from a URL: absolute, without query and fragment, percent-escapes decoded.

    ``/%E7%94%B5`` and ``/电`` are one place, and so are a host with and without ``:80``. Empty if it is no address.
    """
    try:
        found = urlsplit(joined(url, address))
        return f"{found.scheme}://{found.netloc.lower().removesuffix(':80')}{unquote(found.path) or '/'}"
    except ValueError:
        return ""


def joined(url: str, address: str) -> str:
    """Return an address as it is meant at a URL; one that is none stays as it is."""
    try:
        return urljoin(url, address.strip())
    except ValueError:
        return address
