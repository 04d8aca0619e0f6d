"""Imports point one way: a module of the engine imports from its own layer or from a lower one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    ("models", "errors", "printable", "language", "streams"),
    (
        "course",
        "catalogues",
        "statement",
        "directories",
        "archives",
        "submissions",
        "discovery",
        "roster",
        "bulk",
        "samples",
        "scoring",
        "hashing",
        "policy",
        "grades",
        "handed_in",
        "store",
        "leaks",
        "channel",
    ),
    ("sandbox",),
    ("testing",),
    ("grading",),
    ("reports", "release", "output"),
    ("demo", "proving", "predictions", "student", "hosts"),
    ("cli", "__main__"),
)
"""Each module or package directly in grader/ stands once; the package itself (its version, its place) is below them all."""

NUMBERS = {name: number for number, names in enumerate(LAYERS) for name in names} | {"": -1}
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("grader/**/*.py"))


def dotted(path: str) -> str:
    """Return the module of a file: ``grader.sandbox`` of ``grader/sandbox/__init__.py``."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def part(module: str) -> str:
    """Return what stands in the table: ``sandbox`` of ``grader.sandbox.box``, nothing of ``grader``."""
    return module.partition(".")[2].partition(".")[0]


def imported(source: str, path: str) -> Iterator[str]:
    """Yield every module of the engine that a file imports, wherever in the file, for annotations only or not."""
    names = {dotted(module) for module in MODULES}
    package = dotted(path).split(".") if path.endswith("__init__.py") else dotted(path).split(".")[:-1]
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "grader")
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base.split(".")[0] == "grader":
                for alias in node.names:
                    yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in names else base


def upward(source: str, path: str) -> list[str]:
    """Return a complaint for each import from a higher layer; it names both modules."""
    own = NUMBERS[part(dotted(path))]
    return [
        f"{dotted(path)} (layer {own}) imports {module} (layer {NUMBERS[part(module)]}), which is above it"
        for module in imported(source, path)
        if NUMBERS[part(module)] > own
    ]


def test_every_part_of_the_engine_has_one_layer() -> None:
    parts = {part(dotted(path)) for path in MODULES} - {""}
    listed = [name for names in LAYERS for name in names]
    assert parts == set(listed), "give every new module or package a layer in LAYERS, and CONTRIBUTING.md a word of it"
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", MODULES)
def test_imports_point_downward(path: str) -> None:
    complaints = upward((ROOT / path).read_text(encoding="utf-8"), path)
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    "line",
    [
        "import grader.cli",
        "import grader.testing.trace as trace",
        "from grader import reports",
        "from grader.grading.grade import Grader",
        "from .. import demo",
        "from ..testing import rules",
        "def late():\n    from grader.testing.trace import Trace",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from grader.testing.trace import Trace",
    ],
)
def test_an_upward_import_is_found(line: str) -> None:
    (complaint,) = upward(line, "grader/sandbox/box.py")
    assert complaint.startswith("grader.sandbox.box (layer 2) imports grader.")


@pytest.mark.parametrize(
    "line", ["import grader", "from grader.models import Limits", "from . import view", "import json"]
)
def test_a_downward_import_is_none_of_our_business(line: str) -> None:
    assert upward(line, "grader/sandbox/box.py") == []


def test_contributing_lists_the_same_layers() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]) \| ([^|]+) \|", text, re.MULTILINE)
    written = [tuple(re.findall(r"`(\w+)/?`", names)) for _, names in rows]
    assert [int(number) for number, _ in rows] == list(range(len(LAYERS)))
    assert [set(names) for names in written] == [set(names) - {"__main__"} for names in LAYERS]
