"""Reads submissions from folders and archives: the listed files and directories, or the archive, as bounded bytes.

Nobody interprets them. A file that is missing or cannot be taken is a verdict about the submission, never an error of
the run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from grader import directories
from grader.archives import REASONS, TOGETHER, Contents, is_archive
from grader.directories import Unfit, is_directory
from grader.errors import UsageError
from grader.models import Exercise, Submission

LISTED = 50
"""Ignored files that are named at most."""
JUNCTION = 0xA0000003
"""The tag of a folder on Windows that is another one (IO_REPARSE_TAG_MOUNT_POINT)."""


class Unacceptable(Exception):
    """A file cannot be taken; the message is a key of the catalogue with its values."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.problem = {"problem": key, **values}


def read_submission(path: Path, exercise: Exercise, student: str | None = None) -> Submission:
    """Read one submission: a folder with the listed files or one archive of them, an archive, or the only file under any name.

    A folder may be the listed directory itself.
    """
    if own := own_directory(path, exercise):
        elsewhere = {name: (path.absolute().parent, name) for name in exercise.files}
        return take(path, exercise, student, {**elsewhere, own: (path, "")}, [])
    if path.is_dir():
        return read_folder(path, exercise, student)
    if is_archive(path.name):
        return read_archive(path, exercise, student)
    alone = len(exercise.files) == 1
    if path.is_file() and alone and is_directory(exercise.files[0]):
        raise UsageError(
            f"{path}: {exercise.name} asks for the directory {exercise.files[0]}; name it, its folder or its archive"
        )
    if path.is_file() and alone:
        return take(path, exercise, student, {exercise.files[0]: (path.parent, path.name)}, [])
    if path.is_file():
        raise UsageError(
            f"{path}: {exercise.name} asks for several files ({', '.join(exercise.files)}); name their folder or archive"
        )
    return Submission(exercise.name, student, str(path), missing=exercise.files)


def read_folder(path: Path, exercise: Exercise, student: str | None) -> Submission:
    """Read the listed files of a folder; in one that has none of them an archive is taken for them."""
    extra = extra_files(path, exercise)
    archives = [] if holds_files(path, exercise) else archives_in(path)
    if len(archives) > 1:
        return rivals(path, exercise, student, archives)
    if archives:
        return read_archive(archives[0], exercise, student, [name for name in extra if name != archives[0].name])
    return take(path, exercise, student, {name: (path, name) for name in exercise.files}, extra)


def read_archive(path: Path, exercise: Exercise, student: str | None, ignored: Iterable[str] = ()) -> Submission:
    """Read an archive without opening it."""
    unopened = Submission(exercise.name, student, str(path), ignored=tuple(ignored))
    try:
        return replace(unopened, archive=read_file(path.parent, path.name, path.name, exercise.limits.archive_size))
    except FileNotFoundError:
        return replace(unopened, missing=exercise.files)
    except Unacceptable as error:
        return replace(unopened, problem=error.problem)


def rivals(path: Path, exercise: Exercise, student: str | None, places: Iterable[Path]) -> Submission:
    """Return what stands for work that was handed in several times: none of it, for nobody knows which one counts."""
    claims = list(places)
    names = [place.name for place in claims]
    if len(set(names)) < len(names):  # of one student under several names, as in a tree
        names = [f"{place.parent.name}/{place.name}" for place in claims]
    files = ", ".join(names)
    problem = Unacceptable("handed in more than once, and only one can count: {files}", files=files).problem
    return Submission(exercise.name, student, str(path), problem=problem)


def refused(path: Path, exercise: Exercise, student: str | None) -> Submission:
    """Return what stands for a link, or for something that is neither a folder nor an archive, in place of work."""
    if path.is_symlink():
        error = Unacceptable("{file} is a link; hand in the folder or the archive itself", file=path.name)
    else:
        error = Unacceptable("{file} is neither a folder nor an archive", file=path.name)
    return Submission(exercise.name, student, str(path), problem=error.problem)


