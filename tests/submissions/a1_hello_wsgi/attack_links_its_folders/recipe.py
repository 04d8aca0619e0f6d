"""Makes the links."""

import pathlib

LINKS = {"static": "/course/solutions", "templates": "/home/grader", "locale": "/etc", "again": "."}


def make(folder: pathlib.Path) -> None:
    """Link to folders: who copies them with what is in them takes secrets, or never comes to an end."""
    for name, target in LINKS.items():
        (folder / name).symlink_to(target)
