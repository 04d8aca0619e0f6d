"""Finds the sentences of a statement that tests cite: each follows an anchor and ends with its paragraph or list item."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from grader.models import LANGUAGES, Exercise, Text

ANCHOR = re.compile(r'<a id="([a-z0-9-]+)"></a>')
END_OF_BLOCK = re.compile(r"\n\s*\n|\n\s*[-*+] |\n\s*\d+\. |\n#|\n\||\n```|\Z")
MARKUP = re.compile(r"\[([^\]]+)\]\([^)]*\)|\*\*(.+?)\*\*|`([^`]+)`")


def statement_file(folder: Path, language: str) -> Path:
    """Return where an exercise keeps its statement in a language."""
    return folder / ("README.md" if language == "en" else f"README.{language}.md")


def hints_file(folder: Path, language: str) -> Path:
    """Return where an exercise keeps its hints in a language."""
    return folder / ("hints.md" if language == "en" else f"hints.{language}.md")


def readings(exercise: Exercise) -> Mapping[str, Text]:
    """Return the sections of an exercise's hints that a test may send to, by anchor: the title of each, and its place."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        path = hints_file(exercise.folder, language)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        place = path.relative_to(exercise.folder.parents[1]).as_posix()
        for anchor, title in anchored(text).items():
            found.setdefault(anchor, {})[language] = f"{title} · {place}#{anchor}"
    return found


def sentences(folder: Path) -> Mapping[str, Text]:
    """Return what each anchor of an exercise's statement says, in every language that has it."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        path = statement_file(folder, language)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for anchor, sentence in anchored(text).items():
            found.setdefault(anchor, {})[language] = sentence
    return found


def promises(exercise: Exercise) -> Mapping[str, Text]:
    """Return what an exercise's tests may cite: its own sentences by anchor, those of its origins by ``a2.anchor``."""
    theirs = {
        f"{one.short}.{anchor}": text for one in exercise.origins for anchor, text in sentences(one.folder).items()
    }
    return {**sentences(exercise.folder), **theirs}


def anchored(markdown: str) -> dict[str, str]:
    """Return anchor -> plain text of its block."""
    result = {}
    for match in ANCHOR.finditer(markdown):
        end = END_OF_BLOCK.search(markdown, match.end())
        block = markdown[match.end() : end.start() if end else None]
        result[match[1]] = plain(ANCHOR.sub("", block))
    return result


def plain(markdown: str) -> str:
    """Return one line of text without links, emphasis and code marks."""
    text = MARKUP.sub(lambda match: next(group for group in match.groups() if group), markdown)
    return " ".join(text.split())
