"""Tells whether two sources run alike: compiled without annotations, docstrings and what only a type checker reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from types import CodeType
from typing import Any

ELSEWHERE = re.compile(r"(typing\.)?TYPE_CHECKING\Z|__name__ == ")
"""Conditions of what no submission runs."""


def given(source: str, starter: str) -> frozenset[int]:
    """Return which statements of a module stand in the starter already, as numbers from 0: nobody has to write them.

    Annotations and docstrings make no difference.
    """
    known = {ast.dump(Bare().visit(node)) for node in ast.parse(starter).body}
    return frozenset(
        number for number, node in enumerate(ast.parse(source).body) if ast.dump(Bare().visit(node)) in known
    )


def idle(source: str) -> frozenset[int]:
    """Return which statements of a module do nothing for a submission: what is for type checkers, or runs as a program only.

    For type checkers is ``if TYPE_CHECKING``, and what gives a name to a type that only annotations use.
    """
    body = ast.parse(source).body
    found = {
        number
        for number, node in enumerate(body)
        if isinstance(node, ast.If) and ELSEWHERE.match(ast.unparse(node.test))
    }
    known = loaded(node for number, node in enumerate(body) if number not in found)
    bare = [Bare().visit(node) for node in ast.parse(source).body]
    while True:
        unused = known - loaded(node for number, node in enumerate(bare) if number not in found)
        more = {number for number, node in enumerate(bare) if names(node) and names(node) <= unused}
        if more <= found:
            return frozenset(found)
        found |= more


def essence(source: str, without: Collection[int] = ()) -> object:
    """Return what two sources that run alike have in common, with some of the module's statements left out.

    Left out are also docstrings and annotations.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source)
    tree.body = [ast.Pass() if number in without else node for number, node in enumerate(tree.body)]
    bare: ast.Module = ast.fix_missing_locations(Bare().visit(tree))
    return contents(compile(bare, "reference", "exec", dont_inherit=True, optimize=0))


class Bare(ast.NodeTransformer):
    """Takes away what nobody runs."""

    def visit_body(self, node: Any) -> Any:  # noqa: ANN401 - whatever has a body
        """Drop the docstring."""
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    visit_Module = visit_body  # noqa: N815 - ast's own spelling
    visit_ClassDef = visit_body  # noqa: N815

    def visit_FunctionDef(self, node: Any) -> Any:  # noqa: ANN401
        """Drop what is returned according to the annotation."""
        node.returns = None
        return self.visit_body(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Blank texts that stand alone: they document what is above them."""
        return ast.Pass() if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Drop what a parameter is."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Keep that a name is annotated: classes made of fields go by it."""
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that are used."""
    parts = (part for node in nodes for part in ast.walk(node))
    return {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def names(node: ast.AST) -> set[str]:
    """Return the names that a statement assigns."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def contents(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without where it stands in its file."""
    constants = [contents(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]
    shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_name)
    return (
        *shape,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_exceptiontable,
        tuple(constants),
    )
