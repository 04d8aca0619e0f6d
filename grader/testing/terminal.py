"""The four lines of a feedback as plain text for a terminal; the one place that knows their labels."""

from __future__ import annotations

from grader.catalogues import Catalogue
from grader.models import Feedback

LABELS = ("WHAT HAPPENED", "WHAT WAS EXPECTED", "WHY", "LOOK AT")


def labelled(feedback: Feedback, language: str, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return (label, text) of each line of a feedback, of the trace and of what to read, if there are any."""
    texts = (feedback.happened, feedback.expected, feedback.why, feedback.look_at)
    lines = [(catalogue.word(label, language), text[language]) for label, text in zip(LABELS, texts, strict=True)]
    lines += [(catalogue.word("TRACE", language), feedback.trace)] if feedback.trace else []
    return lines + ([(catalogue.word("READ", language), feedback.reading[language])] if feedback.reading else [])


def four_lines(feedback: Feedback, language: str, catalogue: Catalogue) -> str:
    """Return a feedback as text."""
    return "\n".join(f"{label}   {text}" for label, text in labelled(feedback, language, catalogue))
