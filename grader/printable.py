"""Makes text of unknown origin safe to show: no control characters, no reordering, no end in sight without a cap."""

from __future__ import annotations

import unicodedata

UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
CAP = 200


def printable(text: str, cap: int = CAP) -> str:
    """Return text with every control, format, surrogate and unassigned character escaped, cut after ``cap``."""
    shown = "".join(_shown(character) for character in text[: cap + 1])
    return shown if len(text) <= cap else shown[:cap] + "…"


def printable_lines(text: str, cap: int) -> str:
    """Return several lines of such text; only the line feeds between them stay."""
    lines = text[:cap].splitlines()
    return "\n".join(printable(line, cap) for line in lines) + ("…" if len(text) > cap else "")


def _shown(character: str) -> str:
    if unicodedata.category(character) not in UNSAFE_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode("ascii")
