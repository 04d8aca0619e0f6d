"""Puts questions before a student, in one language: the program, the change, the choices, and what came of a choice."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.errors import UsageError
from grader.models import Exercise, Text
from grader.predictions.prose import Prose
from grader.predictions.questions import Predictions, Program, Question
from grader.statement import statement_file

LETTERS = "abcde"
ARROW = " > "


@dataclass(frozen=True)
class Choice:
    """One of the choices of a question; ``why`` is what whoever takes it believes, nothing for the right one."""

    letter: str
    text: str
    why: Text | None


def choices(question: Question, right: str, place: str) -> tuple[Choice, ...]:
    """Return the choices in an order that tells nothing, and is the same everywhere and every time.

    Raises:
        UsageError: what really happens is among the wrong choices; ``place`` names the question.
    """
    if any(wrong.text == right for wrong in question.wrong):
        raise UsageError(f"{place}: {right!r} stands among the wrong choices, and it is what really happens; change it")
    whys: dict[str, Text | None] = {wrong.text: wrong.why for wrong in question.wrong} | {right: None}
    shuffled = sorted(whys, key=lambda text: hashlib.sha256(f"{question.title['en']}\n{text}".encode()).digest())
    return tuple(Choice(letter, text, whys[text]) for letter, text in zip(LETTERS, shuffled, strict=False))


class Asking:
    """Renders the questions of one exercise in one language."""

    def __init__(self, exercise: Exercise, predictions: Predictions, catalogue: Catalogue, language: str) -> None:
        self.exercise = exercise
        self.predictions = predictions
        self.catalogue = catalogue
        self.language = language

    def word(self, key: str, **values: object) -> str:
        """Return a text in the reader's language."""
        return self.catalogue.word(key, self.language, **values)

    def opening(self, trace: str) -> Iterator[RenderableType]:
        """Show the program that all questions are about, and the trace that it has as it stands."""
        yield Words.assemble((f"{self.exercise.short.upper()} · {self.exercise.title[self.language]}", "bold"))
        yield Words(
            self.word("This program stands in the statement too. Predict what becomes of it; nothing is graded.")
        )
        yield Words()
        yield listing(self.predictions.program)
        if any(question.kind == "trace" for question in self.predictions.questions):
            yield Words()
            yield Words(self.word("The trace of {request} is:", request=str(self.predictions.request)))
            yield indented(Events(trace))

    def question(self, number: int, offered: tuple[Choice, ...]) -> Iterator[RenderableType]:
        """Ask one question."""
        question = self.predictions.questions[number - 1]
        head = self.word("Question {number} of {count}", number=number, count=len(self.predictions.questions))
        yield Words()
        yield Words.assemble((head, "bold"))
        yield indented(quoted(question.title[self.language]))
        changed = difference(self.predictions.program, question.program)
        if changed:
            yield indented(changed)
        yield Words()
        yield indented(
            Words(self.word("{request}: predict {parts}.", request=str(question.request), parts=self.parts(question)))
        )
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="bold")
        grid.add_column(overflow="fold")
        for choice in offered:
            grid.add_row(choice.letter, shown(question, choice.text))
        yield indented(grid)
        yield Words()

    def parts(self, question: Question) -> str:
        """Name what a question asks for."""
        names = {
            "trace": self.word("the trace"),
            "status": self.word("the status line"),
            "page": self.word("the text that a browser shows"),
            "links": self.word("where the links lead"),
            "body": self.word("the body"),
            "reads": self.word("what is read from wsgi.input"),
        }
        wanted = question.shown or ("trace",)
        return self.word(", ").join(names.get(part, part.removeprefix("header ")) for part in wanted)

    def verdict(self, number: int, offered: tuple[Choice, ...], taken: Choice) -> Iterator[RenderableType]:
        """Say what came of a choice, and what really happened."""
        question = self.predictions.questions[number - 1]
        right = next(choice for choice in offered if choice.why is None)
        if taken.why is None:
            yield Words.assemble(("✓ ", "green"), (self.word("{letter}: so it is.", letter=taken.letter), "bold"))
        else:
            said = self.word("{letter}: not this time.", letter=taken.letter)
            yield Words.assemble(("✗ ", "red"), (said, "bold"))
            yield quoted(taken.why[self.language])
            yield Words()
        yield Words(self.word("What really happens, run just now ({letter}):", letter=right.letter))
        yield indented(shown(question, right.text))
        yield quoted(question.explanation[self.language])

    def closing(self, came_true: int) -> Iterator[RenderableType]:
        """Say how many predictions came true, and how to go on."""
        count = len(self.predictions.questions)
        yield Words()
        yield Words.assemble(
            (self.word("{right} of {count} predictions came true.", right=came_true, count=count), "bold")
        )
        path = statement_file(self.exercise.folder, self.language)
        place = path.relative_to(self.exercise.folder.parents[1]).as_posix()
        yield Words(self.word("Go on with the task: {place}", place=place))


def listing(program: Program) -> RenderableType:
    """Return a program with the numbers of its lines."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, line in enumerate(program.source.strip("\n").split("\n"), 1):
        grid.add_row(str(number), Words(line))
    return indented(grid)


def difference(one: Program, other: Program) -> Words | None:
    """Return the lines of a program that another one has changed, None if there are none."""
    lines = difflib.ndiff(one.source.splitlines(), other.source.splitlines())
    changed = [line for line in lines if line[0] in "+-"]
    styled = [(f"{line}\n", "green" if line[0] == "+" else "red") for line in changed]
    return Words.assemble(*styled[:-1], (changed[-1], styled[-1][1])) if styled else None


def shown(question: Question, text: str) -> RenderableType:
    """Return a choice."""
    return Events(text) if question.kind == "trace" else Words(text)


class Events:
    """A trace whose lines break between its events only: what stands in one event belongs together."""

    def __init__(self, trace: str) -> None:
        self.parts = trace.split(ARROW)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = self.parts[0]
        for part in self.parts[1:]:
            if cell_len(line + ARROW + part) > options.max_width:
                yield Words(line)
                line = ARROW.lstrip() + part
            else:
                line += ARROW + part
        yield Words(line)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(cell_len(ARROW + part) for part in self.parts)
        return Measurement(min(longest, options.max_width), min(cell_len(ARROW.join(self.parts)), options.max_width))


def quoted(text: str) -> Prose:
    """Return a sentence in which what stands between backticks is marked as code."""
    parts = text.split("`")
    return Prose(Words.assemble(*((f"`{part}`", "cyan") if place % 2 else part for place, part in enumerate(parts))))


def indented(part: RenderableType) -> RenderableType:
    """Return something two columns further in."""
    return Padding(Group(part), (0, 0, 0, 2))
