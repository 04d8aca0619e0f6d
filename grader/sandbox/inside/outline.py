"""Reads from a module's source what its names are, before a line of it runs: later its process may say anything."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Iterable, Iterator

MOST = 200
"""Names that are told at most."""
HOLDERS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a node has statements, or what has some: `except` and `case`."""
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def outline(folder: str, module: str) -> dict[str, str]:
    """Return ``function``, ``generator`` or ``class`` for each name of a module whose source leaves no doubt.

    A name that is bound more than once, under a condition, or to the result of a call is left out.
    """
    path = os.path.join(folder, *module.split("."))
    try:
        with open(os.path.join(path, "__init__.py") if os.path.isdir(path) else f"{path}.py", "rb") as file:
            body = ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    bound = Counter(name for node in body for name in names_bound(node))
    kinds: dict[str, str] = {}
    for node in body:
        kinds |= {name: kind for name, kind in told(node, kinds) if bound[name] == 1}
    return dict(list(kinds.items())[:MOST])


def told(node: ast.stmt, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement binds in plain sight, with what they are."""
    if isinstance(node, ast.ClassDef):
        yield node.name, "class"
    elif isinstance(node, ast.FunctionDef) and not node.decorator_list:
        yield node.name, "generator" if yields(node.body) else "function"
    elif isinstance(node, ast.Assign):
        kind = known.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
        if isinstance(node.value, ast.Lambda):
            kind = "generator" if yields([node.value.body]) else "function"
        yield from ((target.id, kind) for target in node.targets if kind and isinstance(target, ast.Name))


def yields(nodes: Iterable[ast.AST]) -> bool:
    """Tell whether a function's own body has a yield."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, SCOPES):
            stack += children(node)
    return False


def names_bound(node: ast.stmt) -> Iterator[str]:
    """Yield every name of the module that a statement may bind, once for each time."""
    stack: list[ast.AST] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            yield part.id
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).split(".")[0]
        if isinstance(part, SCOPES):  # what is bound in there is its own, but for what it declares global
            yield from (name for inner in statements(part) if isinstance(inner, ast.Global) for name in inner.names)
        else:
            stack += children(part)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one; `ast.iter_child_nodes` takes three times as long."""
    found: list[ast.AST] = []
    for value in vars(node).values():
        if type(value) is list:
            found += [part for part in value if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement below a node, and what holds some: no expression does, be it a lambda."""
    stack = [] if isinstance(node, ast.Lambda) else [node]
    while stack:
        part = stack.pop()
        yield part
        for name in HOLDERS:
            stack += getattr(part, name, ())
