"""A careless reader of submissions, as many are: copies a folder or unpacks an archive, and opens the file that it wants.

Runs inside the box: ``naive_reader.py SUBMISSION TARGET FILE``.
"""

import shutil
import stat
import sys
import tarfile
import zipfile
from pathlib import Path


def main() -> None:
    """Take one submission."""
    source, target, wanted = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    target.mkdir(parents=True)
    if source.is_dir():
        show(source / wanted)
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif zipfile.is_zipfile(source):
        unzip(source, target)
    elif tarfile.is_tarfile(source):
        with tarfile.open(source) as archive:
            if hasattr(tarfile, "fully_trusted_filter"):
                archive.extraction_filter = staticmethod(tarfile.fully_trusted_filter)
            archive.extractall(target)
    else:
        shutil.copyfile(source, target / wanted)
    show(target / wanted)


def show(path: Path) -> None:
    """Show what is in the wanted file, as a report would."""
    sys.stdout.buffer.write(path.read_bytes()[: 1 << 16] if path.exists() else b"the file is missing")


def unzip(source: Path, target: Path) -> None:
    """Write every member to where its name says, as long as there are any; links become links, as with unzip."""
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            path = target / info.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            if info.is_dir():
                path.mkdir(exist_ok=True)
            elif stat.S_ISLNK(info.external_attr >> 16):
                path.symlink_to(archive.read(info).decode())
            else:
                with archive.open(info) as member, path.open("wb") as file:
                    shutil.copyfileobj(member, file)


if __name__ == "__main__":
    main()
