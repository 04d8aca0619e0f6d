"""One page of feedback for each student: the page of `grader.reports.html`, with what each exercise counts for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.grades import Grade, Status
from grader.models import Attempt, Exercise
from grader.printable import printable, printable_lines
from grader.reports.gradebook import REMARK, number
from grader.reports.html import article, heading
from grader.reports.web import Both, both, shell, shown


@dataclass(frozen=True)
class Entry:
    """What a page says of one exercise."""

    exercise: Exercise
    grade: Grade
    attempt: Attempt | None


def page(student: str, entries: Iterable[Entry], lang: str) -> str:
    """Return a student's page; ``lang`` is the language that is shown first."""
    say = Both()
    title = heading(student, say)
    parts = (part(entry, say, str(count)) for count, entry in enumerate(entries))
    return "".join(shell(title[lang], [f"<h1>{both(title)}</h1>", *parts], lang))


def part(entry: Entry, say: Both, place: str) -> str:
    """Return what a page says of one exercise."""
    grade = [*result(entry.grade, say)]
    if entry.grade.remark:
        said = say.text("comment: {text}", text=printable_lines(entry.grade.remark, REMARK))
        grade.append(said.replace("\n", "<br>"))
    if entry.attempt and not entry.attempt.outcome.ours:
        return article(entry.attempt, say, place, title=entry.exercise.title, grade=grade)
    lines = "".join(f"<p>{line}</p>" for line in grade)
    name = f"{both(entry.exercise.title)} <small>{shown(entry.exercise.name)}</small>"
    return f'<article id="a{place}"><h2>{name}</h2>{lines}</article>'


def result(grade: Grade, say: Both) -> Iterator[str]:
    """Yield in HTML what a student gets, and how that came about."""
    if grade.status is Status.NOT_IN_TIME:
        yield say.text("nothing was handed in before the deadline")
        return
    if grade.points is None:
        yield say.text("not graded yet: the fault is ours, and it will be tried again")
        return
    if grade.possible is None:
        yield say.text("points: {points}", points=number(grade.points))
    elif grade.possible:
        yield say.text("points: {points} of {possible}", points=number(grade.points), possible=grade.possible)
    if grade.override:
        yield say.text("given by hand: {reason}", reason=printable(grade.override.reason, 1000))
    elif grade.days_late:
        yield say.text("days late: {days}; of the points that were earned {percent} % are lost", days=grade.days_late,
                       percent=grade.penalty)  # fmt: skip
