"""Where a student works: the course around the working folder, without its private half, and the exercises in their order."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.course import MANIFEST, find_course, load_exercise
from grader.errors import Misuse, UsageError
from grader.models import Exercise
from grader.printable import printable

OWN = ".grader"
"""What belongs to one student below a course: the state, backups."""
NOWHERE = "no-private-half"
"""A folder below `OWN` that is never made: a student's own run knows nothing of hidden tests, even where they are at hand."""


@dataclass(frozen=True)
class Place:
    """A course as a student sees it. Manifests are read one by one, when they are asked for."""

    folder: Path

    @property
    def own(self) -> Path:
        """The folder for what belongs to this student."""
        return self.folder / OWN

    @property
    def private(self) -> Path:
        """Where there is no private half."""
        return self.own / NOWHERE

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The exercises in the order of the course: the warm-up, whose letter is a P, comes before everything."""
        found = [path.parent.name for path in self.folder.glob(f"exercises/*/{MANIFEST}")]
        return tuple(sorted(found, key=lambda name: (not name.startswith("p"), name)))

    def load(self, name: str) -> Exercise:
        """Return an exercise of one of the names."""
        return load_exercise(self.folder / "exercises" / name, self.private)

    def all(self) -> Iterator[Exercise]:
        """Yield every exercise in order."""
        return map(self.load, self.names)

    @property
    def known(self) -> dict[str, str]:
        """The names by short id and by themselves."""
        return {name.split("_", 1)[0]: name for name in self.names} | {name: name for name in self.names}

    def has(self, word: str) -> bool:
        """Tell whether there is an exercise of a name or a short id: a course may have been handed out in part."""
        return word in self.known

    def find(self, said: str) -> Exercise:
        """Return the exercise of a name or a short id, whatever the case; a path to its folder is as good.

        Raises:
            Misuse: there is none; offers the nearest one.
        """
        word = said.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
        known = self.known
        if word in known:
            return self.load(known[word])
        close = difflib.get_close_matches(word, known, 1, 0.4)
        if close:
            raise Misuse("there is no exercise {name}; did you mean {near}? grader list shows them all",
                         name=printable(said, 40), near=close[0])  # fmt: skip
        raise Misuse("there is no exercise {name}; grader list shows them all", name=printable(said, 40))


def place_at(folder: Path | None) -> Place:
    """Return the course that was named, or the nearest one above the working folder.

    Raises:
        Misuse: there is none.
    """
    start = (folder or Path.cwd()).resolve()
    try:
        return Place(find_course(start))
    except UsageError:
        raise Misuse(
            "no course at or above {folder}: go into the folder that holds exercises/, or name it with --course",
            folder=printable(str(start), 300),
        ) from None
