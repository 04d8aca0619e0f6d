"""The four lines that a failed test says, in every language: what happened, what was expected, why, and where to look.

For a hidden test only constant texts, kinds of events and lines of handed-in files are said: no input, no value, nothing
that the submission printed, sent or raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.catalogues import Catalogue
from grader.models import LANGUAGES, Feedback, SourceLine, Submission, Text, Verdict, Visibility
from grader.models import TestInfo as Info
from grader.printable import printable
from grader.testing import events
from grader.testing.outcome import NO_ISOLATION, Observed

HIDDEN = "…"
VALUE_CAP = 120
LINES = 2000
"""Lines of a file that are named: in a file of very many, the number of a line could tell what a hidden test asks."""


@dataclass(frozen=True)
class Writer:
    """Writes feedback for one exercise: its catalogue, what each anchor of its statement says, and what there is to read."""

    catalogue: Catalogue
    sentences: Mapping[str, Text]
    readings: Mapping[str, Text] = field(default_factory=dict)

    def write(self, info: Info, observed: Observed, submission: Submission) -> Feedback:
        """Return the feedback of a test that did not pass."""
        hidden = info.visibility is Visibility.HIDDEN
        place = self.place(observed, submission)
        return Feedback(
            happened=self.happened(observed, place, hidden=hidden),
            expected=info.title,
            why=self.why(info),
            look_at=self.look_at(observed, place),
            trace=events.line(list(observed.events), hidden=hidden),
            reading=None if observed.verdict in NOT_ABOUT_IT else self.readings.get(info.reading),
            place=source_line(observed, submission),
        )

    def happened(self, observed: Observed, place: Text | None, *, hidden: bool) -> Text:
        """Say what happened."""
        values: dict[str, object] = {
            name: HIDDEN if hidden and not public else printable(text, VALUE_CAP)
            for name, (text, public) in observed.values.items()
        }
        key = observed.happened or HAPPENED[observed.verdict]
        if observed.verdict is Verdict.WRONG and not observed.happened:
            key = ANSWERED if observed.events else HAPPENED[Verdict.WRONG]
        if observed.verdict is Verdict.SKIPPED and "test" in observed.detail:
            key = SKIPPED_FOR
        detail = {name: self.word(name, value, hidden=hidden) for name, value in observed.detail.items()}
        text = self.catalogue.text(key, **values, **detail) if values or detail else self.catalogue.text(key)
        if not hidden and not observed.happened and observed.verdict is Verdict.WRONG:
            for added in (self.catalogue.text(key, **values) for name, key in COMPARED.items() if name in values):
                text = {language: text[language] + added[language] for language in LANGUAGES}
        if observed.verdict in RAISED:
            said = self.catalogue.text(': "{text}"', **values) if values.get("text") and not hidden else same("")
            where = self.catalogue.text(" ({place})", place=place) if place else same("")
            text = {language: text[language] + said[language] + where[language] for language in LANGUAGES}
        return text

    def why(self, info: Info) -> Text:
        """Quote the statement's sentence and name the rule; a rule of the course is never called a standard."""
        sentence = self.sentences.get(info.statement, {})
        source = same(info.rule) if info.rule else self.catalogue.text("this exercise's contract")
        return {
            language: f"{sentence.get(language) or sentence.get('en', '')} [{source[language]}]".strip()
            for language in LANGUAGES
        }

    def look_at(self, observed: Observed, place: Text | None) -> Text:
        """Say where to go on."""
        if observed.detail.get("reason") == NO_ISOLATION:
            return self.catalogue.text(
                "grade on a machine with the isolation level full; grader doctor says what this one lacks"
            )
        if observed.look:
            return self.catalogue.text(observed.look)
        if place and observed.verdict not in OWN_ADVICE:
            return self.catalogue.text("{place}, and the values that get there", place=place)
        return self.catalogue.text(LOOK.get(observed.verdict, LOOK[Verdict.WRONG]))

    def place(self, observed: Observed, submission: Submission) -> Text | None:
        """Name the line of a handed-in file that was reached last, if there is one."""
        found = source_line(observed, submission)
        return (
            self.catalogue.text("line {line} of {file}", line=found.line, file=printable(found.file)) if found else None
        )

    def word(self, name: str, value: str, *, hidden: bool) -> Text:
        """Translate a word of a verdict's detail; a number that the submission chose is no word."""
        if name == "code" and hidden:
            return same(HIDDEN)
        if name == "type":
            return same(value) if value else self.catalogue.text("an exception of your own")
        if name in ("phase", "reason", "what"):
            return self.catalogue.text(WORDS.get(value, value))
        return same(printable(value))


