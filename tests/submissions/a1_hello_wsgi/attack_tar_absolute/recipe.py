"""Writes an archive with absolute names."""

import io
import pathlib
import tarfile

NAMES = ("app.py", "/course/results/neighbour.json", "/course/gradebook.db", "/home/grader/.bashrc", "/tmp/watch-list.py")
TEXT = b"watch-list was here\n"


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with tarfile.open(folder / "submission.tar.gz", "w:gz") as archive:
        for name in NAMES:
            member = tarfile.TarInfo(name)
            member.size = len(TEXT)
            archive.addfile(member, io.BytesIO(TEXT))
