"""What the grade cell of a category says of an attempt.

The report is plain text in colours: whatever shows a notebook escapes it, so that nothing in it can be markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console, RenderableType

from grader.models import Attempt, Outcome
from grader.reports.terminal import TerminalReport

WIDTH = 96


def as_text(attempt: Attempt, category: str, report: TerminalReport) -> str:
    """Return the report of a category with the colours of a terminal."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, force_terminal=True, color_system="standard", legacy_windows=False,
                      no_color=False, highlight=False, emoji=False, markup=False)  # fmt: skip
    for part in parts(attempt, category, report):
        console.print(part)
    return text.getvalue()


def parts(attempt: Attempt, category: str, report: TerminalReport) -> Iterator[RenderableType]:
    """Yield what a category's cell says, from top to bottom."""
    if attempt.outcome is not Outcome.GRADED:
        yield report.outcome(attempt)
    own = replace(
        attempt, results=tuple(result for result in attempt.results if result.info.category == category),
        categories={category: attempt.categories[category]},
    )  # fmt: skip
    yield from report.categories(own)
    yield from report.failures(own)
    if category == next(iter(attempt.categories)):
        yield from report.ignored(own)
