"""A stream of any encoding takes any text, and columns stay where they are."""

from __future__ import annotations

import io

import pytest

from grader.streams import SIMILAR, tolerate


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("gbk", "✓ 影 é", "+ 影 é"),
        ("gbk", "✗ ö😀", "x \\xf6\\U0001f600"),
        ("ascii", "a · b – c…", "a . b - c~"),
        ("cp1252", "→ 影", "> \\u5f71"),
        ("latin-1", "\udcff", "\\udcff"),
        ("utf-8", "✓ 影😀", "✓ 影😀"),
    ],
)
def test_what_an_encoding_lacks_is_written_otherwise(encoding: str, text: str, written: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    tolerate([stream])
    stream.write(text)
    stream.flush()
    assert raw.getvalue().decode(encoding) == written


def test_a_sign_and_what_stands_for_it_are_equally_wide() -> None:
    assert all(len(sign) == len(other) == 1 and other.isascii() for sign, other in SIMILAR.items())


def test_a_stream_that_is_none_or_of_somebody_else_is_left_alone() -> None:
    other = io.StringIO()
    tolerate([None, other])
    other.write("✓")
    assert other.getvalue() == "✓"
