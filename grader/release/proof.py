"""Looks through a release for anything of the private half, before a byte of it is written.

A reference that is handed out on purpose is no secret: neither it nor what stands in it is looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course import Course
from grader.leaks import lines
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.release.contents import REFERENCES, walk
from grader.release.record import digest

SOLUTIONS, HIDDEN = "solutions", "tests/hidden"
SMALL = 200
"""Bytes up to which two files may be equal by chance: an empty one, one that only imports."""


@dataclass(frozen=True)
class Private:
    """A file of the private half, and the starters that give some of its lines away."""

    path: Path
    place: str
    starters: tuple[Path, ...]

    @property
    def text(self) -> str:
        """Return what is in it; the head of a catalogue is the same in all of them."""
        text = text_of(self.path.read_bytes())
        return text.partition("\n\n")[2] if self.path.suffix == ".po" else text

    @property
    def given(self) -> set[str]:
        """Return the lines that students have to begin with."""
        texts = (text_of(starter.read_bytes()) for starter in self.starters if starter.is_file())
        return {line for text in texts for _, line in lines.lines_of(text)}


def complaints(course: Course, private: Path, files: Mapping[str, bytes], references: Collection[str]) -> Iterator[str]:
    """Yield what a release for students would tell; ``references`` are the names of exercises whose references are in it.

    Nothing can be found where the private half is not at hand. Lines in a row are not looked for in the engine: it is the
    same for every course, and knows none.
    """
    yield from markers_and_texts(course, private, files, references)
    yield from whole_files(private, files)
    of_course = [path for path in sorted(files) if not path.startswith(("grader/", f"{REFERENCES}/"))]
    public = lines.runs_of((path, text_of(files[path])) for path in of_course)
    for secret in private_files(course, private, references):
        for found in lines.copied(secret.text, secret.given, public):
            path, number = public[found.run]
            yield (
                f"{path}:{number}: {lines.RUN} lines in a row stand in {secret.place}:{found.number} too "
                f"({found.text!r} …)"
            )


def markers_and_texts(
    course: Course, private: Path, files: Mapping[str, bytes], references: Collection[str]
) -> Iterator[str]:
    """Yield leak markers and telling texts, in whatever form. A reference may say what a hidden test says, but for markers."""
    public = tuple(f"{SOLUTIONS}/{name}/" for name in references)
    secrets = [secret for secret in secrets_of(course.folder, private) if not secret.place.startswith(public)]
    guard, of_markers = Guard(secrets), Guard(secret for secret in secrets if secret.marker)
    for path, data in files.items():
        looking = of_markers if path.startswith(f"{REFERENCES}/") else guard
        for leak in (*guard.check(path, f"{path} (its name)"), *looking.check(data, path)):
            yield str(leak)


def whole_files(private: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield files that are the same as one below ``tests/``."""
    tests = private / "tests"
    if not tests.is_dir():
        return
    theirs = {path.read_bytes(): path for path in walk(tests) if path.is_file() and not path.is_symlink()}
    known = {digest(data): path for data, path in theirs.items() if len(data) > SMALL}
    for path, data in files.items():
        if (found := known.get(digest(data))) and not path.startswith(f"{REFERENCES}/"):
            yield f"{path}: the same file as {found.relative_to(private).as_posix()}"


def private_files(course: Course, private: Path, references: Collection[str]) -> Iterator[Private]:
    """Yield the references that are not handed out, and the hidden tests."""
    homes = [exercise.folder for exercise in course.exercises.values()]
    for name, exercise in course.exercises.items():
        for tree in (SOLUTIONS, HIDDEN):
            folder = private / tree / name
            if not folder.is_dir() or (tree == SOLUTIONS and name in references):
                continue
            for path in walk(folder):
                below = path.relative_to(folder).as_posix()
                others = (
                    homes if path.suffix != ".py" else []
                )  # the templates of a later exercise begin with earlier ones
                starters = tuple(home / below for home in (exercise.folder, *others))
                if path.is_file():
                    yield Private(path, f"{tree}/{name}/{below}", starters)


def text_of(data: bytes) -> str:
    """Return a file as text."""
    return data.decode("utf-8", "replace")
