"""A trace on a terminal: its layers from top to bottom, the layers of an onion with a bar for each layer around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text as Words

from grader.predictions.prose import Prose
from grader.student.layers import Row, Section, Telling, milliseconds

BAR = "| "
"""A layer around: a character that every terminal has."""
STYLES = {"called": "cyan", "start_response": "green", "sent": "magenta"}


@dataclass(frozen=True)
class Led:
    """Something whose lines begin with something else: the first one with ``first``, the others with ``rest``."""

    inside: RenderableType
    first: Words
    rest: Words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lead = self.first
        width = max(10, options.max_width - lead.cell_len)
        for line in console.render_lines(self.inside, options.update(width=width), pad=False):
            yield from lead.render(console)
            yield from line
            yield Segment.line()
            lead = self.rest


def indented(inside: RenderableType, columns: int = 2) -> Led:
    """Return something a few columns further in."""
    return Led(inside, Words(" " * columns), Words(" " * columns))


def rendered(telling: Telling) -> Iterator[RenderableType]:
    """Yield a trace, part by part."""
    yield Words(telling.title(), "bold")
    for section in telling.sections():
        yield Words()
        numbers = ", ".join(map(str, section.numbers))
        yield Prose(Words.assemble((f"{numbers}  ", "bold cyan"), (section.title, "bold")))
        yield indented(listed(section))
    if printed := telling.printed():
        yield Words()
        yield Words(telling.word("What your code printed:"), "bold")
        yield indented(Group(*(Words(line, overflow="fold") for line in printed)))
    times = telling.times()
    if times[1:]:
        yield Words()
        yield Prose(
            Words(telling.word("Time that each layer worked itself, the way between processes included:"), "dim")
        )
        longest, widest = max(len(spent) for _, spent in times), max(cell_len(name) for name, _ in times)
        for name, spent in times:
            yield Words(f"  {name}{' ' * (widest - cell_len(name))}  {spent.rjust(longest)}", "dim", overflow="fold")


def listed(section: Section) -> RenderableType:
    """Return the rows of a section; moments have their time and the number of their layer in front."""
    if not any(row.at is not None for row in section.rows):
        return Group(*(cell(row) for row in section.rows))
    times = ["" if row.at is None else milliseconds(row.at) for row in section.rows]
    width = max(map(len, times))
    return Group(*(moment(row, time.rjust(width)) for row, time in zip(section.rows, times, strict=True)))


def moment(row: Row, time: str) -> RenderableType:
    """Return one moment, with a bar for each layer around it."""
    bars = (BAR * row.depth, "dim")
    first = Words.assemble((f"{time} ", "dim"), (f"{row.number or ' '} ", "bold cyan"), bars)
    return Led(cell(row), first, Words.assemble(" " * (len(time) + 3), bars))


def cell(row: Row) -> RenderableType:
    """Return what is said of one moment."""
    parts: list[RenderableType] = []
    if row.label:
        style = "red" if row.trouble else STYLES.get(row.kind, "")
        parts.append(Prose(Words(f"{'✗ ' if row.trouble else ''}{row.label}", style)))
    parts += [indented(Words(line, overflow="fold"), 2 if row.label else 0) for line in row.lines]
    parts += [indented(Prose(Words(f"! {text}", "yellow"))) for text in row.remarks]
    return Group(*parts)
