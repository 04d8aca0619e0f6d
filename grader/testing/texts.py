"""The constant texts of a test module: docstrings, assert messages, findings; read from its source, never from its run.

pytest's own explanation of an assert holds expected values, so what a student sees of a hidden test's failure is the message
that stands in the source. A text that is not constant could leak; such a module is refused when it is collected.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError


@dataclass(frozen=True)
class ModuleTexts:
    """What a module says: the message for each line of an assert, and the keys to translate."""

    messages: Mapping[int, str]
    keys: tuple[str, ...]


@functools.cache
def module_texts(path: Path) -> ModuleTexts:
    """Read a module's texts.

    Raises:
        UsageError: texts are missing or not constant; names file and line of each, in a line of its own.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    messages: dict[int, str] = {}
    keys: dict[str, None] = {}
    wrong: list[str] = []
    for node in ast.walk(tree):
        try:
            said = list(texts_of(node, path))
        except UsageError as error:
            wrong.append(str(error))
            continue
        if isinstance(node, ast.Assert):
            messages.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), said[0]))
        keys.update(dict.fromkeys(said))
    if wrong:
        raise UsageError("\n".join(wrong))
    return ModuleTexts(messages, tuple(keys))


def texts_of(node: ast.AST, path: Path) -> Iterator[str]:
    """Yield the texts that a node says by itself."""
    if isinstance(node, ast.Assert):
        yield constant(node.msg, path, node, "the assert has no constant message; write one, without f-string")
    elif is_finding(node):
        yield from finding_keys(node, path)
    elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
        yield docstring(node, path)


def docstring(node: ast.FunctionDef, path: Path) -> str:
    """Return a test's docstring: one line that says what is expected."""
    text = ast.get_docstring(node)
    if not text or "\n" in text:
        raise UsageError(f"{path}:{node.lineno}: {node.name} needs a docstring of one line that says what is expected")
    return text


def is_finding(node: ast.AST) -> bool:
    """Tell whether a node makes a `Finding` of either kind."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Finding", "Unsuited")


def finding_keys(node: ast.AST, path: Path) -> Iterator[str]:
    """Yield the constant texts of a finding."""
    assert isinstance(node, ast.Call)
    look = [keyword.value for keyword in node.keywords if keyword.arg == "look"]
    for argument in (*node.args[:2], *look):
        yield constant(argument, path, node, "the texts of a Finding must be constants; pass values by keyword")


def constant(node: ast.expr | None, path: Path, where: ast.AST, complaint: str) -> str:
    """Return a constant text."""
    if isinstance(node, ast.Constant) and type(node.value) is str and node.value:
        return node.value
    raise UsageError(f"{path}:{getattr(where, 'lineno', 0)}: {complaint}")
