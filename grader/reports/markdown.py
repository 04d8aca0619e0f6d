"""Attempts as Markdown, for job summaries and comments: a table for many; points and feedback for one.

Whatever a student may have chosen stands in code, for there is no markup in code: no link, no image, no HTML, and neither do
GitHub and GitLab look for people to notify and issues to name there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from grader.models import Attempt, Verdict
from grader.printable import printable
from grader.reports.rows import NAME, Row, State, Telling, grouped, ignored

TICKS = re.compile(r"`+")
TILDES = re.compile(r"~+")
HARMLESS = re.compile(r"""(?![-+=\s]|\d+[.)])(?:[^\x00-\x7f]|[A-Za-z0-9 ,.;:'"?()/=+_-])+""")
"""Text that is none of Markdown's business, once its underscores are escaped."""
LINKED = re.compile(r"//|\w\.\w|:[\w+-]+:|\b[0-9a-f]{7,}\b|[A-Za-z]-[0-9]", re.IGNORECASE)
"""What some reader makes a link or a picture of, in what is harmless otherwise; for many ``app.py`` is an address."""


def markdown(attempts: Iterable[Attempt], language: str) -> Iterator[str]:
    """Yield the pieces of a Markdown document, each a few lines that are whole."""
    telling = Telling(language)
    found = iter(attempts)
    first, second = next(found, None), next(found, None)
    if first and second:
        yield from table(chain([first, second], found), telling)
    elif first:
        yield from one(first, telling)


def table(attempts: Iterable[Attempt], telling: Telling) -> Iterator[str]:
    """Yield a table with a row for each attempt."""
    heads = [telling.word(key) for key in ("student", "exercise", "verdict", "score")]
    yield f"| {' | '.join(heads)} |\n|---|---|---|--:|\n"
    for attempt in attempts:
        names = (code(unbarred(text)) for text in (attempt.student or "–", attempt.exercise))
        words = (prose(unbarred(text)) for text in (telling.outcome(attempt), telling.score(attempt)))
        yield f"| {' | '.join((*names, *words))} |\n"


def one(attempt: Attempt, telling: Telling) -> Iterator[str]:
    """Yield everything about one attempt."""
    who = "" if attempt.student is None else f" · {code(attempt.student)}"
    yield f"## {code(attempt.exercise)}{who} · {telling.score(attempt)}\n\n"
    yield f"{prose(telling.outcome(attempt))}\n\n"
    if attempt.categories:
        yield "".join(f"- {line}\n" for line in categories(attempt, telling)) + "\n"
    for alike in grouped(telling.rows(attempt)):
        yield failure(alike, telling)
    if attempt.ignored:
        yield f"{telling.word('ignored files: {files}', files=code(ignored(attempt)))}\n\n"
    if more := telling.to_come(attempt):
        yield f"{prose(more)}\n\n"
    yield f"{prose(telling.word('isolation level: {level}', level=str(attempt.isolation)))}\n"


def categories(attempt: Attempt, telling: Telling) -> Iterator[str]:
    """Yield a line for each category: how many tests passed, and the points."""
    for name, score in attempt.categories.items():
        rows = [result for result in attempt.results if result.info.category == name]
        passed = sum(result.verdict is Verdict.PASSED for result in rows)
        if score.possible:
            yield prose(telling.word("{category}: {passed} of {count} tests passed, {points} points",
                                     category=telling.word(name), passed=passed, count=len(rows),
                                     points=f"{score.earned}/{score.possible}"))  # fmt: skip
        else:
            yield prose(
                telling.word("{passed} of {count} questions answered, no points", passed=passed, count=len(rows))
            )


def failure(alike: list[Row], telling: Telling) -> str:
    """Return the feedback of a test, and the others that failed for the same reason."""
    row = alike[0]
    sign = "⏭" if row.state is State.SKIPPED else "✗"
    points = f" · {row.points}" if row.result.info.points else ""
    text = f"### {sign} {code(row.id)}{points}\n\n{prose(telling.kind(row))}\n\n{block(row.text)}\n"
    if alike[1:]:
        others = ", ".join(code(other.id) for other in alike[1:])
        text += f"{telling.word('  the same for: {tests}', tests=others).strip()}\n\n"
    return text


# -- escaping


def code(text: str) -> str:
    """Return text as inline code, whatever stands in it."""
    shown = printable(text, 5 * NAME) or " "
    ticks = "`" * (max(map(len, TICKS.findall(shown)), default=0) + 1)
    space = " " if shown[0] in " `" or shown[-1] in " `" else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def unbarred(text: str) -> str:
    """Return text for a cell of a table: a bar would end it, and whether a backslash helps depends on the reader."""
    return text.replace("|", "│")


def prose(text: str) -> str:
    """Return text as it is, if nobody can find anything in it but words; else as code."""
    if HARMLESS.fullmatch(text) and not LINKED.search(text):
        return printable(text, 5 * NAME).replace("_", "\\_")
    return code(text)


def block(text: str) -> str:
    """Return lines as a block of code, whatever stands in them."""
    fence = "~" * max(3, max(map(len, TILDES.findall(text)), default=0) + 1)
    return f"{fence}text\n{text}\n{fence}\n"
