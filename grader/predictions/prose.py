"""Breaks sentences into lines where a reader would: at blanks, and between Chinese characters, which have none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

IDEOGRAPH = "\u4e00-\u9fff"
OPENING = "“（《"
CLOSING = "，。；：？！、）》”"
BEFORE, AFTER = r"'\"(\[{", r"'\")\]},.;:!?"
"""Punctuation of ASCII that is written close to what follows, or to what it follows, Chinese characters too."""
PIECE = re.compile(rf"[{OPENING}{BEFORE}]*(?:[{IDEOGRAPH}]|[^\s{IDEOGRAPH}{OPENING}{CLOSING}]+)?[{CLOSING}{AFTER}]*\s*")
"""What stays in one line: a word or one Chinese character, with the punctuation that may not be parted from it."""


class Prose:
    """A text whose lines break between its pieces; unlike rich's own it does not take a run of Chinese for one long word."""

    def __init__(self, words: Text) -> None:
        self.words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.words.divide(breaks(self.words.plain, options.max_width)):
            line.rstrip()
            yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(map(cell_len, PIECE.findall(self.words.plain)))
        return Measurement(min(longest, options.max_width), min(cell_len(self.words.plain), options.max_width))


def breaks(text: str, width: int) -> Iterator[int]:
    """Yield the places in a text where a new line begins, so that lines are at most ``width`` columns wide."""
    began = 0
    for piece in PIECE.finditer(text):
        if piece.start() > began and cell_len(text[began : piece.end()].rstrip()) > width:
            began = piece.start()
            yield began
