"""Writes an archive whose link comes before the file behind it."""

import io
import pathlib
import tarfile

LINKS = {"static": "../../neighbour/a1_hello_wsgi", "locale": "/course/solutions/a1_hello_wsgi"}
TEXT = b"raise SystemExit('watch-list was here')\n"


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with tarfile.open(folder / "submission.tar.gz", "w:gz") as archive:
        for name, target in LINKS.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name in ("app.py", *(f"{link}/app.py" for link in LINKS)):
            member = tarfile.TarInfo(name)
            member.size = len(TEXT)
            archive.addfile(member, io.BytesIO(TEXT))
