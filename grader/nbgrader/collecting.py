"""How nbgrader collects: links stay behind, one student's trouble is theirs alone, and no submission is without a notebook.

nbgrader loads the classes by their names: `Collect` for ``nbgrader collect``, the other two for ``nbgrader zip_collect``.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import parse_utc

from grader.errors import UsageError
from grader.nbgrader import packed
from grader.nbgrader.names import CHECKS, MARKUP, require
from grader.nbgrader.released import is_ours, put_in, wrapped_in
from grader.output import write_bytes
from grader.printable import printable

FORGED = frozenset({"timestamp.txt", "submission_secret.txt"})
"""nbgrader writes them when a student submits through the exchange; in an archive the student wrote them."""
PATTERN = re.compile(r"[*?\[\]]")
MOST_ENTRIES = 5000
"""Files and folders of one submission."""
GIVEN = "given-out-again"
"""A folder among what was extracted: notebooks as they were released, for students that handed in none."""


class Collect(ExchangeCollect):  # type: ignore[misc]
    """Collects from the exchange, one student at a time."""

    src_records: list[dict[str, Any]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Return student and time of a folder that is named by nbgrader, no student of one that anybody made."""
        name = Path(path).name
        try:
            student, _, time, *_ = name.rsplit("+", 3)
            return {"username": student, "filename": name, "timestamp": parse_utc(time)}
        except ValueError:
            return {"username": "", "filename": name, "timestamp": parse_utc("1970-01-01 00:00:00 UTC")}

    def copy_files(self) -> None:
        """Collect every submission; what could not be is said at the end, when all others are there.

        Raises:
            ExchangeError: some could not be.
        """
        require()
        records = self.src_records
        if not records:
            super().copy_files()
        troubled = [
            f"{printable(record['filename'])}: {trouble}" for record in records if (trouble := self.take(record))
        ]
        for line in troubled:
            self.log.error("Not collected: %s", line)
        if troubled:
            self.fail(f"{len(troubled)} of {len(records)} submissions were not collected; the others are there")

    def take(self, record: dict[str, Any]) -> str:
        """Collect one submission as nbgrader does; return why it could not be."""
        student = record["username"]
        if reason := unusable(student):
            return reason
        self.src_records = [record]
        try:
            if self.place_of(student).is_dir() and (self.update or self.before_duedate):
                self.try_copy(Path(self.inbound_path, record["filename"]))
            super().copy_files()
            self.complete(student)
        except Exception as error:  # noqa: BLE001 - whatever a student has put there is nobody else's trouble
            return printable(f"{type(error).__name__}: {error}", 300)
        return ""

    def try_copy(self, source: Path) -> None:
        """Raise what copying would: nbgrader removes what was collected before, and only then copies."""
        with TemporaryDirectory() as scratch:
            copy_tree(source, Path(scratch, "work"), self.coursedir.max_dir_size * 1000, self.leaves)

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:  # noqa: ANN401, ARG002 - nbgrader's
        """Copy files and folders; a link could lead to what the instructor may read and the student may not."""
        try:
            passed_over = copy_tree(Path(src), Path(dest), self.coursedir.max_dir_size * 1000, self.leaves)
        except BaseException:
            shutil.rmtree(dest, ignore_errors=True)
            with suppress(OSError):
                Path(dest).parent.rmdir()  # nbgrader made it, and would take it for a student without work
            raise
        put_time(Path(src).name, Path(dest))
        for name in passed_over:
            self.log.warning("Left behind, for it is a link or no file: %s", printable(name))
        if self.coursedir.groupshared:
            for top, _, names in os.walk(dest):
                Path(top).chmod(0o2770)
                for name in names:
                    Path(top, name).chmod(0o660)

    def leaves(self, path: str) -> bool:
        """Tell whether a path of a submission is not collected: what nbgrader ignores, and the public half that we handed out."""
        name = path.rpartition("/")[2]
        if any(fnmatch(name, pattern) for pattern in self.coursedir.ignore):
            return True
        return path == CHECKS and is_ours(self.release_folder())

    def complete(self, student: str) -> None:
        """Put the released notebook where the student's is missing, or cannot be read and is not needed."""
        for name in put_in(self.place_of(student), self.release_folder()):
            self.log.warning(
                "%s handed in no %s that can be read; the released one is there now", printable(student), name
            )

    def place_of(self, student: str) -> Path:
        """Return where a student's submission is collected."""
        directory = self.coursedir
        return Path(directory.format_path(directory.submitted_directory, student, directory.assignment_id))

    def release_folder(self) -> Path:
        """Return where the released assignment is."""
        directory = self.coursedir
        return Path(directory.format_path(directory.release_directory, ".", directory.assignment_id))


