"""What may be shown to people: asserted of every text that comes out of the engine."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from grader.catalogues import Catalogue
from grader.models import LANGUAGES, Attempt, Exercise, Hashes, Isolation, Outcome, TestResult
from grader.reports.document import document
from tests.fuzz.driver import HERE

UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
FOLDER = HERE.parents[1] / "exercises" / "a1_hello_wsgi"
EXERCISE = Exercise("a1_hello_wsgi", dict.fromkeys(LANGUAGES, "A1"), ("app.py",), "app:application", FOLDER, None, None)
CATALOGUE = Catalogue([FOLDER])


def is_inert(*said: str, longest: int = 40_000, lines: bool = False) -> bool:
    """Tell whether texts do nothing to a terminal, a page or a reader but stand there. ``lines`` allows line feeds."""
    characters = set().union(*said) - ({"\n"} if lines else set())
    return max(map(len, said), default=0) <= longest and UNSAFE.isdisjoint(map(unicodedata.category, characters))


def attempt_of(result: TestResult, student: str | None = None, ignored: tuple[str, ...] = ()) -> Attempt:
    """Return an attempt with one result."""
    return Attempt("a1_hello_wsgi", student, "", Outcome.GRADED, Isolation.FULL, (result,), None, {}, Hashes("", "", ""), 1,
                   "", 0.0, {}, ignored)  # fmt: skip


def document_texts(attempt: Attempt, audience: str = "student") -> list[str]:
    """Return every text of the JSON documents of an attempt."""
    return [text for language in LANGUAGES for text in texts(document(attempt, language, audience))]


def texts(node: object) -> Iterator[str]:
    """Yield every text in JSON-able data."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
