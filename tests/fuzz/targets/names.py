"""Names of students, folders and files: found, hashed, shown and turned into file names, whatever is in them."""

from __future__ import annotations

import functools
import io
import os
import re
import tempfile
from pathlib import Path

from rich.console import Console

from grader.catalogues import Catalogue
from grader.course import Course
from grader.discovery import find_submissions
from grader.errors import UsageError
from grader.hashing import content_hash
from grader.models import Attempt, Hashes, Isolation, Outcome, Submission
from grader.output import safe_name, write_json
from grader.printable import CAP, printable, printable_lines
from grader.reports.document import document
from grader.reports.terminal import TerminalReport
from tests.fuzz.shown import EXERCISE, document_texts, is_inert
from tests.fuzz.source import Source, scratch

SEEDS = (
    bytes(40),
    bytes(range(90)),
    b"\x80\x02\x05" + bytes(range(250, 100, -2)),
    b"\xff" + bytes([3, 2, 1] * 30),
    b"\x01" + b"\x0b\x00\x05" * 12,
)
COURSE = Course(Path("/nowhere"), {EXERCISE.name: EXERCISE})
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z", re.IGNORECASE)
"""Names that are devices on Windows, with any ending (Microsoft: Naming Files, Paths, and Namespaces)."""
REPORT = TerminalReport(Catalogue(), "en")
ESCAPED = 10
"""The most characters that stand for one."""


def check(data: bytes) -> None:
    """Check some names, and a tree of folders with some of them."""
    source = Source(data)
    names = list(dict.fromkeys(source.text(20) for _ in range(1 + source.number(5))))
    for name in names:
        check_shown(name, source.number(2 * CAP))
        check_file_name(safe_name(name))
    assert len(set(map(safe_name, [*names, *map(safe_name, names)]))) == len({*names, *map(safe_name, names)})
    contents = [dict.fromkeys(names, b"x"), {"".join(names): b"x" * len(names)}, *({name: b"x"} for name in names)]
    different = {tuple(sorted(content.items())) for content in contents}
    assert len({content_hash(content) for content in contents}) == len(different)
    if source.maybe(3):
        check_tree([name for name in names if creatable(name)], source)


def check_shown(name: str, cap: int) -> None:
    """Check what is shown of a name."""
    for shown in (printable(name), printable(name, cap)):
        assert is_inert(shown)
        shown.encode("utf-8")
    assert len(printable(name, cap)) <= cap * ESCAPED + 1
    assert is_inert(printable_lines(name, cap), lines=True)
    if is_inert(name) and len(name) <= CAP:
        assert printable(name) == name


def check_file_name(name: str) -> None:
    """Check that a name can be that of a file on every system."""
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,120}", name), name
    assert name.strip(".") == name, name
    assert not RESERVED.match(name), name


def creatable(name: str) -> bool:
    """Tell whether this system can have a file of a name."""
    try:
        encoded = os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return 0 < len(encoded) <= 255 and not set(encoded) & {0, 47} and name not in (".", "..")


@functools.cache
def home() -> Path:
    """Return where trees are made."""
    return scratch("names-")


def check_tree(names: list[str], source: Source) -> None:
    """Make folders of students and files, find them, and write what is shown of them."""
    with tempfile.TemporaryDirectory(dir=home()) as made:
        root = Path(made)
        (root / "in" / "ada" / EXERCISE.name).mkdir(parents=True)
        for name in names:
            folder = root / "in" / name / (EXERCISE.name if source.maybe() else source.pick(names))
            if not os.path.lexists(folder):
                folder.mkdir(parents=True)
                (folder / source.pick([*names, "app.py"])).write_bytes(source.some(5))
        found = find_submissions(root / "in", COURSE, EXERCISE if source.maybe() else None)
        submissions = [item.read() for item in found]
        assert {item.student for item in submissions} <= {"ada", *names}
        for submission in submissions:
            check_published(submission, root / "out")
        files = [path for path in (root / "out").rglob("*") if path.is_file()]
        assert len(files) == len(submissions)
        assert all(len(path.relative_to(root / "out").parts) == 2 for path in files)
        try:
            alone = find_submissions(root / "in" / source.pick(["ada", *names]), COURSE, None)
        except UsageError:
            return
        assert all(item.read().exercise == EXERCISE.name for item in alone)


def check_published(submission: Submission, out: Path) -> None:
    """Show and write an attempt of a submission as the command line does."""
    attempt = Attempt(EXERCISE.name, submission.student, submission.path, Outcome.MISSING_FILE, Isolation.FULL, (), None, {},
                      Hashes(content_hash(submission.files), "", ""), 1, "", 0.0, {"file": "app.py"},
                      submission.ignored)  # fmt: skip
    assert is_inert(*document_texts(attempt), *document_texts(attempt, "staff"))
    write_json(
        out / safe_name(submission.student or "submission") / f"{attempt.exercise}.json", document(attempt, "en")
    )
    page = io.StringIO()
    console = Console(file=page, width=60)
    console.print(REPORT.one(attempt))
    assert is_inert(page.getvalue(), lines=True)
