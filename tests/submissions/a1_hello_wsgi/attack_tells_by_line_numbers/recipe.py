"""Makes app.py a file of 65,536 lines, so that the number of a line is worth two bytes."""

from pathlib import Path


def make(folder: Path) -> None:
    """Add empty lines."""
    with (folder / "app.py").open("a", encoding="utf-8") as file:
        file.write("\n" * 65536)
