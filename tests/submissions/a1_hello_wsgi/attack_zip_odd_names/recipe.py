"""Writes an archive with odd names."""

import pathlib
import zipfile

NAMES = ("app.py", "app.py\n", "\x1b]0;title\x07", "..\\..\\app.py", "C:app.py", "::error::failed", "\u202eyp.ppa", "-rf")


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.writestr(name, "application = None\n")
