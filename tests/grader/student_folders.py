"""A student's folder for tests: a few exercises with their pristine starters, and nothing of the private half."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from grader.cli import main
from grader.student.place import Place
from tests.grader.conftest import ROOT


def student_folder(top: Path, *shorts: str) -> Place:
    """Copy exercises as a release would."""
    for short in shorts:
        (source,) = ROOT.glob(f"exercises/{short}_*")
        target = top / "exercises" / source.name
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    place = Place(top)
    for exercise in place.all():
        for name in exercise.files:
            kept = exercise.folder / ".starter" / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            source = exercise.folder / name
            if source.is_dir():
                shutil.copytree(source, kept)
            else:
                shutil.copy(source, kept)
    return place


def solve(place: Place, short: str) -> None:
    """Put the reference in the place of a student's work."""
    exercise = place.find(short)
    for name in exercise.files:
        source, target = ROOT / "solutions" / exercise.name / name, exercise.folder / name
        if source.is_dir():
            shutil.rmtree(target)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def grader(place: Place, *arguments: str, lang: str = "en", said: str | None = None) -> Result:
    """Run a command on a student's folder, in this process."""
    result = CliRunner().invoke(main, [*arguments, "--course", str(place.folder), "--lang", lang], input=said)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result
