"""Lets the standard streams take any text: what their encoding lacks is written with a similar sign, or as its escape.

A console may speak GBK, or nothing but ASCII. A mark or a film's title that it lacks must not be the end of a command.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterable
from typing import TextIO

SIMILAR = {
    "✓": "+",
    "✗": "x",
    "·": ".",
    "•": "*",
    "–": "-",
    "—": "-",
    "…": "~",
    "→": ">",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""Signs of ours that are as wide as what stands for them, so that columns stay where they are."""
HANDLER = "grader.similar"


def tolerate(streams: Iterable[TextIO | None] = ()) -> None:
    """Make streams take any text, the standard ones if none are named; those that can write every text stay as they are."""
    codecs.register_error(HANDLER, similar)
    for stream in tuple(streams) or (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors=HANDLER)


def similar(error: UnicodeError) -> tuple[str, int]:
    """Return what is written for the characters that an encoding lacks, and where to go on (see `codecs.register_error`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(written, error.object[error.start : error.end])), error.end


def written(character: str) -> str:
    """Return a sign for a character in ASCII."""
    return SIMILAR.get(character) or character.encode("ascii", "backslashreplace").decode("ascii")
