"""Writes an archive that climbs."""

import pathlib
import zipfile

NAMES = ("../../../solutions/a1_hello_wsgi/app.py", "../../neighbour/a1_hello_wsgi/app.py", "../../../../../../../tmp/watch-list.py")


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "application = None\n")
        for name in NAMES:
            archive.writestr(name, "raise SystemExit('watch-list was here')\n")
