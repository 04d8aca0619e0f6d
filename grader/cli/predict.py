"""``grader predict``: questions about a small program before the exercise, answered at once by running it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console, RenderableType

from grader.catalogues import Catalogue
from grader.cli.options import Stopped, course_option, lang_option, open_course, reporting
from grader.errors import UsageError
from grader.predictions.asking import Asking, Choice, choices
from grader.predictions.questions import load_predictions
from grader.predictions.stage import Stage, trace_line


@click.command("predict")
@click.argument("exercise_name", metavar="EXERCISE")
@click.option("--answers", metavar="LETTERS", help="Your answers in order, as in abc, instead of being asked.")
@click.option("--questions", "only_questions", is_flag=True, help="Show the questions with their choices, and stop.")
@course_option
@lang_option
@reporting
def command(
    exercise_name: str, answers: str | None, only_questions: bool, course_folder: Path | None, lang: str
) -> None:
    """Predict what a small program does, and see at once what it really does: three questions before an exercise.

    Wrong predictions cost nothing, and the exit code is 0 whatever they are.
    """
    exercise = open_course(course_folder, None).find(exercise_name)
    predictions = load_predictions(exercise)
    asking = Asking(exercise, predictions, Catalogue(), lang)
    programs = [predictions.program, *(question.program for question in predictions.questions)]
    with Stage(programs, predictions.path, exercise.limits) as stage:
        trace = trace_line(stage.perform(predictions.program, predictions.request))
        offered = [
            choices(question, stage.answer(question), f"{predictions.path}: question {number}")
            for number, question in enumerate(predictions.questions, 1)
        ]
    letters = None if answers is None else [letter for letter in answers.lower() if letter not in ", "]
    if letters is not None and len(letters) != len(offered):
        raise UsageError(f"--answers {answers}: there are {len(offered)} questions, so give {len(offered)} letters")
    given = None if letters is None else [chosen(*pair) for pair in zip(letters, offered, strict=True)]
    console = Console()
    show(console, asking.opening(trace))
    came_true = 0
    for number, those in enumerate(offered, 1):
        show(console, asking.question(number, those))
        if only_questions:
            continue
        taken = given[number - 1] if given else ask(asking, number, those)
        show(console, asking.verdict(number, those, taken))
        came_true += taken.why is None
    if not only_questions:
        show(console, asking.closing(came_true))


def show(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print what was rendered."""
    for part in parts:
        console.print(part)


def chosen(letter: str, offered: tuple[Choice, ...]) -> Choice:
    """Return the choice of a letter.

    Raises:
        UsageError: there is none.
    """
    found = [choice for choice in offered if choice.letter == letter]
    if not found:
        raise UsageError(f"{letter!r} is no choice; the choices are {', '.join(choice.letter for choice in offered)}")
    return found[0]


def ask(asking: Asking, number: int, offered: tuple[Choice, ...]) -> Choice:
    """Ask for a letter until it is one of those offered; one of full width is as good.

    Raises:
        UsageError: nobody is there to answer.
        Stopped: somebody pressed Ctrl-C.
    """
    letters = [choice.letter for choice in offered]
    while True:
        try:
            said = input(asking.word("Your prediction ({letters}): ", letters=", ".join(letters)))
        except KeyboardInterrupt:
            click.echo()  # what the terminal shows of the key stands in the line of the question
            raise Stopped(asking.word("stopped; nothing is lost, begin again whenever you like")) from None
        except (EOFError, UnicodeDecodeError):
            raise UsageError(
                f"no answer to question {number}; answer on the terminal, or give all answers at once with --answers"
            ) from None
        letter = unicodedata.normalize("NFKC", said).strip().lower()
        if letter in letters:
            return chosen(letter, offered)
