"""The hints of an exercise, rung by rung: a question, then the principle, then a skeleton with gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text as Words

from grader.errors import Misuse
from grader.models import Exercise
from grader.predictions.prose import Prose
from grader.statement import ANCHOR, hints_file
from grader.student.place import Place
from grader.student.speaking import Voice
from grader.student.state import SENTENCE, Record, Sentence, changing

ASKS = 3
"""The rung before which a sentence is asked for."""
FENCE = "```"
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
MARKED = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)")
ITEM = re.compile(r"(\s*)([-*]|\d+\.) ")


@dataclass(frozen=True)
class Rung:
    """One hint: its title (a number, or what it is about) and its text in Markdown."""

    title: str
    text: str


def rungs(exercise: Exercise, lang: str) -> tuple[Rung, ...]:
    """Return the hints of an exercise in order.

    Raises:
        Misuse: it has none.
    """
    path = hints_file(exercise.folder, lang)
    if not path.is_file():
        path = hints_file(exercise.folder, "en")
    found = tuple(sections(path.read_text(encoding="utf-8"))) if path.is_file() else ()
    if not found:
        raise Misuse("{exercise} has no hints", exercise=exercise.short)
    return found


def sections(markdown: str) -> Iterator[Rung]:
    """Yield the sections of the second level; what looks like a heading in code is none."""
    title, lines, code = "", [""], False
    for line in markdown.splitlines():
        code ^= line.startswith(FENCE)
        if line.startswith("## ") and not code:
            if title:
                yield Rung(title, "\n".join(lines).strip())
            title, lines = ANCHOR.sub("", line[3:]).strip(), []
        else:
            lines.append(line)
    if title:
        yield Rung(title, "\n".join(lines).strip())


def wants_sentence(exercise: Exercise, record: Record) -> bool:
    """Tell whether the next rung asks for a sentence first; one that was taken needs no other."""
    return exercise.kind == "graded" and record.rungs + 1 == ASKS


def take(place: Place, exercise: Exercise, record: Record, because: str | None) -> int:
    """Take one more rung and return its number; all that were written before a rung are kept.

    Raises:
        StateNotKept: that cannot be remembered.
    """
    number = record.rungs + 1
    with changing(place, exercise.name) as changes:
        changes["rungs"] = number
        if because:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            changes["sentences"] = (*record.sentences, Sentence(number, because[:SENTENCE], when))
    return number


# -- how a hint looks


def shown(rung: Rung, number: int, count: int, voice: Voice) -> Iterator[RenderableType]:
    """Yield a hint as it is printed."""
    head = voice.word("Hint {number} of {count}", number=number, count=count)
    yield Words(head if rung.title.isdigit() else f"{head}: {rung.title}", "bold")
    for block in blocks(rung.text):
        yield Words()
        yield block


def blocks(markdown: str) -> Iterator[RenderableType]:
    """Yield paragraphs, items of lists, tables and listings."""
    waiting: list[str] = []
    code = False
    for line in [*markdown.splitlines(), ""]:
        if line.startswith(FENCE):
            if code:
                yield Padding(Words("\n".join(waiting), "cyan"), (0, 0, 0, 4))
            elif waiting:
                yield from paragraph(waiting)
            waiting, code = [], not code
        elif code or line.strip():
            waiting.append(line)
        elif waiting:
            yield from paragraph(waiting)
            waiting = []


def paragraph(lines: list[str]) -> Iterator[RenderableType]:
    """Yield one block; the items of a list and the rows of a table keep their lines."""
    if ITEM.match(lines[0]) or lines[0].startswith("|"):
        for line in lines:
            if not set(line) <= set("|-: "):
                yield Prose(marked(line.strip("| ").replace(" | ", "   ")))
    else:
        yield Prose(marked(" ".join(lines)))


def marked(text: str) -> Words:
    """Return a sentence with its marks as styles, and its links as their texts."""
    parts = MARKED.split(LINK.sub(r"\1", text))
    return Words.assemble(*(styled(part) for part in parts))


def styled(part: str) -> tuple[str, str]:
    """Return a part of a sentence and its style."""
    if len(part) > 2 and part[0] == part[-1] == "`":
        return part, "cyan"
    if MARKED.fullmatch(part):
        return part.strip("*"), "bold" if part.startswith("**") else "italic"
    return part, ""