def unusable(student: str) -> str:
    """Return why a name in the exchange, or of an archive, cannot be that of a student; nothing if it can."""
    if not student.strip() or student.startswith("."):
        return "its name does not say which student it is from"
    if PATTERN.search(student):
        return "nbgrader takes * ? [ ] in the name of a student for a pattern, and would pass it over later"
    if MARKUP.search(student):
        return 'the formgrader takes < > " \\ in the name of a student for markup of its pages'
    return "" if student.isprintable() else "the name of the student holds characters that cannot be shown"


def copy_tree(source: Path, target: Path, budget: int, leaves: Callable[[str], bool]) -> list[str]:
    """Copy a folder; return what was passed over because it is neither a file nor a folder, by its path below it.

    Every part is opened without following links, so that nothing can be exchanged for one meanwhile.

    Raises:
        RuntimeError: it is none, or holds more than ``budget`` bytes, or too many files.
        OSError: something cannot be read or written.
    """
    passed_over: list[str] = []
    left, count = budget, 0
    for top, folders, names, descriptor in os.fwalk(source, onerror=stop, follow_symlinks=False):
        below = Path(top).relative_to(source)
        wanted = [name for name in (*folders, *names) if not leaves((below / name).as_posix())]
        linked = [name for name in folders if not is_folder(name, descriptor)]
        folders[:] = [name for name in folders if name in wanted and name not in linked]
        (target / below).mkdir(parents=True)
        count += len(folders) + len(names)
        if count > MOST_ENTRIES:
            raise RuntimeError(f"more than {MOST_ENTRIES} files and folders")
        for name in sorted({*names, *linked} & {*wanted}):
            data = content(name, descriptor, left)
            if data is None:
                passed_over.append((below / name).as_posix())
                continue
            left -= len(data)
            if left < 0:
                raise RuntimeError(f"more than {budget} bytes (nbgrader's CourseDirectory.max_dir_size)")
            (target / below / name).write_bytes(data)
    if not target.is_dir():
        raise RuntimeError("a link, or no folder at all")
    return passed_over


def put_time(name: str, folder: Path) -> None:
    """Have nbgrader read the time for which the submission's folder in the exchange is named, whatever the student's file says.

    With another one, or none, nbgrader could not grade the submission, or took it for one in time.
    """
    path, time = folder / "timestamp.txt", name.rsplit("+", 3)[2]
    if path.is_dir():
        shutil.rmtree(path)
    if not path.exists() or path.read_bytes().strip() != time.encode():
        write_bytes(path, time.encode())


def stop(error: OSError) -> None:
    """Stop at a folder that cannot be listed: nothing is left out silently."""
    raise error


def is_folder(name: str, above: int) -> bool:
    """Tell whether something in an open folder is a folder and no link to one."""
    return stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)


