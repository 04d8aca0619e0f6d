"""Makes the files."""

import pathlib


def make(folder: pathlib.Path) -> None:
    """Make them, a few hundred in each of many folders."""
    for name in map(str, range(50)):
        (folder / name).mkdir()
        for number in range(400):
            (folder / name / str(number)).touch()
