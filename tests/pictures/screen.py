"""What stands on a terminal, as a page of HTML: every character in its cells, wide ones in two, in the colours of the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

COLUMNS = 80
THEME = TerminalTheme(
    (22, 27, 34), (225, 228, 232),
    [(22, 27, 34), (255, 123, 114), (126, 211, 133), (240, 190, 100), (121, 180, 255), (210, 168, 255), (95, 205, 215),
     (225, 228, 232)],
    [(125, 133, 144), (255, 150, 140), (150, 230, 155), (250, 210, 130), (150, 200, 255), (225, 190, 255), (130, 225, 235),
     (255, 255, 255)],
)  # fmt: skip
"""Colours that can be read on GitHub's light and dark pages alike, for the picture brings its own background."""
OTHER = re.compile(r"\x1b\[[0-9;?]*[A-LN-Zac-ln-z]|\x1b\][^\x07]*\x07|\x1b[=>()][A-Z0-9]?")
"""Escapes that are not about colours."""


def page(command: str, shown: str) -> str:
    """Return the page of a terminal on which a command was typed, and what it wrote; escapes for colours are kept."""
    lines = [*spans([Segment("$ ", Style(color="green", bold=True)), Segment(command, Style(bold=True))])]
    body = "\n".join(["".join(lines), *("".join(spans(line)) for line in screen(shown))])
    return PAGE.format(columns=COLUMNS, paper=THEME.background_color.hex, ink=THEME.foreground_color.hex, body=body)


def screen(shown: str) -> Iterator[list[Segment]]:
    """Yield the lines of what was written, without blank ones at the end."""
    console = Console(width=COLUMNS, color_system="truecolor", legacy_windows=False, no_color=False)
    for words in AnsiDecoder().decode(OTHER.sub("", shown).replace("\r\n", "\n").rstrip()):
        yield list(words.render(console))


def spans(line: Sequence[Segment]) -> Iterator[str]:
    """Yield the spans of a line; each run of characters that are equally wide is as wide as its cells."""
    for text, style, _ in line:
        rule = (style or Style()).get_html_style(THEME)
        for (width, plain), run in groupby(text, key=lambda one: (cell_len(one), one.isascii())):
            characters = "".join(run)
            kind = "" if plain else f' class="{"wide" if width == 2 else "sign"}"'
            cells = "" if plain else f"width:{width * len(characters)}ch;"
            yield f'<span{kind} style="{escape(cells + rule)}">{escape(characters)}</span>'


PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<style>
body {{ margin: 0; background: transparent; }}
pre {{ box-sizing: content-box; width: {columns}ch; margin: 0; padding: 14px 18px; border-radius: 8px; border: 1px solid #484f58;
  background: {paper}; color: {ink};
  font: 15px/1.35 "Noto Sans Mono CJK SC", "Sarasa Mono SC", "DejaVu Sans Mono", monospace; }}
.wide, .sign {{ display: inline-block; text-spacing-trim: space-all; }}
.sign {{ font: 12.5px/1 "DejaVu Sans Mono", monospace; text-align: center; }}
</style>
<pre>{body}</pre>
"""
