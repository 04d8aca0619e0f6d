"""A module that is written in one cell of a notebook: what the cell holds, and what of it is the module.

The first line of the cell is ``%%writefile app.py``: running the cell puts the module beside the notebook, where the public
tests look for it, and runs no line of it in the kernel. Grading reads the text of the cell itself.
"""

from __future__ import annotations

import re

WRITES = "%%writefile"
"""IPython's own magic, so that a cell can be run where this package is not installed."""
MAGIC = re.compile(r"(?:[^\S\n]*\n)*%%[^\n]*(?:\n|\Z)")


def solution_cell(file: str, module: str) -> str:
    """Return the source of the cell for a module that is called ``file``."""
    return f"{WRITES} {file}\n{module.rstrip()}"


def is_written(source: str) -> bool:
    """Tell whether running a cell writes a file, so that the module can be found there."""
    return source.lstrip().startswith(f"{WRITES} ")


def module_text(source: str) -> str:
    """Return the module that a cell holds: without its magic and the blank lines before it, and with a last line feed.

    A first line that begins with two percent signs is a magic whatever its name; no module can begin with it.
    """
    first = MAGIC.match(source)
    body = source[first.end() :] if first else source
    return body if not body or body.endswith("\n") else f"{body}\n"
