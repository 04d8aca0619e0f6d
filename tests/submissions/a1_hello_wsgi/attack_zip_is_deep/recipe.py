"""Writes a deep archive."""

import pathlib
import zipfile


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "application = None\n")
        archive.writestr("d/" * 200 + "deepest", "")