def content(name: str, above: int, most: int) -> bytes | None:
    """Return the content of a regular file in an open folder, one byte more than ``most`` at most; None of anything else."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=above)
    except OSError:
        if stat.S_ISREG(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            raise
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


# -- archives from another system


class Extractor(ExtractorPlugin):  # type: ignore[misc]
    """Unpacks what was downloaded within bounds, and adds the released notebook for whoever handed in none."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack every archive into a folder of its name; others are unpacked though one cannot be."""
        require()
        source, target = Path(archive_path), Path(extracted_path)
        trouble = {path: self.take(path, path.relative_to(source), target) for path in files_below(source)}
        for path, reason in trouble.items():
            if reason:
                self.log.error("Left out: %s: %s", printable(path.name), printable(reason, 300))
        self.leave_checks(target)
        self.complete(target)

    def take(self, path: Path, below: Path, target: Path) -> str:
        """Unpack an archive, or copy another file; return why it could not be."""
        if packed.stem(below.parts[0]) == GIVEN:
            return "no student has this name"
        archive = path.suffix.lower() in {*self.zip_ext, *packed.SUFFIXES}
        named = Collector(parent=self.parent).named_regexp
        if archive and not named and (reason := unusable(packed.stem(below.parts[0]))):
            return reason
        place = target / below.parent / packed.stem(path.name) if archive else target / below
        if place.exists():
            return "handed in more than once, and only one can count"
        try:
            if archive:
                packed.unpack(path, place, self.parent.coursedir.max_dir_size * 1000)
                return "" if place.exists() else "holds no file that can be taken"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        except (UsageError, OSError) as error:
            return str(error)
        return ""

    def leave_checks(self, extracted: Path) -> None:
        """Remove the public half that we handed out: nbgrader would name each of its files as a submission that it skipped."""
        release = Collector(parent=self.parent).released()
        for folder in [path for path in extracted.glob("*") if path.is_dir() and is_ours(release)]:
            within = folder
            for _ in range(wrapped_in(folder, release)):
                within = next(path for path in within.iterdir() if path.is_dir() and path.name != "__MACOSX")
            shutil.rmtree(within / CHECKS, ignore_errors=True)

    def complete(self, extracted: Path) -> None:
        """Add the released notebook for every student of whom there are files and none of this name."""
        directory = self.parent.coursedir
        release = Path(directory.format_path(directory.release_directory, ".", directory.assignment_id))
        collector = Collector(parent=self.parent)
        students: dict[str, set[str]] = {}
        for path in files_below(extracted):
            if info := collector.collect(str(path)):
                name = Path(info["file_id"]).with_suffix(path.suffix).as_posix()
                students.setdefault(info["student_id"], set()).add(name)
        for student, names in sorted(students.items()):
            for notebook in sorted(path for path in release.glob("*.ipynb") if path.name not in names):
                place = extracted / GIVEN / student / notebook.name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(notebook, place)
                self.log.warning("%s handed in no %s; the released one is there now", printable(student), notebook.name)


class Collector(FileNameCollectorPlugin):  # type: ignore[misc]
    """Says whose a file is: by ``named_regexp`` if there is one, else by the first folder, which an archive is named for."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Return student and file, None for what is not to be collected. Files of every kind are, not notebooks alone."""
        extracted = Path(self.parent._format_collect_path(self.parent.extracted_directory))
        parts = Path(submitted_file).relative_to(extracted).parts
        if parts[0] == GIVEN:
            return {"student_id": parts[1], "file_id": "/".join(parts[2:])}
        if parts[-1] in FORGED:
            return None
        around = wrapped_in(extracted / parts[0], self.released()) if len(parts) > 1 else 0
        if self.named_regexp:
            return self.by_pattern(submitted_file, "/".join(parts[1 : 1 + around]) + "/")
        if len(parts) < 2 or unusable(parts[0]):
            return None
        below = parts[1 + around :]
        if (below[0] == CHECKS and is_ours(self.released())) or any(
            part.startswith(".") or part == "__MACOSX" for part in below
        ):
            return None
        return {"student_id": parts[0], "file_id": "/".join(below)}

    def by_pattern(self, submitted_file: str, around: str) -> dict[str, str] | None:
        """Return what the instructor's pattern says, None if it does not match or names nobody."""
        try:
            found: dict[str, str] | None = self._match(submitted_file)
        except re.error as error:
            raise UsageError(f"FileNameCollectorPlugin.named_regexp: not a regular expression ({error})") from None
        if found is None or unusable(found.get("student_id", "")):
            return None
        return {**found, "file_id": found.get("file_id", "").removeprefix(around)}

    def released(self) -> Path:
        """Return where the released assignment is."""
        directory = self.parent.coursedir
        return Path(directory.format_path(directory.release_directory, ".", directory.assignment_id))


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the regular files below a folder, sorted; links are not followed."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if stat.S_ISREG(Path(top, name).lstat().st_mode):
                yield Path(top, name)
