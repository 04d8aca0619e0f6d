"""Makes text of unknown origin safe to show: no control characters, no reordering, no end in sight without a cap."""

from __future__ import annotations

import unicodedata

UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
CAP = 200
MARKS = 3
"""Combining marks that stay in a row: written languages have no more, and heaps of them cover the lines around."""


def printable(text: str, cap: int = CAP) -> str:
    """Return text with every control, format, surrogate and unassigned character escaped, cut after ``cap``.

    Of combining marks in a row the first `MARKS` stay.
    """
    parts, marks = [], 0
    for character in text[: cap + 1]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        parts.append(_escaped(character) if marks > MARKS else _shown(character))
    shown = "".join(parts)
    return shown if len(text) <= cap else shown[:cap] + "…"


def printable_lines(text: str, cap: int) -> str:
    """Return several lines of such text; only the line feeds between them stay."""
    lines = text[:cap].splitlines()
    return "\n".join(printable(line, cap) for line in lines) + ("…" if len(text) > cap else "")


def _shown(character: str) -> str:
    if unicodedata.category(character) not in UNSAFE_CATEGORIES:
        return character
    return _escaped(character)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
