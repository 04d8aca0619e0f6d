"""Makes the notebook."""

import pathlib


def make(folder: pathlib.Path) -> None:
    """Make a file that is one hole between its first and its last bytes."""
    with open(folder / "lab.ipynb", "wb") as file:
        file.write(b'{"cells": [{"outputs": ["')
        file.seek(200 << 20)
        file.write(b'"]}]}')