def source_line(observed: Observed, submission: Submission) -> SourceLine | None:
    """Return the last line of a handed-in file that an exception passed through, if the file has such a line.

    Only the first `LINES` count.
    """
    for file, line in reversed(observed.frames):
        name = file.replace("\\", "/")
        content = submission.files.get(name)
        if content is not None and 1 <= line <= min(content.count(b"\n") + 1, LINES):
            return SourceLine(name, line)
    return None


def same(text: str) -> Text:
    """Return a text that is the same in every language."""
    return dict.fromkeys(LANGUAGES, text)


OWN_ADVICE = frozenset({Verdict.IMPORT_ERROR, Verdict.MEMORY_LIMIT})
NOT_ABOUT_IT = frozenset({Verdict.IMPORT_ERROR, Verdict.SKIPPED, Verdict.NOT_RUN})
"""Verdicts that say nothing about what the test is about, so that nothing is to be read."""
RAISED = frozenset({Verdict.STUDENT_EXCEPTION, Verdict.IMPORT_ERROR})
ANSWERED = "the answer was not as promised"
COMPARED = {"seen": ": {seen} instead of {expected}", "value": ": {value}", "claim": ": {claim} is not true"}
"""What is added for a public test, by the name of a value."""
SKIPPED_FOR = "this test was skipped, because it builds on {test}, which did not pass"
HAPPENED = {
    Verdict.WRONG: "the result was not the promised one",
    Verdict.STUDENT_EXCEPTION: "{phase}, your code raised {type}",
    Verdict.IMPORT_ERROR: "your module could not be imported: {type}",
    Verdict.TIMEOUT: "your code did not come to an end {phase}",
    Verdict.CPU_LIMIT: "your code used more processor time than allowed",
    Verdict.MEMORY_LIMIT: "your code used more memory than allowed",
    Verdict.DISK_LIMIT: "your code wrote more files than allowed",
    Verdict.OUTPUT_LIMIT: "your code sent or printed more than allowed",
    Verdict.CRASHED: "the Python process of your code crashed ({signal})",
    Verdict.EXITED: "your code ended its Python process (exit code {code})",
    Verdict.PROTOCOL_VIOLATION: "your code interfered with the conversation between judge and submission",
    Verdict.SKIPPED: "this test was skipped, because one that it builds on did not pass",
    Verdict.NOT_RUN: "this test was not run: {reason}",
    Verdict.PASSED: "",
}
LOOK = {
    Verdict.WRONG: "what your app answered, step by step",
    Verdict.STUDENT_EXCEPTION: "how your code is called: which arguments does it take? No line of your files raised this",
    Verdict.IMPORT_ERROR: "run the file alone with python, and read the last line of the message",
    Verdict.TIMEOUT: "loops that never end, and reads that wait for more than there is",
    Verdict.CPU_LIMIT: "loops that never end",
    Verdict.MEMORY_LIMIT: "what you keep in memory, and how often you make it",
    Verdict.DISK_LIMIT: "what you write to the disk",
    Verdict.OUTPUT_LIMIT: "loops that yield or print without end",
    Verdict.CRASHED: "deep recursion, and calls below Python's own level",
    Verdict.EXITED: "calls of exit() and os._exit(): a web application never ends its server",
    Verdict.PROTOCOL_VIOLATION: "threads and processes that your code starts",
    Verdict.SKIPPED: "mend the other test first; this one may then pass by itself",
    Verdict.NOT_RUN: "mend what ended your code in the tests before",
}
WORDS = {
    "start": "while it was started",
    "import": "while it was imported",
    "call": "while it was called",
    "iterate": "while its answer was iterated",
    "close": "while its answer was closed",
    "read": "while it was looked at",
    "len": "while it was asked for its length",
    "serve": "while it was served",
    "run": "while a command of the test ran",
    "forget": "while it was cleaned up",
    NO_ISOLATION: "it needs the isolation level full, which this machine does not have",
}
