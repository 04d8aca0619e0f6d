"""Speaks to a student on whatever terminal there is: one without Chinese, without symbols, or without any colour."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.predictions.prose import Prose

PLAIN = {"✓": "+", "✗": "x", "·": "-", "–": "-", "—": "-", "…": "...", "→": "->", "“": '"', "”": '"', "’": "'"}
"""What stands for a symbol that a terminal does not have."""


def written_plainly(error: UnicodeError) -> tuple[str, int]:
    """Stand in for characters that an encoding lacks (an error handler, see `codecs.register_error`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(one) or one.encode("unicode_escape").decode() for one in lacking), error.end


def console() -> Console:
    """Return a console for standard output that no character stops."""
    codecs.register_error("grader.plain", written_plainly)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="grader.plain")
    return Console(highlight=False, markup=False)


def speakable(lang: str) -> str:
    """Return a language that standard output can write: English where there are no Chinese characters."""
    try:
        "题目".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return "en"
    return lang


class Voice:
    """Says texts of the catalogue in one language."""

    def __init__(self, lang: str, catalogue: Catalogue | None = None) -> None:
        self.lang = speakable(lang)
        self.catalogue = catalogue or Catalogue()
        self.console = console()

    def word(self, key: str, /, **values: object) -> str:
        """Return a text."""
        return self.catalogue.word(key, self.lang, **values)

    def say(self, text: str = "", style: str = "") -> None:
        """Print a sentence; its lines break where a reader would break them."""
        self.console.print(Prose(Words(text, style)) if text else "")

    def place(self, text: str) -> None:
        """Print a sentence that holds a path: a path is never broken, for somebody may want to copy it."""
        self.console.print(Words(text), soft_wrap=True)

    def rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Print labels and texts in two columns."""
        listed = list(rows)
        width = max(cell_len(label) for label, _ in listed) + 2
        for label, text in listed:
            line = Words(f"  {label}{' ' * (width - cell_len(label))}", "cyan")
            self.console.print(line + Words(text), soft_wrap=True)
