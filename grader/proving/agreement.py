"""Statements and predictions agree: a statement asks what ``predictions.toml`` asks, and shows what its programs do now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.course import PREDICTIONS
from grader.errors import UsageError
from grader.models import LANGUAGES, Complaint, Exercise
from grader.predictions.asking import choices
from grader.predictions.pages import differences, renewed_statement
from grader.predictions.questions import load_predictions
from grader.predictions.stage import Stage
from grader.proving.complaints import complaints_of
from grader.statement import statement_file

REMEDY = "if it is right so, put that into the statement"


def of_predictions(exercise: Exercise) -> Iterator[Complaint]:
    """Yield in what an exercise's predictions cannot be asked, or are not what its statements say; nothing if it has none."""
    path = exercise.folder / PREDICTIONS
    if not path.is_file():
        return
    try:
        askable(exercise)
        for language in LANGUAGES:
            yield from of_statement(exercise, language)
    except UsageError as error:
        yield from complaints_of(error, path)


def askable(exercise: Exercise) -> None:
    """Run every question.

    Raises:
        UsageError: the file or a program in it is wrong, or a wrong choice is what really happens.
    """
    predictions = load_predictions(exercise)
    with Stage([question.program for question in predictions.questions], predictions.path, exercise.limits) as stage:
        for number, question in enumerate(predictions.questions, 1):
            choices(question, stage.answer(question), f"{predictions.path}: question {number}")


def of_statement(exercise: Exercise, language: str) -> Iterator[Complaint]:
    """Yield in what the statement in one language differs."""
    path = statement_file(exercise.folder, language)
    page = path.read_text(encoding="utf-8")
    for said in differences(exercise, language):
        yield from complaints_of(UsageError(said), path)
    if f"`grader predict {exercise.short}`" not in page:
        yield Complaint(
            path, f"does not say that `grader predict {exercise.short}` asks its predictions; add a sentence"
        )
    yield from of_traces(path, page, renewed_statement(exercise, language))


def of_traces(path: Path, page: str, renewed: str) -> Iterator[Complaint]:
    """Yield the first line of a statement that shows another trace than the one that its program has now."""
    for number, (shown, now) in enumerate(zip(page.splitlines(), renewed.splitlines(), strict=False), 1):
        if shown != now:
            yield Complaint(path, f"shows {shown!r}, and the trace is {now!r}; {REMEDY}", str(number))
            return
