"""Attempts as one page of HTML for students: score and rubric as a picture, the four lines and the trace of each failed test.

The page stands alone and has no script; both languages are in it, and the reader switches between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from grader.models import Attempt, Feedback, Isolation, Outcome, Score, TestResult, Text, Verdict, Visibility
from grader.printable import printable
from grader.reports import rubric, sequence
from grader.reports.terminal import grouped, points
from grader.reports.web import Both, both, shell, shown, table
from grader.testing.terminal import LABELS

NAME = 200
"""Characters of a name that are shown."""


def page(attempts: Iterable[Attempt], lang: str) -> str:
    """Return the page of one attempt or of several, as students may see them; ``lang`` is the language that is shown first."""
    return "".join(pieces(attempts, lang))


def pieces(attempts: Iterable[Attempt], lang: str) -> Iterator[str]:
    """Yield the same page piece by piece; of several attempts each is folded, and needed for its own piece only."""
    say = Both()
    rest = iter(attempts)
    first = list(islice(rest, 2))
    title = heading(first[0].student if len(first) == 1 else None, say)
    body = folded if len(first) > 1 else article
    made = (body(one, say, str(number)) for number, one in enumerate(chain(first, rest)))
    yield from shell(title[lang], chain([f"<h1>{both(title)}</h1>"], made), lang)


def heading(student: str | None, say: Both) -> Text:
    """Return what a page is called."""
    if student is None:
        return say.catalogue.text("Feedback")
    return say.catalogue.text("Feedback for {student}", student=printable(student))


def folded(attempt: Attempt, say: Both, number: str) -> str:
    """Return all about one attempt among others, below a line with the student and the score."""
    who = f"<bdi>{shown(attempt.student, NAME)}</bdi> · " if attempt.student else ""
    line = f"{who}{shown(attempt.exercise, NAME)} · {points(attempt.score)}"
    return f"<details><summary>{line}</summary>{article(attempt, say, number)}</details>"


def article(attempt: Attempt, say: Both, number: str, title: Text | None = None, grade: Iterable[str] = ()) -> str:
    """Return all about one attempt; the number tells it from the others of the page.

    ``title`` is that of the exercise, ``grade`` says in HTML what the attempt comes to.
    """
    name = shown(attempt.exercise, NAME)
    head = f"{both(title)} <small>{name}</small>" if title else name
    parts = [f'<article id="a{number}"><h2>{head}</h2>', *(f"<p>{line}</p>" for line in grade), *outcome(attempt, say)]
    if attempt.results and attempt.score:
        parts += [rubric.picture(attempt, attempt.score, say, f"{number}-s"), categories(attempt, say, number)]
        parts += [tests(attempt, say, number), *failures(attempt, say, number)]
    parts += [*to_read(attempt, say), *remarks(attempt, say), "</article>"]
    return "\n".join(parts)


def outcome(attempt: Attempt, say: Both) -> Iterator[str]:
    """Yield the verdict of an attempt that was not graded; a fault of ours says nothing of itself."""
    if attempt.outcome is Outcome.GRADED:
        return
    verdict = words(str(attempt.outcome), say)
    if attempt.outcome.ours:
        yield f'<p class="warn">{both(verdict)}. {say.text("not graded yet: the fault is ours, and it will be tried again")}</p>'
        return
    reason: Text | str = printable(attempt.detail.get("file", ""))
    if "problem" in attempt.detail:
        values = {key: printable(value) for key, value in attempt.detail.items() if key not in ("problem", "message")}
        reason = say.catalogue.text(attempt.detail["problem"], **values)
    yield f'<p class="warn">{say.text("{verdict}: {reason}", verdict=verdict, reason=reason)}</p>'


def words(verdict: str, say: Both) -> Text:
    """Return the word for a verdict; in English the identifier's words."""
    return {language: text.replace("_", " ") for language, text in say.catalogue.text(verdict).items()}


# -- the rubric in words


def categories(attempt: Attempt, say: Both, number: str) -> str:
    """Return a table of what was passed in each category."""
    rows = []
    for name, score in attempt.categories.items():
        group = [result for result in attempt.results if result.info.category == name]
        passed = sum(result.verdict is Verdict.PASSED for result in group)
        rows.append([say.text(name), f"{passed}/{len(group)}", points(score)])
    heads = [say.text("category"), say.text("tests passed"), say.text("points")]
    return table(f"{number}-c", say.text("The rubric by category"), heads, rows, "numbers")


