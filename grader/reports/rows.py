"""What every format says of an attempt: its outcome, and for each row of the rubric a state and the words of the feedback.

The texts are for students, in one language. Each format escapes them for whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from grader.catalogues import Catalogue
from grader.models import Attempt, Outcome, TestResult, Verdict, Visibility
from grader.printable import printable, printable_lines
from grader.testing.terminal import labelled

NAME, SENTENCE = 200, 1000
"""Characters of a name, and of one sentence of a feedback."""
SAID_ONCE = frozenset({Verdict.IMPORT_ERROR, Verdict.NOT_RUN})
"""Verdicts that one broken start-up gives to many tests."""


class State(StrEnum):
    """What CI systems know of a test; an error is a fault of ours."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True)
class Row:
    """A row of the rubric in one language: the title, what happened in one line, and all lines of the feedback."""

    result: TestResult
    state: State
    title: str
    happened: str
    text: str

    @property
    def id(self) -> str:
        """The test."""
        return self.result.info.id

    @property
    def points(self) -> str:
        """The points, as in ``0/8``."""
        return f"{self.result.earned}/{self.result.info.points}"


class Telling:
    """Says in one language what became of attempts."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.catalogue = Catalogue()

    def word(self, key: str, **values: object) -> str:
        """Return a text."""
        return self.catalogue.word(key, self.language, **values)

    def verdict(self, verdict: str) -> str:
        """Return the word for a verdict; in English the identifier's words."""
        return self.word(verdict).replace("_", " ")

    def outcome(self, attempt: Attempt) -> str:
        """Say what became of a submission; of a fault of ours nothing more than that, for the details are for staff."""
        if attempt.outcome.ours:
            return self.word("no score: the fault is the grader's, not the submission's")
        if attempt.outcome is Outcome.GRADED:
            return self.verdict(attempt.outcome)
        if attempt.outcome is Outcome.MISSING_FILE:
            reason = printable(attempt.detail.get("file", ""), SENTENCE)
        else:
            values = {key: printable(text) for key, text in attempt.detail.items() if key not in ("problem", "message")}
            reason = printable(self.word(attempt.detail.get("problem", ""), **values), SENTENCE)
        return self.word("{verdict}: {reason}", verdict=self.verdict(attempt.outcome), reason=reason)

    def score(self, attempt: Attempt) -> str:
        """Return the score, as in ``42/100``; a dash where there is none, as in a diagnostic."""
        score = attempt.score
        return f"{score.earned}/{score.possible}" if score and score.possible else "–"

    def to_come(self, attempt: Attempt) -> str:
        """Say which part of the points an attempt is not about, if it is about public tests only."""
        if "hidden_points" not in attempt.detail:
            return ""
        return self.word("public tests only: {count} hidden tests worth {points} points run at grading",
                         count=attempt.detail["hidden_tests"], points=attempt.detail["hidden_points"])  # fmt: skip

    def rows(self, attempt: Attempt) -> Iterator[Row]:
        """Yield every row of the rubric, in order."""
        return (self.row(result, attempt) for result in attempt.results)

    def row(self, result: TestResult, attempt: Attempt) -> Row:
        """Return one row."""
        feedback = result.feedback
        title = printable(result.info.title[self.language], SENTENCE)
        if result.verdict is Verdict.PASSED:
            return Row(result, State.PASSED, title, "", "")
        if feedback is None:
            said = self.verdict(result.verdict) if attempt.outcome is Outcome.GRADED else self.outcome(attempt)
            return Row(result, state(result, attempt), title, said, said)
        lines = [
            f"{label}   {printable(text, SENTENCE)}"
            for label, text in labelled(feedback, self.language, self.catalogue)
        ]
        return Row(
            result,
            state(result, attempt),
            title,
            printable(feedback.happened[self.language], SENTENCE),
            "\n".join(lines),
        )

    def kind(self, row: Row) -> str:
        """Say what kind of test a row is, and what became of it."""
        hidden = row.result.info.visibility is Visibility.HIDDEN
        kind = self.word("hidden test" if hidden else "public test")
        return f"{self.word(row.result.info.category)} · {kind} · {self.verdict(row.result.verdict)}"


def state(result: TestResult, attempt: Attempt) -> State:
    """Return the state of a test that did not pass; one that could not be run here is a fault of ours."""
    if attempt.score is None and result.verdict is Verdict.NOT_RUN:
        return State.ERROR
    return State.SKIPPED if result.verdict is Verdict.SKIPPED else State.FAILED


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows that did not pass; those that one broken start-up caused stand together."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.state is not State.PASSED:
            once = row.result.verdict in SAID_ONCE
            groups.setdefault((str(row.result.verdict), row.happened) if once else (row.id, ""), []).append(row)
    return list(groups.values())


def name_of(attempt: Attempt) -> str:
    """Name an attempt: by exercise, and student if there is one."""
    who = "" if attempt.student is None else printable(attempt.student, NAME)
    return f"{who}: {attempt.exercise}" if who else attempt.exercise


def ignored(attempt: Attempt, most: int = 50) -> str:
    """Return the names of files that nobody asked for."""
    return printable_lines(", ".join(printable(name) for name in attempt.ignored[:most]), SENTENCE)
