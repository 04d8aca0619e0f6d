"""What a check says in a notebook: the page of the terminal as text, and the same as HTML for light and dark themes.

Whatever a submission answered is escaped text in it. The HTML loads nothing and runs nothing, and can be read without its style
too, for a notebook that is not trusted loses that.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from rich.console import Console, Group, RenderableType
from rich.text import Text as Words

from grader.models import Attempt, Exercise, Outcome, Score, TestResult, Verdict, Visibility
from grader.predictions.prose import Prose
from grader.reports.terminal import TerminalReport, grouped, points
from grader.student.speaking import Voice
from grader.student.verdicts import Report, category_lines, page, standing
from grader.testing.terminal import labelled

WIDTH = 88
"""Columns of the text; a cell of a notebook has about as many."""


@dataclass(frozen=True)
class Shown:
    """The same page twice: text for whatever shows no HTML, and HTML. ``failed`` says in a line that something did, if so."""

    text: str
    html: str
    failed: str = ""


def whole(attempt: Attempt, exercise: Exercise, voice: Voice, notes: Iterable[str] = ()) -> Shown:
    """Return what ``grader check`` says; ``notes`` stand below."""
    report, below = Report(voice.catalogue, voice.lang), list(notes)
    title = f"{exercise.short.upper()} · {exercise.title[voice.lang]}"
    parts = [f"<p><strong>{escape(title)}</strong> ({escape(exercise.name)})</p>"]
    if attempt.outcome is Outcome.GRADED:
        parts += [LINES, *(stood(*line) for line in category_lines(attempt, voice).values()), "</ul>"]
        parts += failed(attempt.results, report)
    else:
        parts.append(paragraph(report.outcome(attempt).plain))
    for number, line in enumerate(standing(attempt, exercise, voice)):
        parts.append(paragraph(line) if number else paragraph(line, "sum", strong=True))
    parts += [paragraph(note, "note") for note in below]
    said = Group(*page(attempt, exercise, voice, 0), *(Prose(Words(f"! {note}")) for note in below))
    return Shown(as_text(said), framed(parts, voice.lang))


def part(attempt: Attempt, exercise: Exercise, category: str, voice: Voice) -> Shown:
    """Return a line for each public test of one category, and how much of the category runs at grading."""
    report = Report(voice.catalogue, voice.lang)
    rows = [result for result in attempt.results if result.info.category == category]
    head, failed = about(attempt, category, voice, report)
    last = at_grading(exercise, category, voice)
    lines = [(row.verdict is Verdict.PASSED, tested(row, report)) for row in rows if attempt.outcome is Outcome.GRADED]
    listed = [LINES, *(stood(*line) for line in lines), "</ul>"] if lines else []
    parts = [paragraph(head, strong=True), *listed, paragraph(last)]
    said = [Prose(Words(head)), *(Prose(Words(f"{sign(passed)} {text}")) for passed, text in lines), Prose(Words(last))]
    return Shown(as_text(Group(*said)), framed(parts, voice.lang), head if failed else "")


def about(attempt: Attempt, category: str, voice: Voice, report: TerminalReport) -> tuple[str, bool]:
    """Return what is said of the public tests of a category, and whether one of them failed."""
    if category not in {result.info.category for result in attempt.results}:
        return voice.word("{category}: there are no public tests", category=voice.word(category)), False
    if attempt.outcome is not Outcome.GRADED:
        return report.outcome(attempt).plain, True
    passed, text = category_lines(attempt, voice)[category]
    return text, not passed


def tested(result: TestResult, report: TerminalReport) -> str:
    """Return what a test was about, and what it came to."""
    worth = f"{points(Score(result.earned, result.info.points))} · " if result.info.points else ""
    verdict = report.verdict(str(result.verdict))
    return f"{result.info.title[report.language]} ({worth}{result.info.id} · {verdict})"


def at_grading(exercise: Exercise, category: str, voice: Voice) -> str:
    """Say how many hidden tests of a category there are."""
    hidden = [row.points for row in exercise.hidden if row.category == category]
    if not hidden:
        return voice.word("There are no hidden tests of this category.")
    return voice.word("Hidden tests that run at grading: {count}, worth {points} points together.", count=len(hidden),
                      points=sum(hidden))  # fmt: skip


def as_text(said: RenderableType) -> str:
    """Return a page as text, in lines of `WIDTH` columns at most."""
    text = io.StringIO()
    Console(file=text, width=WIDTH, highlight=False, markup=False, color_system=None).print(said)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


# -- HTML


def failed(results: Iterable[TestResult], report: TerminalReport) -> Iterator[str]:
    """Yield the feedback of each failure; what one broken start-up caused is said once."""
    for alike in grouped(results):
        yield failure(alike[0], report)
        if alike[1:]:
            others = report.word(", ").join(result.info.id for result in alike[1:])
            yield paragraph(report.word("  the same for: {tests}", tests=others).strip())


def failure(result: TestResult, report: TerminalReport) -> str:
    """Return the feedback of one test, public or hidden."""
    assert result.feedback is not None
    kind = report.word("hidden test" if result.info.visibility is Visibility.HIDDEN else "public test")
    worth = points(Score(result.earned, result.info.points)) if result.info.points else ""
    qualities = f"{report.word(result.info.category)} · {kind} · {report.verdict(str(result.verdict))}"
    rows = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text) if text != result.feedback.trace else code(text)}</dd>"
        for label, text in labelled(result.feedback, report.language, report.catalogue)
    )
    head = f"{mark(passed=False)} <strong>{escape(result.info.id)}</strong> {worth} · {escape(qualities)}"
    return f'<p class="grader-test">{head}</p>\n<dl>{rows}</dl>'


def code(text: str) -> str:
    """Return text whose signs have a meaning."""
    return f"<code>{escape(text)}</code>"


LINES = '<ul class="grader-lines">'


def stood(passed: bool, text: str) -> str:
    """Return the line of a category."""
    return f"<li>{mark(passed=passed)} {escape(text)}</li>"


def mark(*, passed: bool) -> str:
    """Return the sign of what passed or failed; the words beside it say the same."""
    return f'<span class="grader-{"good" if passed else "bad"}" aria-hidden="true">{sign(passed)}</span>'


def sign(passed: bool) -> str:
    """Return the sign alone."""
    return "✓" if passed else "✗"


def paragraph(text: str, kind: str = "", *, strong: bool = False) -> str:
    """Return a paragraph."""
    inside = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return f'<p class="grader-{kind}">{inside}</p>' if kind else f"<p>{inside}</p>"


def framed(parts: Iterable[str], language: str) -> str:
    """Return the output of a cell: its style, and the parts."""
    return f'<div class="grader-feedback" lang="{escape(language)}">\n{STYLE}\n' + "\n".join(parts) + "\n</div>"


STYLE = """<style>
.grader-feedback { --good: #116329; --bad: #b3261e; --label: #0b5080; --line: #8888; line-height: 1.5; max-width: 60em }
[data-jp-theme-light="false"] .grader-feedback, .vscode-dark .grader-feedback {
  --good: #7ee787; --bad: #ffa198; --label: #9ecbff }
.grader-feedback p { margin: 0.6em 0 }
.grader-feedback ul.grader-lines { list-style: none; margin: 0.6em 0; padding: 0 }
.grader-feedback .grader-good { color: var(--good); font-weight: bold }
.grader-feedback .grader-bad { color: var(--bad); font-weight: bold }
.grader-feedback .grader-test, .grader-feedback .grader-sum {
  margin: 1.2em 0 0.2em; padding-top: 0.6em; border-top: 1px solid var(--line) }
.grader-feedback .grader-note { border-left: 3px solid var(--label); padding-left: 0.8em }
.grader-feedback dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2em 1.2em; margin: 0;
  padding-left: 1.2em; box-sizing: border-box; width: 100% }
.grader-feedback dt { grid-column: 1; float: none; width: auto; margin: 0; font-weight: normal; color: var(--label) }
.grader-feedback dd { grid-column: 2; float: none; width: auto; margin: 0; overflow-wrap: anywhere }
</style>"""
"""More specific than JupyterLab's own style for the output of cells, whose lists and definitions look otherwise."""
