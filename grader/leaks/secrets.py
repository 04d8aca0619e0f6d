"""Collects what students must not see: the leak markers of the private half and the telling texts of hidden tests.

The private half is read and never imported. A marker is anything of the form ``leak-marker-…`` in `MARKED`. Of a hidden
module's own texts those count that are long, in no file of the public half, and not meant for students, as are docstrings
of tests, messages of asserts, findings, decorators and everything inside ``public(…)``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from grader.leaks.forms import fold

MARKED = ("tests/hidden", "solutions")
"""Folders of the private half in which leak markers are looked for."""
MARKER = re.compile(r"leak-marker-\w[\w.-]*\w", re.ASCII)
ENGINE = Path(__file__).parents[1]
SHORTEST_MARKER, SHORTEST_TEXT = 16, 24
"""Letters and digits from which on a marker or a text is unmistakable, counted in bytes of UTF-8."""
PIECE = 40
"""Characters of one piece of a text: a long one is told by any of its pieces, for reports cut what they quote."""


@dataclass(frozen=True)
class Secret:
    """A text that no student may see, and where it stands: ``place`` is relative to the private half."""

    text: str
    place: str
    line: int
    marker: bool = False


def secrets_of(public: Path, private: Path) -> list[Secret]:
    """Return what must not be seen of a course: nothing, where the private half is not at hand.

    Raises:
        UsageError: a marker is too short, or a hidden module is no Python; names file and line.
    """
    modules = sorted((private / "tests" / "hidden").rglob("*.py"))
    known = public_fold(public) if modules else b""
    found = {secret.text: secret for module in modules for secret in texts(module, private, known)}
    found.update((secret.text, secret) for secret in markers(private))
    return list(found.values())


def unmarked(private: Path) -> list[str]:
    """Return the hidden test modules that have no leak marker."""
    marked = {secret.place for secret in markers(private)}
    places = (path.relative_to(private).as_posix() for path in (private / "tests" / "hidden").rglob("test_*.py"))
    return sorted(place for place in places if place not in marked)


def markers(private: Path) -> Iterator[Secret]:
    """Yield every leak marker, whatever kind of file it is in."""
    for path in sorted(path for folder in MARKED for path in (private / folder).rglob("*") if path.is_file()):
        if path.suffix == ".pyc":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for text in MARKER.findall(line):
                if len(fold(text)) < SHORTEST_MARKER:
                    raise UsageError(f"{path}:{number}: the marker {text!r} is too short; give it 8 random hex digits")
                yield Secret(text, path.relative_to(private).as_posix(), number, marker=True)


def texts(path: Path, private: Path, known: bytes) -> Iterator[Secret]:
    """Yield the telling texts of a hidden module, in pieces."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path}: not a Python file ({error})") from None
    meant = {id(part) for node in ast.walk(tree) for told in told_to_students(node) for part in ast.walk(told)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in meant:
            for piece in pieces(node.value):
                folded = fold(piece)
                if len(folded) >= SHORTEST_TEXT and folded not in known and not MARKER.search(piece):
                    yield Secret(piece, path.relative_to(private).as_posix(), node.lineno)


def told_to_students(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a test for students to read."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
        yield node.body[0]  # the docstring
    if isinstance(node, ast.Assert) and node.msg:
        yield node.msg
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Finding", "public"):
        yield node


def pieces(value: object) -> Iterator[str]:
    """Yield the pieces of a text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        yield from (value[start : start + PIECE] for start in range(0, len(value), PIECE))


def public_fold(public: Path) -> bytes:
    """Return the fold of everything that students have anyway: the exercises, the engine, the page about the project."""
    paths = [path for folder in (public / "exercises", ENGINE) for path in folder.rglob("*") if path.is_file()]
    read = [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.suffix != ".pyc"]
    read += [path.read_text(encoding="utf-8", errors="replace") for path in public.glob("*.md")]
    return fold("\n".join(read))
