"""Writes a bomb."""

import pathlib
import zipfile


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("app.py", "w") as member:
            for _ in range(400):
                member.write(bytes(1 << 20))
