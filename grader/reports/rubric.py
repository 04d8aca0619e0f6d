"""Score and rubric as a picture: a ring for the score, a bar for each category, in it a field for each test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import pi

from grader.models import Attempt, Score, TestResult, Verdict
from grader.reports.web import Both, both, figure

WIDTH, LEFT, RIGHT, ROW = 540, 244, 470, 30
"""Units of the picture: all of it, where bars begin, where the longest ends, and the height of one."""
RADIUS, CENTRE = 52, (72, 76)
ROOM = 11
"""Units that a field needs to show a sign."""


def picture(attempt: Attempt, score: Score, say: Both, number: str) -> str:
    """Return the picture of an attempt with a caption; without points, as in a diagnostic, tests are counted."""
    passed = sum(result.verdict is Verdict.PASSED for result in attempt.results)
    counts = {"passed": passed, "count": len(attempt.results)}
    if score.possible:
        caption = say.text("Score: {earned} of {possible} points; {passed} of {count} tests passed", earned=score.earned,
                           possible=score.possible, **counts)  # fmt: skip
    else:
        caption = say.text("{passed} of {count} questions answered, no points", **counts)
    height = max(2 * CENTRE[1], 24 + ROW * len(attempt.categories))
    part, whole = (score.earned, score.possible) if score.possible else (passed, len(attempt.results))
    drawn = "".join([*ring(part, whole), *bars(attempt, say)])
    return figure(number, f'<svg viewBox="0 0 {WIDTH} {height}">{drawn}</svg>', caption, "score")


def ring(part: int, whole: int) -> Iterator[str]:
    """Yield a ring that is filled as far as points were earned."""
    x, y = CENTRE
    around = 2 * pi * RADIUS
    yield f'<circle class="rail" cx="{x}" cy="{y}" r="{RADIUS}" stroke-width="12"/>'
    if part:
        yield (
            f'<circle class="ring" cx="{x}" cy="{y}" r="{RADIUS}" stroke-width="12" transform="rotate(-90 {x} {y})" '
            f'stroke-dasharray="{around * part / max(whole, 1):.1f} {around:.1f}"/>'
        )
    yield f'<text class="big mid" x="{x}" y="{y + 6}">{part}</text><text class="soft mid" x="{x}" y="{y + 26}">/ {whole}</text>'


def bars(attempt: Attempt, say: Both) -> Iterator[str]:
    """Yield the bars; their lengths are in proportion to what can be earned."""
    groups = {name: [one for one in attempt.results if one.info.category == name] for name in attempt.categories}
    most = max((sum(map(worth, group)) for group in groups.values()), default=0)
    for number, (name, group) in enumerate(groups.items()):
        y = 16 + ROW * number
        yield both(say.catalogue.text(name), "text", f'class="end" x="{LEFT - 10}" y="{y + 14}"')
        yield from fields(group, (RIGHT - LEFT) / max(most, 1), y)
        score = attempt.categories[name]
        text = f"{score.earned}/{score.possible}" if score.possible else ""
        yield f'<text class="end soft" x="{WIDTH - 4}" y="{y + 14}">{text}</text>'


def fields(group: Sequence[TestResult], unit: float, y: int) -> Iterator[str]:
    """Yield a field for each test, the passed ones first: a full one with a tick, or an empty one with a cross."""
    x = float(LEFT)
    for result in sorted(group, key=lambda one: one.verdict is not Verdict.PASSED):
        width = worth(result) * unit
        passed = result.verdict is Verdict.PASSED
        kind, sign, colour = ("passed", "✓", "tick") if passed else ("failed", "✗", "cross")
        yield f'<rect class="{kind}" x="{x + 1:.1f}" y="{y}" width="{max(width - 2, 1):.1f}" height="19" rx="2"/>'
        if width >= ROOM:
            yield f'<text class="{colour} mid" x="{x + width / 2:.1f}" y="{y + 14}">{sign}</text>'
        x += width


def worth(result: TestResult) -> int:
    """Return the length of a test's field; a test without points has one too."""
    return result.info.points or 1