def opened(submission: Submission, exercise: Exercise, contents: Contents) -> Submission:
    """Return a submission with what was in its archive, as if it had been handed in as a folder."""
    if contents.problem:
        return replace(submission, problem=contents.problem)
    missing = directories.lacking(exercise.files, contents.files)
    ignored = (*submission.ignored, *contents.ignored)[:LISTED]
    return replace(submission, archive=None, files=contents.files, missing=missing, ignored=ignored)


def take(
    path: Path, exercise: Exercise, student: str | None, places: Mapping[str, tuple[Path, str]], ignored: list[str]
) -> Submission:
    """Read every listed file and directory from its place, which is a folder and a path below it."""
    files: dict[str, bytes] = {}
    missing: list[str] = []
    problem: Mapping[str, str] = {}
    for name, (folder, place) in places.items():
        try:
            if is_directory(name):
                taken, passed_over = read_directory(folder, place, name, exercise.limits.file_size)
                ignored = [*ignored, *passed_over][:LISTED]
                files |= taken
            else:
                files[name] = read_file(folder, place, name, exercise.limits.file_size)
        except FileNotFoundError:
            missing.append(name)
        except Unacceptable as error:
            problem = error.problem
    return Submission(exercise.name, student, str(path), files, tuple(missing), tuple(ignored), problem)


# -- directories


def own_directory(path: Path, exercise: Exercise) -> str | None:
    """Return the listed directory that a folder is itself, by its name, if it does not hold that directory."""
    name = path.absolute().name + "/"
    return name if name in exercise.files and path.is_dir() and not holds_files(path, exercise) else None


def read_directory(folder: Path, place: str, name: str, most: int) -> tuple[dict[str, bytes], list[str]]:
    """Read every file of a directory, ``most`` bytes each at most; return them, and the names of what does not count.

    ``place`` is its path below the folder, ``name`` what it is called in the manifest.

    Raises:
        FileNotFoundError: there is no such directory, or no file in it.
        Unacceptable: it is not taken, and nothing of it.
    """
    place = place.rstrip("/")
    try:
        inside, passed_over = names_below(folder, place, name)
        if wrapper := directories.wrapped(inside, name):
            place = f"{place}/{name.rstrip('/')}".lstrip("/")
            inside, passed_over = names_below(folder, place, name)
        directories.check(inside, name)
    except Unfit as error:
        raise Unacceptable(directories.PROBLEMS[error.reason], **error.values) from None
    if wrapper is None:
        copies = f"{name}, {name}{name}"
        raise Unacceptable("handed in more than once, and only one can count: {files}", files=copies)
    if not inside:
        raise FileNotFoundError(name)
    files: dict[str, bytes] = {}
    together = 0
    for file in inside:
        files[file] = read_file(folder, f"{place}/{file[len(name) :]}".lstrip("/"), file, most)
        together += len(files[file])
        if together > TOGETHER:
            raise Unacceptable(REASONS["together"], most=str(TOGETHER))
    return files, passed_over


def names_below(folder: Path, place: str, name: str) -> tuple[list[str], list[str]]:
    """Return what is in a directory and no folder, sorted, and what is passed over, under names that begin with ``name``.

    Links are not followed; they are among the files, and nobody reads them.

    Raises:
        FileNotFoundError: there is no such directory.
        Unfit: there is too much in it.
        Unacceptable: it is a link, or a folder in it cannot be read.
    """
    top = folder.joinpath(*place.split("/"))
    if place:
        check_directory(top, name)
    found: list[str] = []
    passed_over: list[str] = []
    waiting, seen = [""], 0
    while waiting:
        below = waiting.pop()
        for entry, is_folder in entries_of(top / below, name + below):
            seen += 1
            if seen > directories.MOST_SEEN or len(found) > directories.MOST_FILES:
                raise Unfit("many", file=name, most=str(directories.MOST_FILES))
            if directories.passed_over(entry):
                passed_over += [] if directories.is_junk(entry) else [f"{name}{below}{entry}"]
            elif not is_folder:
                found.append(f"{name}{below}{entry}")
            elif (below + entry).count("/") >= directories.DEEPEST:
                raise Unfit("buried", file=f"{name}{below}{entry}", most=str(directories.DEEPEST - 1))
            else:
                waiting.append(f"{below}{entry}/")
    return sorted(found), sorted(passed_over)[:LISTED]


