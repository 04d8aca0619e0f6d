"""Makes the link."""

import pathlib


def make(folder: pathlib.Path) -> None:
    """Link to the device of endless zeros."""
    (folder / "app.py").symlink_to("/dev/zero")
