"""Makes the file."""

import pathlib


def make(folder: pathlib.Path) -> None:
    """Make a file without a single block."""
    with open(folder / "app.py", "wb") as file:
        file.truncate(400 << 20)
