"""Writes the source, a megabyte of the same few words."""

import pathlib


def make(folder: pathlib.Path) -> None:
    """Write it."""
    (folder / "app.py").write_text("x = [a" + " for a in b" * 80000 + "]\n", encoding="utf-8")
