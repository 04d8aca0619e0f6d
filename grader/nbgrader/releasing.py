"""How ``nbgrader release_feedback`` hands pages out: one student's trouble is theirs alone. nbgrader loads it by its name."""

from __future__ import annotations

import glob
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from grader.nbgrader.handed import NBGRADERS
from grader.nbgrader.names import require
from grader.printable import printable

LONGEST = 1000
"""Bytes of a time, or of a secret; nbgrader writes both when a student submits, and from then on they are the student's."""


class ReleaseFeedback(ExchangeReleaseFeedback):  # type: ignore[misc]
    """Releases feedback, one student at a time."""

    src_path: str

    def copy_files(self) -> None:
        """Release every page; whose could not be is said at the end, when all others are there.

        Raises:
            ExchangeError: some could not be.
        """
        require()
        found = sorted(glob.glob(self.src_path))  # noqa: PTH207 - nbgrader's pattern, of an absolute path
        folders = [folder for folder in found if folder not in self.excluded()]
        troubled = {folder: trouble for folder in folders if (trouble := self.take(folder))}
        for folder, trouble in troubled.items():
            self.log.error("Not released: %s: %s; the page can be given by hand", printable(folder, 300), trouble)
        if troubled:
            self.fail(f"feedback of {len(troubled)} of {len(folders)} students was not released; that of the others is")

    def take(self, folder: str) -> str:
        """Release the pages of one student as nbgrader does; return why they could not be."""
        if reason := unfit(Path(folder)):
            return reason
        self.src_path = glob.escape(folder)
        try:
            super().copy_files()
        except (OSError, ValueError) as error:
            return printable(f"{type(error).__name__}: {error}", 300)
        return ""

    def excluded(self) -> set[str]:
        """Return the folders of students that are to be passed over."""
        directory = self.coursedir
        return {
            directory.format_path(directory.feedback_directory, student, directory.assignment_id)
            for student in directory.student_id_exclude.split(",") if student
        }  # fmt: skip


def unfit(folder: Path) -> str:
    """Return why nobody could fetch the pages in a folder; nothing if somebody can, or if there are none."""
    if not any(folder.glob("*.html")):
        return ""
    for name in NBGRADERS:
        try:
            with (folder / name).open("rb") as file:
                text = file.read(LONGEST + 1).decode().strip()
        except FileNotFoundError:
            return f"there is no {name}, which nbgrader submit writes, and by which the student would find the page"
        except (OSError, ValueError):
            text = ""
        if not text or len(text) > LONGEST or not text.isprintable():
            return f"{name} is not as nbgrader submit writes it"
    return ""
