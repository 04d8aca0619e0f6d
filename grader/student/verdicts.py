"""Shows a check: what was passed first, then the four lines of each failure, and what is still to come at grading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text as Words

from grader.models import Attempt, Exercise, Outcome, Verdict
from grader.predictions.prose import Prose
from grader.reports.terminal import TerminalReport, grouped
from grader.student.speaking import Voice


class Report(TerminalReport):
    """Breaks the lines of a feedback where a reader would."""

    def sentence(self, text: str) -> RenderableType:
        """Return a sentence of a feedback."""
        return Prose(Words(text))


def page(attempt: Attempt, exercise: Exercise, voice: Voice, more: int) -> Iterator[RenderableType]:
    """Yield everything about one check; while ``more`` tests are still running, nothing is said of the whole."""
    yield Words.assemble((f"{exercise.short.upper()} · {exercise.title[voice.lang]}", "bold"), f"  ({exercise.name})")
    yield Words()
    report = Report(voice.catalogue, voice.lang)
    if attempt.outcome is Outcome.GRADED:
        yield from categories(attempt, voice)
        yield from failures(attempt, report, voice)
    else:
        yield Prose(report.outcome(attempt))
    if attempt.outcome.ours:
        text = voice.word("Your work was not judged. Save it again, or type grader check {exercise}; if this stays so, show your "
                          "teacher the line above.", exercise=exercise.short)  # fmt: skip
        yield Prose(Words(text))
    yield Words()
    if more:
        yield Prose(
            Words(voice.word("{count} public tests of earlier exercises are still running …", count=more), "bold")
        )
        return
    for number, line in enumerate(standing(attempt, exercise, voice)):
        yield Prose(Words(line, "bold" if number == 0 else ""))


def categories(attempt: Attempt, voice: Voice) -> Iterator[RenderableType]:
    """Yield a line for each category, with a sign for how it stands."""
    for whole, text in category_lines(attempt, voice).values():
        yield Words.assemble(("✓ ", "green") if whole else ("✗ ", "red"), text)


def category_lines(attempt: Attempt, voice: Voice) -> dict[str, tuple[bool, str]]:
    """Return for each category whether all of its tests passed, and what is said of it."""
    lines = {}
    for name, score in attempt.categories.items():
        rows = [result for result in attempt.results if result.info.category == name]
        passed = sum(result.verdict is Verdict.PASSED for result in rows)
        values = {"category": voice.word(name), "passed": passed, "count": len(rows)}
        text = (
            voice.word("{category}: {passed} of {count} public tests passed, {earned} of {possible} points", **values,
                       earned=score.earned, possible=score.possible)
            if score.possible
            else voice.word("{category}: {passed} of {count} questions answered", **values)
        )  # fmt: skip
        lines[name] = (passed == len(rows), text)
    return lines


def failures(attempt: Attempt, report: TerminalReport, voice: Voice) -> Iterator[RenderableType]:
    """Yield the feedback of each failure; what one broken start-up caused is said once."""
    for alike in grouped(attempt.results):
        yield Words()
        yield report.failure(alike[0])
        if alike[1:]:
            others = voice.word(", ").join(result.info.id for result in alike[1:])
            yield Padding(Prose(Words(voice.word("  the same for: {tests}", tests=others).strip())), (0, 0, 0, 2))


def standing(attempt: Attempt, exercise: Exercise, voice: Voice) -> Iterator[str]:
    """Say what was earned of the public part, and what runs at grading."""
    if exercise.kind == "diagnostic":
        passed = sum(result.verdict is Verdict.PASSED for result in attempt.results)
        yield voice.word("{exercise}: {passed} of {count} questions answered, no points", exercise=exercise.short,
                         passed=passed, count=len(attempt.results))  # fmt: skip
        for reading in to_read(attempt, voice.lang):
            yield voice.word("read next: {reading}", reading=reading)
    elif attempt.score:
        yield voice.word("{exercise}: public {earned}/{possible} points", exercise=exercise.short,
                         earned=attempt.score.earned, possible=attempt.score.possible)  # fmt: skip
    if exercise.hidden:
        yield voice.word("{count} hidden tests worth {points} points run at grading; categories: {categories}",
                         count=len(exercise.hidden), points=sum(row.points for row in exercise.hidden),
                         categories=voice.word(", ").join(hidden_categories(exercise, voice)))  # fmt: skip


def hidden_categories(exercise: Exercise, voice: Voice) -> list[str]:
    """Return the hidden points by category."""
    points: dict[str, int] = {}
    for row in exercise.hidden:
        points[row.category] = points.get(row.category, 0) + row.points
    return [f"{voice.word(name)} {count}" for name, count in points.items()]


def to_read(attempt: Attempt, lang: str) -> Mapping[str, None]:
    """Return what failed tests send to, once each, in order."""
    readings = (result.feedback.reading for result in attempt.results if result.feedback)
    return dict.fromkeys(reading[lang] for reading in readings if reading)


def shown(attempt: Attempt, exercise: Exercise, voice: Voice, more: int = 0) -> RenderableType:
    """Return the page as one thing to print."""
    return Group(*page(attempt, exercise, voice, more))


def passed(attempt: Attempt) -> bool:
    """Tell whether every public test passed."""
    return attempt.outcome is Outcome.GRADED and all(r.verdict is Verdict.PASSED for r in attempt.results)