def check_directory(top: Path, name: str) -> None:
    """Refuse what is no folder of its own."""
    try:
        status = top.lstat()
    except NotADirectoryError:
        raise FileNotFoundError(name) from None
    check_kind(status, name, last=False)
    if not stat.S_ISDIR(status.st_mode):
        raise FileNotFoundError(name)


def entries_of(folder: Path, name: str) -> Iterator[tuple[str, bool]]:
    """Yield the names in a folder, each with whether it is a folder and no link to one."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                linked = getattr(status, "st_reparse_tag", 0) == JUNCTION
                yield entry.name, stat.S_ISDIR(status.st_mode) and not linked
    except OSError as error:
        raise Unacceptable("{file} cannot be read ({reason})", file=name, reason=error.strerror or "") from None


# -- files


def read_file(folder: Path, place: str, name: str, most: int) -> bytes:
    """Read one regular file below a folder, without following a link and without waiting for a pipe.

    ``place`` is its path there with slashes, ``name`` what it is called in complaints.

    Raises:
        FileNotFoundError: it is not there.
        Unacceptable: it is no regular file, behind a link, too large, or cannot be read.
    """
    try:
        with os.fdopen(open_below(folder, place.split("/"), name), "rb") as file:
            data = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(name) from None
    except OSError as error:
        raise Unacceptable("{file} cannot be read ({reason})", file=name, reason=error.strerror or "") from None
    if len(data) > most:
        raise Unacceptable("{file} is larger than {most} bytes", file=name, most=str(most))
    return data


def open_below(folder: Path, parts: list[str], name: str) -> int:
    """Open a regular file for reading; return its descriptor. No part of the way below the folder may be a link.

    Where folders can be opened, each part is opened in the one before it, so that nothing can be exchanged meanwhile.
    """
    if os.open not in os.supports_dir_fd:
        for count in range(1, len(parts) + 1):
            check_kind(folder.joinpath(*parts[:count]).lstat(), name, last=count == len(parts))
        return os.open(folder.joinpath(*parts), os.O_RDONLY | getattr(os, "O_BINARY", 0))
    above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            check_kind(os.stat(part, dir_fd=above, follow_symlinks=False), name, last=False)
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            os.close(above)
            above = below
        check_kind(os.stat(parts[-1], dir_fd=above, follow_symlinks=False), name, last=True)
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=above)
    finally:
        os.close(above)


def check_kind(status: os.stat_result, name: str, *, last: bool) -> None:
    """Refuse links and junctions on the way to a file, and at its end everything but a regular file."""
    if last and not stat.S_ISREG(status.st_mode):
        raise Unacceptable("{file} is not a regular file", file=name)
    if stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == JUNCTION:
        raise Unacceptable("{file} lies behind a link; hand in the folder itself", file=name)


def extra_files(folder: Path, exercise: Exercise) -> list[str]:
    """Return the names of files in the folder that the exercise does not ask for; they are ignored."""
    wanted = set(exercise.files)
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in wanted)
    except OSError:
        return []
    tops = {name.split("/", 1)[0] for name in wanted}
    return [name for name in names if name not in tops and not directories.is_junk(name)][:LISTED]


def holds_files(path: Path, exercise: Exercise) -> bool:
    """Tell whether a folder holds any of an exercise's files."""
    return any(os.path.lexists(path.joinpath(*name.split("/"))) for name in exercise.files)


def archives_in(path: Path) -> list[Path]:
    """Return what is named like an archive in a folder and is no folder, sorted, without hidden ones."""
    try:
        found = [entry for entry in os.scandir(path) if is_archive(entry.name) and not entry.is_dir()]
    except OSError:
        return []
    return [Path(entry.path) for entry in sorted(found, key=lambda e: e.name) if entry.name[0] not in "._"]


def sources(exercise: Exercise) -> list[bytes]:
    """Return what tells which libraries submissions use: the files to start with, and those of the reference."""
    folders = [exercise.folder, *([exercise.reference_folder] if exercise.reference_folder else [])]
    return [content for folder in folders for content in read_submission(folder, exercise).files.values()]
