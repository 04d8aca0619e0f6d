"""Lets texts be written to a terminal of any encoding: a symbol that it lacks gives way to one that it has."""

from __future__ import annotations

import codecs
from typing import TextIO

PLAIN = {"│": "|", "…": "...", "→": "->", "·": "-", "✗": "x", "✓": "v"}
HANDLER = "grader-symbols"


def instead(error: UnicodeError) -> tuple[str, int]:
    """Return what stands in place of characters that an encoding lacks; see `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(one, one.encode("ascii", "backslashreplace").decode()) for one in lacking), error.end


def tolerant(stream: TextIO) -> None:
    """Have a stream write what it can, and never fail for what it cannot."""
    codecs.register_error(HANDLER, instead)
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors=HANDLER)
