"""What is to be seen on the pictures: the real program, on a real terminal, in a student repository that was released for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from grader.cli import main
from grader.student.place import Place
from tests.grader.conftest import ROOT
from tests.grader.student_folders import solve
from tests.grader.terminals import CLEARED, Terminal, terminal

SOLVED = ("a3", "b1")
"""Exercises whose references are the student's work: what is traced works."""
RIGHT, MISTAKEN = "str(len(BODY))", "str(len(BODY.decode()))"
"""A line of A1, and what many write first."""
KEYS = "[q]"


@dataclass(frozen=True)
class Scene:
    """What was typed, and what the terminal showed then, with escapes."""

    name: str
    command: str
    shown: str


def released(top: Path) -> Place:
    """Make a student repository, with the work of somebody who made one mistake in A1."""
    result = CliRunner().invoke(main, ["release", str(top), "--course", str(ROOT)])
    assert result.exit_code == 0, result.output
    place = Place(top)
    for short in (*SOLVED, "a1"):
        solve(place, short)
    app = place.find("a1").folder / "app.py"
    text = app.read_text(encoding="utf-8")
    assert text.count(RIGHT) == 1
    app.write_text(text.replace(RIGHT, MISTAKEN), encoding="utf-8")
    shutil.rmtree(top / "solutions", ignore_errors=True)
    return place


def scenes(top: Path, lang: str) -> Iterator[Scene]:
    """Play a student's first day; yield what is seen of each command."""
    place = released(top)
    yield once(place, lang, "check", "check", "a1")
    yield once(place, lang, "hint", "hint", "a1")
    yield watched(place, lang)
    yield once(place, lang, "trace", "trace", "a3", "GET", "/search?q=霸")


def once(place: Place, lang: str, name: str, *words: str) -> Scene:
    """Run a command to its end."""
    with terminal(place.folder, *words, GRADER_LANG=lang) as running:
        assert running.end() in (0, 1), running.page
        return Scene(name, typed(words), running.seen)


def watched(place: Place, lang: str) -> Scene:
    """Watch A1 while its mistake is mended."""
    with terminal(place.folder, "watch", "a1", GRADER_LANG=lang) as running:
        running.until(KEYS)
        before = running.type("")
        solve(place, "a1")
        running.until(KEYS, before)
        shown = last_page(running)
        running.type("q")
        assert running.end() == 0
    return Scene("watch", typed(("watch", "a1")), shown)


def last_page(running: Terminal) -> str:
    """Return what was written since the screen was cleared last."""
    return running.seen.rpartition(CLEARED)[2]


def drawn(place: Place, lang: str, path: Path) -> None:
    """Have the page of a trace written."""
    with terminal(place.folder, "trace", "b1", "GET", "/", "--html", str(path), GRADER_LANG=lang) as running:
        assert running.end() == 0, running.page


def typed(words: tuple[str, ...]) -> str:
    """Return a command as somebody types it."""
    return " ".join(["grader", *(f'"{word}"' if "?" in word else word for word in words)])
