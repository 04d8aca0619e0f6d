"""What the author of a wrong sample reads, kept beside the sample in every language, and compared line by line."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rich.console import Console

from grader.catalogues import Catalogue
from grader.models import LANGUAGES, Attempt, Complaint, Exercise
from grader.proving.structure import JUDGED
from grader.reports.terminal import TerminalReport
from grader.samples import FEEDBACK, Sample

RANDOM = re.compile(r"\b[0-9a-f]{12,}(?:\.\.\.[0-9a-f]{6,})?\b")
"""Hexadecimal digits without end, as `uuid4` and `token_hex` make them: others in every run."""
WIDE = 10_000
"""Columns: where a line breaks is a matter of the terminal."""
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
SYNTAX = re.compile(r"(SyntaxError(?:: \"|，错误信息是“)).*?(?=[\"”](?: \(|（))")
"""What Python says of a file that it cannot read; it says it differently in every version."""
REMEDY = "if this is how it shall read, run grader verify --record and review the diff"


def feedback(attempt: Attempt, exercise: Exercise) -> dict[str, str]:
    """Return what a student reads of an attempt, by the name of the file in which it is kept."""
    folders = [folder for one in (exercise, *exercise.origins) for folder in (one.folder, one.hidden_folder)]
    catalogue = Catalogue(folders)
    return {FEEDBACK[language]: page(attempt, TerminalReport(catalogue, language)) for language in LANGUAGES}


def page(attempt: Attempt, report: TerminalReport) -> str:
    """Return a report as text without colours, where nothing depends on the machine."""
    text = io.StringIO()
    console = Console(file=text, width=WIDE, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(report.one(attempt))
    lines = [
        SYNTAX.sub(r"\1…", RANDOM.sub("(random)", ADDRESS.sub("0x…", line))).rstrip()
        for line in text.getvalue().splitlines()
    ]
    return "\n".join(lines).strip("\n") + "\n"


def compared(sample: Sample, attempt: Attempt, exercise: Exercise) -> Iterator[Complaint]:
    """Yield of each language the first line in which the kept feedback is not what a student reads."""
    if sample.kind not in JUDGED:
        return
    for name, text in feedback(attempt, exercise).items():
        path = sample.folder / name
        if not path.is_file():
            yield Complaint(path, f"missing: nobody has looked at what a student reads; {REMEDY}")
            continue
        kept, now = path.read_text(encoding="utf-8").splitlines(), text.splitlines()
        if kept != now:
            line = next(
                (n for n, pair in enumerate(zip(kept, now, strict=False)) if pair[0] != pair[1]),
                min(len(kept), len(now)),
            )
            was, reads = (lines[line].strip() if line < len(lines) else "nothing" for lines in (kept, now))
            yield Complaint(path, f"a student reads {reads!r}, not {was!r}; {REMEDY}", str(line + 1))


def keep(sample: Sample, attempt: Attempt, exercise: Exercise) -> Iterator[str]:
    """Write what a student reads beside a sample; yield the names of the files that changed."""
    if sample.kind not in JUDGED:
        return
    for name, text in feedback(attempt, exercise).items():
        path = sample.folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            yield name