def tests(attempt: Attempt, say: Both, number: str) -> str:
    """Return a table of all tests; a failed one links to what is said of it."""
    places = {result.info.id: n for n, group in enumerate(grouped(attempt.results)) for result in group}
    heads = [say.text("test"), say.text("what it asks"), say.text("kind"), say.text("verdict"), say.text("points")]
    rows = []
    for result in attempt.results:
        name = f'<span class="id">{shown(result.info.id, NAME)}</span>'
        if result.info.id in places:
            name = f'<a href="#f{number}-{places[result.info.id]}">{name}</a>'
        passed = result.verdict is Verdict.PASSED
        sign = '<span class="good">✓</span>' if passed else '<span class="bad">✗</span>'
        verdict = f"{sign} {both(words(str(result.verdict), say))}"
        rows.append([name, both(result.info.title), kind(result, say), verdict, worth(result)])
    made = table(f"{number}-t", say.text("Each test"), heads, rows)
    return f"<details><summary>{say.text('All {count} tests', count=len(rows))}</summary>{made}</details>"


def kind(result: TestResult, say: Both) -> str:
    """Say whether a test is a hidden one."""
    return say.text("hidden test") if result.info.visibility is Visibility.HIDDEN else say.text("public test")


def worth(result: TestResult) -> str:
    """Return the points of a test."""
    return points(Score(result.earned, result.info.points))


# -- what failed


def failures(attempt: Attempt, say: Both, number: str) -> Iterator[str]:
    """Yield the feedback of each failure; those that one broken start-up caused stand together."""
    for place, alike in enumerate(grouped(attempt.results)):
        result = alike[0]
        assert result.feedback is not None
        head = f'<span class="bad" aria-hidden="true">✗</span> <span class="id">{shown(result.info.id, NAME)}</span>'
        meta = " · ".join((say.text(result.info.category), kind(result, say), both(words(str(result.verdict), say)),
                           worth(result)))  # fmt: skip
        others = ", ".join(f'<span class="id">{shown(one.info.id, NAME)}</span>' for one in alike[1:])
        also = f"<p>{say.text('The same for these tests:')} {others}</p>" if others else ""
        yield (
            f'<section class="failure" id="f{number}-{place}"><h3>{head}</h3><p class="meta">{meta}</p>'
            f"{lines(result.feedback, say)}{also}{sequence.drawn(result, say, f'{number}-{place}-d')}</section>"
        )


def lines(feedback: Feedback, say: Both) -> str:
    """Return the four lines."""
    texts = (feedback.happened, feedback.expected, feedback.why, feedback.look_at)
    rows = "".join(
        f"<dt>{say.text(label)}</dt><dd>{both(text)}</dd>" for label, text in zip(LABELS, texts, strict=True)
    )
    return f"<dl>{rows}</dl>"


def to_read(attempt: Attempt, say: Both) -> Iterator[str]:
    """Yield what to read next, each once."""
    found: Mapping[str, Text] = {
        result.feedback.reading["en"]: result.feedback.reading
        for result in attempt.results
        if result.feedback and result.feedback.reading
    }
    for reading in found.values():
        yield f"<p>{say.text('read next: {reading}', reading=reading)}</p>"


def remarks(attempt: Attempt, say: Both) -> Iterator[str]:
    """Yield what else a student should know of the attempt."""
    if attempt.ignored:
        names = ", ".join(map(printable, attempt.ignored))
        yield f"<p>{say.text('ignored files: {files}', files=names)}</p>"
    if "hidden_points" in attempt.detail:
        told = say.text("public tests only: {count} hidden tests worth {points} points run at grading",
                        count=attempt.detail["hidden_tests"], points=attempt.detail["hidden_points"])  # fmt: skip
        yield f'<p class="warn">{told}</p>'
    if attempt.isolation is Isolation.NONE and not attempt.outcome.ours:
        warning = say.text("NOT ISOLATED: submissions ran with your own rights (isolation level none)")
        yield f'<p class="warn">{warning}</p>'
