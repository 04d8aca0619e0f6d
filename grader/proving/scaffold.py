"""Makes a new exercise: a small one that runs, complete in every tree, whose author replaces what is marked.

The templates are in ``templates/<kind>/<tree>/``, what all kinds have in common in ``templates/shared/``; each file ends in
``.txt`` so that no tool takes it for code. Lines of the private half begin with a bar there, for students get this package.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.course import MANIFEST, NAME, load_exercise
from grader.errors import UsageError
from grader.models import Exercise
from grader.printable import printable

TEMPLATES = Path(__file__).with_name("templates")
KINDS = ("raw", "middleware", "flask")
MARK = "TODO(author)"
"""Stands wherever an author has to write; a TODO without it is for students."""
PRIVATE_TREES = ("solutions", "tests/hidden", "tests/submissions")
TREES = (*PRIVATE_TREES, "exercises")
"""The last one makes an exercise of the others: before it is there, nobody finds them."""
FORM = "a letter, digits, an underscore and a slug of small letters, digits and underscores, as in a6_sessions"
LONGEST = 60
BLANK = re.compile(r"\{\{(\w+)(:quoted)?\}\}")


def new_exercise(
    folder: Path, name: str, *, private: Path | None = None, kind: str = "raw", titles: Mapping[str, str] | None = None
) -> dict[str, Path]:
    """Make an exercise in a course, and return its folder in each tree. Nothing is there before everything is.

    Args:
        folder: the course's folder.
        name: the name of the exercise.
        private: the folder with the private half, if that is kept elsewhere.
        kind: one of `KINDS`.
        titles: its title by language; what is missing is marked.

    Raises:
        UsageError: the name or a title is none, or taken; there is no course.
    """
    roots = {tree: (private or folder) if tree in PRIVATE_TREES else folder for tree in TREES}
    places = {tree: roots[tree] / tree / name for tree in TREES}
    check(folder, name, kind, places)
    values = blanks(name, kind, titles or {})
    try:
        with contextlib.ExitStack() as stack:
            staged = {
                root: Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".grader-new-", dir=root)))
                for root in dict.fromkeys(roots.values())
            }
            homes = {tree: staged[roots[tree]] / tree / name for tree in TREES}
            for tree, home in homes.items():
                write(kind, tree, home, values)
            load_exercise(homes["exercises"], staged[roots["solutions"]])
            move(homes, places)
    except OSError as error:
        raise UsageError(f"{name} cannot be written: {error}; nothing of it is there") from None
    return places


def move(homes: Mapping[str, Path], places: Mapping[str, Path]) -> None:
    """Move folders to their places, all of them or none."""
    moved: list[Path] = []
    try:
        for tree, home in homes.items():
            places[tree].parent.mkdir(parents=True, exist_ok=True)
            home.rename(places[tree])
            moved.append(places[tree])
    except BaseException:
        for place in moved:
            shutil.rmtree(place, ignore_errors=True)
        raise


def check(folder: Path, name: str, kind: str, places: Mapping[str, Path]) -> None:
    """Refuse a name that is none or is taken, a kind that there is not, and a folder that holds no course."""
    if not NAME.match(name) or len(name) > LONGEST:
        raise UsageError(f"{printable(name)!r} is no name for an exercise: {FORM}, {LONGEST} characters at most")
    if kind not in KINDS:
        raise UsageError(f"there is no kind {printable(kind)!r}; the kinds are {', '.join(KINDS)}")
    if not (folder / "exercises").is_dir():
        raise UsageError(f"{folder} is no course, for it has no folder exercises/; make one there, or use --course DIR")
    for place in places.values():
        if place.exists() or place.is_symlink():
            raise UsageError(f"{place} is there already; choose another name, or remove it")
    short = name.split("_", 1)[0]
    for other in sorted((folder / "exercises").glob(f"{short}_*")):
        if other.is_dir():
            raise UsageError(f"{other.name} has the short id {short} already; choose another number")


def blanks(name: str, kind: str, titles: Mapping[str, str]) -> dict[str, str]:
    """Return what is filled into the templates."""
    short, slug = name.split("_", 1)
    for title in titles.values():
        if not title.strip() or printable(title, LONGEST) != title or "{{" in title:
            raise UsageError(f"{printable(title)!r} is no title: one line of text, {LONGEST} characters at most")
    manifest = (TEMPLATES / kind / "exercises" / f"{MANIFEST}.txt").read_text(encoding="utf-8")
    return {
        "name": name,
        "SHORT": short.upper(),
        "file": re.findall(r'^files = \["(.+)"\]$', manifest, re.MULTILINE)[0],
        "title_en": titles.get("en") or f"{MARK} {slug.replace('_', ' ')}",
        "title_zh": titles.get("zh-CN") or f"{MARK} 题目",
        "contract_en": contract(kind, "contract.md"),
        "contract_zh": contract(kind, "contract.zh-CN.md"),
        "marker": f"leak-marker-{secrets.token_hex(4)}-{short}",
    }


def contract(kind: str, name: str) -> str:
    """Return the promises of a kind's statement."""
    return (TEMPLATES / kind / f"{name}.txt").read_text(encoding="utf-8").strip()


def write(kind: str, tree: str, home: Path, values: Mapping[str, str]) -> None:
    """Write an exercise's folder of one tree."""
    slug = values["name"].split("_", 1)[1]
    for source in (TEMPLATES / "shared" / tree, TEMPLATES / kind / tree):
        for path in sorted(source.rglob("*.txt")):
            text = path.read_text(encoding="utf-8")
            if tree in PRIVATE_TREES:
                text = "".join(line.removeprefix("|") for line in text.splitlines(keepends=True))
            target = home / path.relative_to(source).as_posix().removesuffix(".txt").replace("SLUG", slug)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(filled(text, values), encoding="utf-8", newline="\n")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a template with its blanks filled in; a quoted one is a text of TOML."""
    return BLANK.sub(
        lambda blank: json.dumps(values[blank[1]], ensure_ascii=False) if blank[2] else values[blank[1]], text
    )


def marks(exercise: Exercise, private: Path) -> Iterator[tuple[Path, int, str]]:
    """Yield file, number and text of each line in which an author still has to write."""
    for tree in TREES:
        home = exercise.folder if tree == "exercises" else private / tree / exercise.name
        for path in sorted(home.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".md", ".toml", ".po"):
                for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                    if MARK in line:
                        yield path, number, line.strip()
