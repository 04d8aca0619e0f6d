"""Finds lines in a row that stand in two files: what was copied need hold no telling text to tell something.

Blank lines and blanks around a line do not count. Imports and tables of data are no answers.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

RUN = 3
"""Lines in a row that are too many."""

Place = TypeVar("Place")
Line = tuple[int, str]
"""The number of a line, and what stands in it without the blanks around."""
Runs = Mapping[tuple[str, ...], tuple[Place, int]]
"""Where some lines in a row stand first: the file, and the number of the first line."""


@dataclass(frozen=True)
class Copied:
    """Lines in a row that another file has too, from the line ``number`` on, which reads ``text``."""

    number: int
    text: str
    run: tuple[str, ...]


def runs_of(texts: Iterable[tuple[Place, str]]) -> dict[tuple[str, ...], tuple[Place, int]]:
    """Return every run of lines in some texts, each with its place."""
    found: dict[tuple[str, ...], tuple[Place, int]] = {}
    for place, text in texts:
        lines = lines_of(text)
        for index in range(len(lines) - RUN + 1):
            found.setdefault(tuple(line for _, line in lines[index : index + RUN]), (place, lines[index][0]))
    return found


def copied(source: str, given: Collection[str], public: Collection[tuple[str, ...]]) -> Iterator[Copied]:
    """Yield the beginning of each run of a source that is among public ones; a longer one is said once.

    A run does not count if all its lines are ``given``.
    """
    passed = harmless(source)
    lines = [line for line in lines_of(source) if line[0] not in passed]
    known = frozenset(given)
    last = -RUN
    for index in range(len(lines) - RUN + 1):
        run = tuple(text for _, text in lines[index : index + RUN])
        if run in public and not known.issuperset(run):
            if index > last + 1:
                yield Copied(*lines[index], run)
            last = index


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text that are not blank."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def harmless(source: str) -> set[int]:
    """Return the numbers of a Python file's lines that import something or are data only; none of any other file."""
    found: set[int] = set()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return found
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.Assign) and is_data(node.value)):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def is_data(node: ast.expr) -> bool:
    """Tell whether an expression is made of constants."""
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True
