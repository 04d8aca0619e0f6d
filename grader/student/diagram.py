"""A trace as one page of HTML: the sequence drawn as SVG, and below it the five layers. It has no script and loads nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from rich.cells import cell_len, set_cell_size

from grader.predictions.prose import breaks
from grader.student.layers import Row, Section, Telling, milliseconds

WIDTH, LEFT, RIGHT = 400, 76, 348
"""Units of the drawing: all of it, and where the first and the last line of life stand."""
TOP, ROW, LINE = 60, 38, 17
"""Units from the top to the first row, of a row, and of each line of a remark."""
BOX = 86
"""Units that the name of one who takes part has."""
CELLS = 51
"""Columns of text that fit into a line of the drawing."""
DRAWN = 80
"""Moments that are drawn."""
TOWARDS_SERVER = ("start_response", "returned", "chunk", "write", "raised", "read", "log")


@dataclass(frozen=True)
class Arrow:
    """One arrow between two lines of life, with what is written above it."""

    source: int
    target: int
    row: Row


def page(telling: Telling) -> str:
    """Return the page."""
    sections = list(telling.sections())
    body = [f"<h1>{escape(telling.title())}</h1>", drawing(telling, sections), *map(section_html, sections)]
    if printed := telling.printed():
        body.append(f"<section><h2>{escape(telling.word('What your code printed:'))}</h2>{block(printed)}</section>")
    return PAGE.format(lang=escape(telling.language), title=escape(telling.title()), style=STYLE, body="\n".join(body))


# -- the drawing


def drawing(telling: Telling, sections: list[Section]) -> str:
    """Return the sequence as SVG: a line of life for each who takes part, an arrow for each moment."""
    traced = telling.traced
    inside = list(dict.fromkeys(step.name for step in traced.steps if step.layer))
    names = [telling.word("client"), telling.word("server"), traced.around, *inside]
    gap = (RIGHT - LEFT) // (len(names) - 1)
    places = [LEFT + gap * number for number in range(len(names))]
    y = TOP
    parts: list[str] = []
    for arrow in arrows(telling, sections, inside):
        made, height = drawn(arrow, places, y)
        parts += made
        y += height
    head = ['<text class="time" x="24" y="50">ms</text>']
    head += [lifeline(name, x, y) for name, x in zip(names, places, strict=True)]
    label = escape(telling.word("The sequence of the request, from top to bottom"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {y + 12}" role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg">\n'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" '
        'markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" class="tip"/></marker></defs>\n'
        + "\n".join([*head, *parts])
        + "\n</svg>"
    )


def lifeline(name: str, x: int, bottom: int) -> str:
    """Return one who takes part, with a line down to the bottom."""
    shown = escape(fitted(name, 11))
    return (
        f'<line class="life" x1="{x}" y1="34" x2="{x}" y2="{bottom}"/>'
        f'<rect class="who" x="{x - BOX // 2}" y="8" width="{BOX}" height="26" rx="6"/>'
        f'<text class="name" x="{x}" y="25">{shown}</text>'
    )


def arrows(telling: Telling, sections: list[Section], inside: list[str]) -> Iterator[Arrow]:
    """Yield the arrows: the request, each step between two who take part, and how it ended."""
    size = len(telling.traced.request.wire())
    sent = telling.word("{request}: {count} bytes", request=str(telling.traced.request), count=size)
    yield Arrow(0, 1, Row(sent, 0.0, 1, kind="request"))
    rows = [row for section in sections if 3 in section.numbers for row in section.rows]
    for row in rows[:DRAWN]:
        yield Arrow(*ends(row, inside), row)


def ends(row: Row, inside: list[str]) -> tuple[int, int]:
    """Return from whom to whom an arrow goes; the same twice where nobody is told."""
    if row.kind == "sent":
        return 1, 0
    if row.kind in ("ended", "end", "unclosable", ""):
        return 2, 2
    own = 3 + inside.index(row.name) if row.depth else 2
    caller = 2 if row.depth else 1
    return (own, caller) if row.kind in TOWARDS_SERVER else (caller, own)


def drawn(arrow: Arrow, places: list[int], y: int) -> tuple[list[str], int]:
    """Return an arrow with its words, and how high it is."""
    row, start, end = arrow.row, places[arrow.source], places[arrow.target]
    kind = "bad" if row.trouble else row.kind
    side, x = ("right", WIDTH - 4) if start + end > WIDTH else ("left", LEFT + 6)
    parts = [f'<text class="label {side} {kind}" x="{x}" y="{y}">{escape(fitted(row.label, CELLS))}</text>']
    if row.number:
        parts.append(
            f'<circle class="number" cx="12" cy="{y + 7}" r="8"/><text class="digit" x="12" y="{y + 11}">{row.number}</text>'
        )
    if row.at is not None:
        parts.append(f'<text class="time" x="24" y="{y + 11}">{row.at * 1000:.2f}</text>')
    if start != end:
        parts.append(
            f'<line class="arrow {kind}" x1="{start}" y1="{y + 8}" x2="{end}" y2="{y + 8}" marker-end="url(#head)"/>'
        )
    height = ROW if start != end else ROW - 10
    for text in (*(row.lines if row.trouble else ()), *row.remarks):
        for line in wrapped(text):
            parts.append(f'<text class="label right remark" x="{WIDTH - 4}" y="{y + height - 8}">{escape(line)}</text>')
            height += LINE
    return parts, height


def wrapped(text: str) -> Iterator[str]:
    """Yield a text in lines that fit."""
    places = [0, *breaks(text, CELLS), len(text)]
    for begin, end in itertools.pairwise(places):
        yield fitted(text[begin:end].strip(), CELLS)


def fitted(text: str, cells: int) -> str:
    """Return a text that is cut where it is too wide."""
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


# -- the layers below


def section_html(section: Section) -> str:
    """Return one section."""
    numbers = "".join(f'<span class="digit">{number}</span>' for number in section.numbers)
    made = fact_html if 2 in section.numbers else row_html
    return f"<section><h2>{numbers} {escape(section.title)}</h2>{''.join(map(made, section.rows))}</section>"


def fact_html(row: Row) -> str:
    """Return a key with the facts about it."""
    if row.kind == "more":
        return f'<p class="fact">{escape(row.label)}</p>'
    return f"<p><code>{escape(row.label)}</code></p>" + "".join(
        f'<p class="fact">{escape(line)}</p>' for line in row.lines
    )


def row_html(row: Row) -> str:
    """Return one moment."""
    time = "" if row.at is None else f'<span class="time">{escape(milliseconds(row.at))}</span> '
    number = f'<span class="digit">{row.number}</span> ' if row.number else ""
    kind = ' class="bad"' if row.trouble else ""
    label = f"<p{kind}>{time}{number}{escape(row.label)}</p>" if row.label else ""
    remarks = "".join(f'<p class="remark">{escape(text)}</p>' for text in row.remarks)
    return f'<div class="depth{min(row.depth, 2)}">{label}{block(row.lines) if row.lines else ""}{remarks}</div>'


def block(lines: tuple[str, ...]) -> str:
    """Return lines as they are."""
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #5b6570; --line: #c5ccd3; --box: #eef2f6;
  --blue: #0a5bb5; --green: #17702f; --purple: #8030a0; --red: #b3261e; --amber: #7a5200; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14181c; --soft: #9aa5b0; --line: #3d4650;
  --box: #232a31; --blue: #6db3ff; --green: #6fd58a; --purple: #d79bf2; --red: #ff8a80; --amber: #ffc56b; } }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; white-space: pre-wrap; }
h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; } p { margin: .2rem 0; }
p, pre { overflow-wrap: anywhere; } section { border-top: 1px solid var(--line); }
pre { margin: .2rem 0; padding: .5rem .7rem; white-space: pre-wrap; background: var(--box); border-radius: 6px;
  font: 14px/1.45 ui-monospace, Menlo, Consolas, "Noto Sans Mono CJK SC", monospace; }
.fact { margin-left: 1rem; color: var(--soft); } code { font: 14px ui-monospace, Menlo, Consolas, monospace; }
.depth1 { margin-left: .6rem; padding-left: .6rem; border-left: 3px solid var(--purple); }
.time { color: var(--soft); font-size: .85em; } span.digit { color: var(--blue); font-weight: bold; margin-right: .3em; }
.remark { color: var(--amber); } .bad { color: var(--red); }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12.5px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; fill: var(--ink); }
svg .right { text-anchor: end; } svg .label { stroke: var(--paper); stroke-width: 4px; paint-order: stroke; }
svg .name { text-anchor: middle; font-weight: bold; } svg .who { fill: var(--box); stroke: var(--line); }
svg .life { stroke: var(--line); stroke-dasharray: 3 4; } svg .arrow { stroke: var(--soft); stroke-width: 1.5; }
svg .tip { fill: var(--soft); } svg .time { font-size: 11px; fill: var(--soft); }
svg .number { fill: var(--box); stroke: var(--line); } svg .digit { text-anchor: middle; fill: var(--blue); font-weight: bold; }
svg line.called, svg line.close { stroke: var(--blue); } svg line.start_response { stroke: var(--green); }
svg line.sent, svg line.request { stroke: var(--purple); stroke-width: 2.5; } svg line.returned { stroke-dasharray: 5 3; }
svg line.bad { stroke: var(--red); } svg text.bad { fill: var(--red); } svg text.remark { fill: var(--amber); }
"""

PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""
