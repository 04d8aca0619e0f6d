"""Text of unknown origin is safe to show, and text that people write stays as it is."""

from __future__ import annotations

import unicodedata

import pytest

from grader.printable import MARKS, printable, printable_lines

WRITTEN = [
    "影单 watch-list", "你好，世界！", "Amélie", "Tiếng Việt: ngữ, ậ, ở", "ệ́", "हिन्दी में क्ष्मीं", "ภาษาไทย ที่นี้ เป็น", "שָׁבּוֹת", "ﷺ",
]  # fmt: skip


@pytest.mark.parametrize("text", [*WRITTEN, *(unicodedata.normalize("NFD", text) for text in WRITTEN)])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u093e", "\ufe0f"])
def test_heaps_of_marks_are_escaped(mark: str) -> None:
    escape = mark.encode("unicode_escape").decode()
    assert printable("o" + mark * 5 + "o" + mark) == "o" + mark * MARKS + escape * 2 + "o" + mark
    assert printable_lines("o" + mark * 5 + "\no", 100) == "o" + mark * MARKS + escape * 2 + "\no"


def test_what_is_escaped_is_no_way_around_it() -> None:
    shown = printable("o" + "\u0301\u0302\u0303\u0304" * 20, 500)
    assert sum(unicodedata.combining(one) > 0 for one in shown) == MARKS


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "\ud800", "\r", "\u2028", "\ue000"])
def test_what_would_not_be_seen_is_escaped(text: str) -> None:
    assert printable(text).isascii()
    assert printable(text).isprintable()


def test_the_cap_cuts() -> None:
    assert printable("x" * 10, 5) == "xxxxx…"
    assert printable("x" * 5, 5) == "x" * 5
