"""Says where in a repository the files of an attempt lie, as CI systems want it: relative to the repository, with slashes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from grader.archives import is_archive
from grader.models import Attempt, TestResult
from grader.printable import printable

PART, WHOLE = 200, 1000
"""Characters of one name in a path, and of a path."""


@dataclass(frozen=True)
class Checkout:
    """A repository at ``folder``, an absolute path. ``files`` are those that each exercise asks for, by its name.

    Paths of attempts that are not absolute are relative to ``here``, the working folder.
    """

    folder: str
    here: str
    files: Mapping[str, tuple[str, ...]]

    def place(self, attempt: Attempt, result: TestResult | None = None) -> tuple[str, int | None]:
        """Return the path of the file that a result is about, and the line from 1 if it is known."""
        found = result.feedback.place if result and result.feedback else None
        return (self.path(attempt, found.file), found.line) if found else (self.path(attempt, self.main(attempt)), None)

    def main(self, attempt: Attempt) -> str:
        """Return the file that is named where nobody knows better: the first one that the exercise asks for."""
        first = next(iter(self.files.get(attempt.exercise, ())), "")
        return f"{first}__init__.py" if first.endswith("/") else first

    def path(self, attempt: Attempt, file: str) -> str:
        """Return where a file lies that was handed in; what is in an archive lies below its name.

        Nothing is told of places outside the repository: there the path is that of a tree ``<student>/<exercise>/``.
        """
        asked = self.files.get(attempt.exercise, ())
        base = self.relative(attempt.path)
        if base is None:
            base = PurePosixPath(attempt.student or "", attempt.exercise)
        elif len(asked) == 1 and base.suffix == PurePath(asked[0]).suffix != "" and not is_archive(base.name):
            return shown(base)  # the file itself was named
        elif f"{base.name}/" in asked:
            base = base.parent  # the directory itself was named
        return shown(base / file.lstrip("/"))

    def relative(self, path: str) -> PurePosixPath | None:
        """Return a path relative to the repository, None if it leads out of it."""
        try:
            found = os.path.relpath(os.path.join(self.here, path), self.folder)  # noqa: PTH118 - nothing is looked up
        except ValueError:  # another drive of Windows, or no path at all
            return None
        relative = PurePosixPath(found.replace(os.sep, "/"))
        return None if relative.is_absolute() or ".." in relative.parts else relative


def shown(path: PurePosixPath) -> str:
    """Return a path that is safe to show; one that would climb out cannot."""
    parts = [printable(part, PART) for part in path.parts if part != ".." and part.strip("/")]
    return "/".join(parts)[:WHOLE]
