"""What the pages of HTML have in common: the shell, the look, and texts that stand in every language at once.

A page needs no script and loads nothing; its policy allows one style sheet, by its hash (CSP Level 3: Hash usage for style).
Texts of any origin become markup here and nowhere else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from grader.catalogues import Catalogue
from grader.models import LANGUAGES, Text
from grader.printable import printable

CAP = 4000
"""Characters of a text that are shown."""
NAMES = {"en": "English", "zh-CN": "简体中文"}
"""What each language calls itself."""


def shown(text: str, cap: int = CAP) -> str:
    """Return a text of any origin as HTML: nothing in it is markup, moves other text or is for no eye."""
    return escape(printable(text, cap))


def both(text: Text, tag: str = "span", attributes: str = "") -> str:
    """Return a text in every language as HTML, each in an element of its own; in one without a language if all are alike."""
    first = text[LANGUAGES[0]]
    opening = f"{tag} {attributes}" if attributes else tag
    if all(text[language] == first for language in LANGUAGES):
        return f"<{opening}>{shown(first)}</{tag}>" if attributes or tag != "span" else shown(first)
    return "".join(f'<{opening} lang="{language}">{shown(text[language])}</{tag}>' for language in LANGUAGES)


class Both:
    """Says the texts of a catalogue in every language, as HTML."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or Catalogue()

    def text(self, key: str, /, **values: object) -> str:
        """Return a text; ``values`` as for `Catalogue.text`."""
        return both(self.catalogue.text(key, **values))


def figure(number: str, drawing: str, caption: str, kind: str = "") -> str:
    """Return a drawing with a caption, which is its text alternative too; the number tells it from all others of the page."""
    named = drawing.replace("<svg ", f'<svg role="img" aria-labelledby="c{number}" ', 1)
    return f'<figure class="{kind}">{named}<figcaption id="c{number}">{caption}</figcaption></figure>'


def table(number: str, caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return a table of cells that are HTML, the first of each row its head; the number is as for a `figure`.

    One that is too wide for its reader is scrolled, by the keyboard too.
    """
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{cells[0]}</th>{"".join(f"<td>{cell}</td>" for cell in cells[1:])}</tr>'
        for cells in map(list, rows)
    )
    return (
        f'<div class="wide" tabindex="0" role="group" aria-labelledby="c{number}"><table class="{kind}">'
        f'<caption id="c{number}">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def shell(title: str, body: Iterable[str], lang: str) -> Iterator[str]:
    """Yield the pieces of a page. ``title`` is a text of any origin, ``body`` HTML; ``lang`` is the language shown first."""
    switch = "".join(
        f'<input type="radio" name="language" id="{language}"{" checked" if language == lang else ""}>'
        f'<label for="{language}" lang="{language}">{NAMES[language]}</label>'
        for language in LANGUAGES
    )
    yield HEAD.format(lang=escape(lang), title=shown(title), policy=POLICY, style=STYLE, switch=switch)
    for piece in body:
        yield f"{piece}\n"
    yield FOOT


HEAD = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{switch}
<div class="page">
"""
FOOT = """</div>
</main>
</body>
</html>
"""

STYLE = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
"""The one style sheet."""
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""What a browser may do with a page: apply its style sheet."""
