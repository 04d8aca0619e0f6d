"""What must never reach a student: leak markers and texts of the hidden tests, plain or in disguise."""

from __future__ import annotations

import ast
import base64
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.course import load_course
from grader.models import Exercise
from grader.testing.texts import module_texts
from tests.grader.conftest import ROOT

TELLING = 5
"""The shortest text of a hidden test that could tell something."""
COURSE = load_course(ROOT)


def texts(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text in JSON-able data, names of members included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def hidden_modules(exercise: Exercise) -> list[Path]:
    """Return the hidden test modules of an exercise."""
    return sorted(exercise.hidden_folder.glob("**/test_*.py")) if exercise.hidden_folder else []


def markers_in(path: Path) -> list[str]:
    """Return the leak markers of a file."""
    return re.findall(r'"(leak-marker-[^"]+)"', path.read_text(encoding="utf-8"))


@functools.cache
def leak_markers() -> frozenset[str]:
    """Return every leak marker of the private half."""
    return frozenset(mark for path in (ROOT / "tests" / "hidden").glob("**/*.py") for mark in markers_in(path))


def disguises(text: str) -> list[str]:
    """Return a text as it may be smuggled out: plain, reversed, in hex, in base64 at any offset."""
    encoded = [base64.b64encode(b" " * shift + text.encode()).decode()[4:-4] for shift in range(3)]
    return [text, text[::-1], text.encode().hex(), *encoded]


@functools.cache
def hidden_texts(name: str) -> frozenset[str]:
    """Return the texts in an exercise's hidden tests that are neither meant for students nor in any file of theirs."""
    exercise = COURSE.exercises[name]
    every = (exercise, *exercise.origins)
    open_files = (path for one in every for path in one.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    known = "\n".join(path.read_text(encoding="utf-8") for path in open_files)
    found: set[str] = set()
    for path in (path for one in every for path in hidden_modules(one)):
        known += "\n".join(module_texts(path).keys)
        found |= {text for text in constants(path) if len(text) >= TELLING}
    return frozenset(text for text in found if text not in known)


def constants(path: Path) -> Iterator[str]:
    """Yield the texts of a module, but not those of decorators: rules and anchors are for everybody."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    decorators = {id(part) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
                  for decorator in node.decorator_list for part in ast.walk(decorator)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is str and id(node) not in decorators:
            yield node.value
