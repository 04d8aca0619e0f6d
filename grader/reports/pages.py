"""One page of feedback for each student: HTML without a script, a picture or a link, in the student's language."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from rich.console import Console, RenderableType
from rich.text import Text as Words

from grader.grades import Grade, Status
from grader.models import Attempt, Exercise
from grader.printable import printable, printable_lines
from grader.reports.gradebook import REMARK, number
from grader.reports.terminal import TerminalReport

WIDTH = 100
WIDEST = 10_000


@dataclass(frozen=True)
class Entry:
    """What a page says of one exercise."""

    exercise: Exercise
    grade: Grade
    attempt: Attempt | None


def parts(student: str, entries: Iterable[Entry], report: TerminalReport) -> list[RenderableType]:
    """Return what a page says, from top to bottom."""
    found: list[RenderableType] = [Words(report.word("Feedback for {student}", student=printable(student)), "bold")]
    for entry in entries:
        found += [Words(), Words(f"{entry.exercise.title[report.language]}  ({entry.exercise.name})", "bold cyan")]
        found += [Words(line) for line in result(entry.grade, report)]
        if entry.grade.remark:
            found.append(Words(report.word("comment: {text}", text=printable_lines(entry.grade.remark, REMARK))))
        if entry.attempt and not entry.attempt.outcome.ours:
            found += [Words(), report.one(entry.attempt)]
    return found


def result(grade: Grade, report: TerminalReport) -> list[str]:
    """Return what a student gets, and how that came about."""
    if grade.status is Status.NOT_IN_TIME:
        return [report.word("nothing was handed in before the deadline")]
    if grade.points is None:
        return [report.word("not graded yet: the fault is ours, and it will be tried again")]
    lines = []
    if grade.possible is None:
        lines.append(report.word("points: {points}", points=number(grade.points)))
    elif grade.possible:
        lines.append(
            report.word("points: {points} of {possible}", points=number(grade.points), possible=grade.possible)
        )
    if grade.override:
        lines.append(report.word("given by hand: {reason}", reason=printable(grade.override.reason, 1000)))
    elif grade.days_late:
        lines.append(
            report.word("days late: {days}; of the points that were earned {percent} % are lost", days=grade.days_late,
                        percent=grade.penalty)
        )  # fmt: skip
    return lines


def as_text(page: Iterable[RenderableType]) -> str:
    """Return a page in lines that are long enough for anything, to be searched."""
    text = io.StringIO()
    console = Console(file=text, width=WIDEST)
    for part in page:
        console.print(part)
    return text.getvalue()


def as_html(page: Iterable[RenderableType], title: str, language: str) -> str:
    """Return a page as HTML; nothing in it can be taken for markup, and it may load nothing."""
    console = Console(file=io.StringIO(), width=WIDTH, record=True, force_terminal=True, color_system="standard")
    for part in page:
        console.print(part)
    code = console.export_html(code_format="{code}", inline_styles=True)
    return PAGE.format(language=escape(language), title=escape(printable(title)), code=code)


PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin: 2em; color: #222; background: #fff">
<pre style="font-family: Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre-wrap">{code}</pre>
</body>
</html>
"""
