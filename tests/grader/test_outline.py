"""What a module's source says about its names before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.sandbox.inside.outline import MOST, outline


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def app(e, s): return []", "function"),
        ("def app(e, s):\n    yield b''", "generator"),
        ("def app(e, s):\n    if e:\n        for x in e:\n            yield from x", "generator"),
        ("def app(e, s):\n    def inner(): yield\n    return inner", "function"),
        ("def app(e, s): return [lambda: (yield)]", "function"),
        ("app = lambda e, s: []", "function"),
        ("app = lambda e, s: (yield)", "generator"),
        ("class app: pass", "class"),
        ("@register\nclass app: pass", "class"),
        ("def other(e, s): return []\nx = app = other", "function"),
        ("class Other: pass\napp = Other", "class"),
        ("def app(): pass\ndef other():\n    app = 1\n    class app: pass", "function"),
    ],
)
def test_what_stands_in_plain_sight_is_told(tmp_path: Path, source: str, expected: str) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    assert outline(str(tmp_path), "app")["app"] == expected


@pytest.mark.parametrize(
    "source",
    [
        "app = make()",
        "app = type('app', (), {})",
        "from functools import partial\napp = partial(print)",
        "@wraps\ndef app(): pass",
        "def app(): pass\napp = Other()",
        "def app(): pass\nif x:\n    class app: pass",
        "def app(): pass\ndef change():\n    global app\n    app = 1",
        "def app(): pass\nfrom other import app",
        "def app(): pass\ndel app",
        "app: object = print",
        "app = later\ndef later(): pass",
    ],
)
def test_what_is_in_doubt_is_left_out(tmp_path: Path, source: str) -> None:
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    assert "app" not in outline(str(tmp_path), "app")


@pytest.mark.parametrize(
    "content", [b"", b"def app(:", b"\xff\xfe", b"x = " + b"(" * 5000, b"# coding: nothing\n", b"\0"]
)
def test_a_source_that_cannot_be_read_tells_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "app.py").write_bytes(content)
    assert outline(str(tmp_path), "app") == {}
    assert outline(str(tmp_path), "missing") == {}


def test_a_package_is_read_too_and_names_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "__init__.py").write_text(
        "\n".join(f"def f{n}(): pass" for n in range(MOST + 50)), encoding="utf-8"
    )
    assert len(outline(str(tmp_path), "site")) == MOST
