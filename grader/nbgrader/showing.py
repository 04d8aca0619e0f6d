"""What the grade cell of a category says of an attempt.

The report is plain text in colours: whatever shows a notebook escapes it, so that nothing in it can be markup. It is made
without rich, which would take as long for a class as nbgrader itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.cells import cell_len, set_cell_size

from grader.models import Attempt, Outcome, TestResult
from grader.reports.terminal import TerminalReport, grouped
from grader.testing.terminal import labelled

WIDTH = 96
"""Columns of a line; a Chinese character takes two."""
RED, GREEN, CYAN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"


def as_text(attempt: Attempt, category: str, report: TerminalReport) -> str:
    """Return the report of a category with the colours of a terminal."""
    return "\n".join(lines(attempt, category, report)) + "\n"


def lines(attempt: Attempt, category: str, report: TerminalReport) -> Iterator[str]:
    """Yield what a category's cell says, from top to bottom."""
    if attempt.outcome is not Outcome.GRADED:
        yield from (RED + line + PLAIN for line in wrapped(report.outcome(attempt).plain, WIDTH))
    rows = tuple(result for result in attempt.results if result.info.category == category)
    own = replace(attempt, results=rows, categories={category: attempt.categories[category]})
    for line in report.categories(own):
        yield GREEN + line.plain + PLAIN if line.style else line.plain
    for alike in grouped(own.results):
        yield from ("", *failure(alike[0], report))
        yield from (line for said in report.the_same(alike) for line in wrapped(said, WIDTH))
    to_read = report.to_read(own)
    yield from ([""] if to_read else [])
    yield from (line for said in to_read for line in wrapped(said, WIDTH))
    if attempt.ignored and category == next(iter(attempt.categories)):
        yield from ("", *wrapped(report.not_counted(attempt), WIDTH))


def failure(result: TestResult, report: TerminalReport) -> Iterator[str]:
    """Yield the feedback of one test: labels on the left, texts beside them."""
    assert result.feedback
    yield RED + report.head(result).plain + PLAIN
    said = labelled(result.feedback, report.language, report.catalogue)
    column = max(cell_len(label) for label, _ in said)
    for label, text in said:
        shown = set_cell_size(label, column)
        for line in wrapped(text, WIDTH - column - 4):
            yield f"  {CYAN}{shown}{PLAIN}  {line}"
            shown = " " * column


def wrapped(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of so many columns; what is longer without a blank is cut."""
    for paragraph in text.split("\n"):
        line, taken = "", 0
        for word in paragraph.split(" "):
            size = cell_len(word)
            if line and taken + 1 + size > width:
                yield line
                line, taken = "", 0
            while taken + size > width:  # only at the beginning of a line
                head = cut(word, width)
                yield head
                word = word[len(head) :]
                size = cell_len(word)
            line, taken = (f"{line} {word}", taken + 1 + size) if line else (word, size)
        yield line


def cut(word: str, width: int) -> str:
    """Return as much of the beginning of a word as so many columns hold, one character at least."""
    taken = 0
    for count, character in enumerate(word):
        taken += cell_len(character)
        if taken > width:
            return word[: max(1, count)]
    return word
