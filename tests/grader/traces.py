"""Makes the traces of readings and statements anew with ``--update``; without it, says which of them are old."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from grader.course import PREDICTIONS, load_course
from grader.models import LANGUAGES
from grader.predictions.pages import renewed, renewed_statement
from grader.statement import statement_file

ROOT = Path(__file__).parents[2]
READINGS = sorted((ROOT / "exercises" / "readings").rglob("*.md"))
PREDICTED = [one for one in load_course(ROOT).exercises.values() if (one.folder / PREDICTIONS).is_file()]


def pages() -> Iterator[tuple[Path, str]]:
    """Yield every page that shows traces, with what it should say."""
    for path in READINGS:
        yield path, renewed(path)
    for exercise in PREDICTED:
        for language in LANGUAGES:
            yield statement_file(exercise.folder, language), renewed_statement(exercise, language)


def main() -> int:
    """Compare, and write if asked to; 1 if something was old and stays so."""
    update = sys.argv[1:] == ["--update"]
    old = [(path, text) for path, text in pages() if path.read_text(encoding="utf-8") != text]
    for path, text in old:
        if update:
            path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.relative_to(ROOT)}: {'renewed' if update else 'shows old traces'}\n")
    return 1 if old and not update else 0


if __name__ == "__main__":
    sys.exit(main())
