"""Writes an archive of many members."""

import pathlib
import zipfile


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "application = None\n")
        for number in range(20000):
            archive.writestr(f"{number % 100}/{number}", "")
