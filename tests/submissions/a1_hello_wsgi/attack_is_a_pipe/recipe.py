"""Makes the pipe."""

import os
import pathlib


def make(folder: pathlib.Path) -> None:
    """Make it."""
    os.mkfifo(folder / "app.py")
