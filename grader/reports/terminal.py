"""Attempts on a terminal: a table for many, the rubric and the feedback for one. No text is ever read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Words

from grader.catalogues import Catalogue
from grader.models import CATEGORIES, Attempt, Isolation, Outcome, Score, TestResult, Verdict, Visibility
from grader.printable import printable
from grader.testing.terminal import labelled

SAID_ONCE = frozenset({Verdict.IMPORT_ERROR, Verdict.NOT_RUN})


class TerminalReport:
    """Renders attempts in one language, with the texts of some catalogue."""

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self.catalogue = catalogue
        self.language = language

    def word(self, key: str, **values: object) -> str:
        """Return a text in the report's language."""
        return self.catalogue.word(key, self.language, **values)

    def table(
        self, attempts: Iterable[Attempt], notes: Mapping[str, str] | None = None, *, categories: bool = True
    ) -> Table:
        """Return the table of a class; ``notes`` say something more of each student. Categories need some width."""
        found = list(attempts)
        names = [name for name in CATEGORIES if categories and any(name in attempt.categories for attempt in found)]
        table = Table(box=None, pad_edge=False, header_style="bold")
        for key in ("student", "exercise", "verdict"):
            table.add_column(self.word(key), overflow="fold")
        for name in (*names, "score"):
            table.add_column(self.word(name), justify="right", no_wrap=True)
        if notes is not None:
            table.add_column(self.word("handed in"), overflow="fold")
        for attempt in found:
            cells = [points(attempt.categories.get(name)) for name in names]
            note = [] if notes is None else [Words(notes.get(attempt.student or "", ""))]
            table.add_row(
                Words(printable(attempt.student or "–", 40)), attempt.exercise.split("_", 1)[0], self.outcome(attempt),
                *cells, Words(points(attempt.score), "bold"), *note,
            )  # fmt: skip
        return table

    def outcome(self, attempt: Attempt) -> Words:
        """Return the verdict of an attempt, as a word and with the reason if it was not graded."""
        text = self.verdict(str(attempt.outcome))
        if attempt.outcome is Outcome.MISSING_FILE:
            text = self.because(text, printable(attempt.detail.get("file", "")))
        elif attempt.outcome is Outcome.BAD_SUBMISSION:
            text = self.because(text, self.problem(attempt))
        elif attempt.outcome.ours:
            text = self.because(text, printable(attempt.detail.get("message", ""), 400))
        return Words(text, "" if attempt.outcome is Outcome.GRADED else "red")

    def because(self, verdict: str, reason: str) -> str:
        """Join a verdict and its reason."""
        return self.word("{verdict}: {reason}", verdict=verdict, reason=reason)

    def verdict(self, verdict: str) -> str:
        """Return the word for a verdict; in English the identifier's words."""
        return self.word(verdict).replace("_", " ")

    def problem(self, attempt: Attempt) -> str:
        """Say why a submission was not taken."""
        values = {key: printable(value) for key, value in attempt.detail.items() if key not in ("problem", "message")}
        return self.word(attempt.detail["problem"], **values)

    def one(self, attempt: Attempt) -> RenderableType:
        """Return everything about one attempt: what was passed first, then the feedback of each failure."""
        parts = [self.table([attempt], categories=False), Words(), *self.categories(attempt), *self.failures(attempt)]
        return Group(*parts, *self.ignored(attempt))

    def failures(self, attempt: Attempt) -> list[RenderableType]:
        """Return the feedback of each failure, and what to read next."""
        parts: list[RenderableType] = []
        for alike in grouped(attempt.results):
            parts += [Words(), self.failure(alike[0]), *map(Words, self.the_same(alike))]
        to_read = self.to_read(attempt)
        return [*parts, *([Words(), *map(Words, to_read)] if to_read else [])]

    def the_same(self, alike: list[TestResult]) -> list[str]:
        """Say which other tests a feedback stands for, if it does."""
        others = self.word(", ").join(result.info.id for result in alike[1:])
        return [self.word("  the same for: {tests}", tests=others)] if others else []

    def to_read(self, attempt: Attempt) -> list[str]:
        """Say what to read next, each section once."""
        found = (r.feedback.reading[self.language] for r in attempt.results if r.feedback and r.feedback.reading)
        return [self.word("read next: {reading}", reading=reading) for reading in dict.fromkeys(found)]

    def ignored(self, attempt: Attempt) -> list[RenderableType]:
        """Say which files did not count, if there are any."""
        return [Words(), Words(self.not_counted(attempt))] if attempt.ignored else []

    def not_counted(self, attempt: Attempt) -> str:
        """Return the line about files that did not count."""
        return self.word("ignored files: {files}", files=", ".join(map(printable, attempt.ignored)))

    def categories(self, attempt: Attempt) -> list[Words]:
        """Return a line for each category: how many tests passed, and the points."""
        lines = []
        for name, score in attempt.categories.items():
            rows = [result for result in attempt.results if result.info.category == name]
            passed = sum(result.verdict is Verdict.PASSED for result in rows)
            text = (
                self.word("{category}: {passed} of {count} tests passed, {points} points", category=self.word(name),
                          passed=passed, count=len(rows), points=points(score))
                if score.possible
                else self.word("{passed} of {count} questions answered, no points", passed=passed, count=len(rows))
            )  # fmt: skip
            lines.append(Words(text, "green" if passed == len(rows) else ""))
        return lines

    def failure(self, result: TestResult) -> RenderableType:
        """Return the feedback of one test."""
        assert result.feedback is not None
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="cyan")
        grid.add_column(overflow="fold")
        for label, text in labelled(result.feedback, self.language, self.catalogue):
            grid.add_row(label, self.sentence(text))
        return Group(self.head(result), Padding(grid, (0, 0, 0, 2)))

    def head(self, result: TestResult) -> Words:
        """Return the line above the feedback of a test: its name, its points, what it is about and its verdict."""
        kind = self.word("hidden test" if result.info.visibility is Visibility.HIDDEN else "public test")
        return Words.assemble(
            ("✗ ", "red"), (result.info.id, "bold"),
            f"  {points(Score(result.earned, result.info.points))}  " if result.info.points else "  ",
            f"{self.word(result.info.category)} · {kind} · {self.verdict(str(result.verdict))}",
        )  # fmt: skip

    def sentence(self, text: str) -> RenderableType:
        """Return a sentence of a feedback."""
        return Words(text)

    def to_come(self, attempts: Iterable[Attempt]) -> Words:
        """Say which part of the points these attempts are not about, if they are about public tests only."""
        for attempt in attempts:
            if "hidden_points" in attempt.detail:
                count, points = attempt.detail["hidden_tests"], attempt.detail["hidden_points"]
                text = self.word(
                    "public tests only: {count} hidden tests worth {points} points run at grading",
                    count=count,
                    points=points,
                )
                return Words(text, "yellow")
        return Words()

    def isolation(self, level: Isolation) -> Words:
        """Say how well submissions were walled in."""
        if level is Isolation.NONE:
            return Words(
                self.word("NOT ISOLATED: submissions ran with your own rights (isolation level none)"), "bold red"
            )
        return Words(self.word("isolation level: {level}", level=str(level)))


def grouped(results: Iterable[TestResult]) -> list[list[TestResult]]:
    """Return the failures; those that one broken start-up caused stand together, so that it is said once."""
    groups: dict[tuple[str, str], list[TestResult]] = {}
    for result in results:
        if result.feedback:
            once = result.verdict in SAID_ONCE
            key = (str(result.verdict), result.feedback.happened["en"]) if once else (result.info.id, "")
            groups.setdefault(key, []).append(result)
    return list(groups.values())


def points(score: Score | None) -> str:
    """Return a score in short, a dash where there is none, as in a diagnostic."""
    return f"{score.earned}/{score.possible}" if score and score.possible else "–"
