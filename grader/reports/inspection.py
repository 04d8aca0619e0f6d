"""Looks through what a student would get to see of an attempt, in every format and language, before anybody sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from grader.errors import EngineFault
from grader.leaks.guard import BLOCK, Guard, Leak
from grader.leaks.secrets import Secret
from grader.models import LANGUAGES, Attempt, Submission
from grader.printable import printable
from grader.reports.document import document

WITHHELD = "feedback withheld: it would have told something of the hidden tests; standard error says what and where"


def as_json(attempt: Attempt, language: str) -> str:
    """Return the JSON document, which holds every text that a report shows to students."""
    return json.dumps(document(attempt, language), ensure_ascii=False, indent=2)


FORMATS: Mapping[str, Callable[[Attempt, str], str]] = {"JSON": as_json}
"""What students are given of an attempt; a new format is searched as soon as it stands here."""


@dataclass
class Inspection:
    """Finds leaks in attempts; ``say`` is told, for staff, what was found and where.

    A secret that the submission itself contains, in a file or a name, is no leak of this attempt: its author knows it
    already, and an honest zero must not turn into a fault of ours by pasting a marker. Staff is told if it is a marker, for
    then it has got out some other way. Every other secret is still looked for.
    """

    guard: Guard
    say: Callable[[str], None]
    handed_in: set[Secret] = field(default_factory=set)

    def __call__(self, attempt: Attempt, submission: Submission) -> str:
        """Return why an attempt must not be shown, or nothing."""
        found = self.leaks(attempt)
        known = self.known(submission, {leak.secret for leak in found}) if found else set()
        self.handed_in |= known
        who = printable(submission.student or submission.path, 1000)
        for place in sorted({secret.place for secret in known if secret.marker}):
            self.say(f"{who}: handed in the leak marker of {place}; find out how it got there")
        leaks = [leak for leak in found if leak.secret not in known]
        for line in dict.fromkeys(map(str, leaks)):
            self.say(f"{who}: withheld: {line}")
        return WITHHELD if leaks else ""

    def report(self, text: str) -> None:
        """Look through a report of several attempts that were inspected.

        Raises:
            EngineFault: it must not be shown.
        """
        self.through([text], "terminal")

    def through(self, pieces: Iterable[str], place: str) -> None:
        """Look through the pieces of such a report one after another; ``place`` is what it is called.

        Raises:
            EngineFault: it must not be shown.
        """
        leaks = [leak for leak in self.guard.scan(blocks(pieces), place) if leak.secret not in self.handed_in]
        if leaks:
            raise EngineFault("the report is withheld: " + "; ".join(dict.fromkeys(map(str, leaks))))

    def leaks(self, attempt: Attempt) -> list[Leak]:
        """Return what any format of an attempt would tell, of each secret the first place."""
        found: dict[Secret, Leak] = {}
        for name, form in FORMATS.items():
            for language in LANGUAGES:
                for leak in self.guard.check(form(attempt, language), f"{attempt.exercise}, {name}, {language}"):
                    found.setdefault(leak.secret, leak)
        return list(found.values())

    def known(self, submission: Submission, secrets: set[Secret]) -> set[Secret]:
        """Return which secrets a submission itself contains."""
        guard = Guard(secrets)
        names = "\n".join((submission.student or "", *submission.ignored))
        own: list[str | bytes] = [names, *submission.files.values()]
        return {leak.secret for part in own for leak in guard.check(part, "")}


def blocks(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the same text in parts of the size that the guard searches at a time."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        for start in range(0, len(piece), BLOCK):
            kept.append(piece[start : start + BLOCK])
            size += len(kept[-1])
            if size >= BLOCK:
                yield "".join(kept)
                kept, size = [], 0
    yield "".join(kept)
