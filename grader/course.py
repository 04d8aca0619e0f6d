"""Reads a course: a folder with the trees ``exercises/``, ``solutions/`` and ``tests/hidden/``, found by globbing.

The folder's name is an exercise's identity in every tree; adding an exercise edits no existing file.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from grader.directories import is_directory
from grader.errors import EngineFault, Misuse, UsageError
from grader.models import CATEGORIES, LANGUAGES, Exercise, Factory, Limits, Parity, Start, Text, Visibility
from grader.models import TestInfo as Info

MANIFEST = "exercise.toml"
PREDICTIONS = "predictions.toml"
EQUIVALENTS = "equivalents.toml"
"""Stands beside the hidden tests and says what need not be noticed by them: a part of their proof, not of the grading."""
PROVEN = "proven.toml"
"""Stands there too and says with what the proof was made."""
NAME = re.compile(r"[a-z][0-9]+_[a-z0-9_]+\Z")
EARLIER = re.compile(r"[a-z][0-9]+(_[a-z0-9_]+)?")
TEST = re.compile(r"test_[A-Za-z0-9_]+")
ODD = re.compile(r"[\x00-\x1f\x7f\\:]")
"""What no name of a file may hold: control characters, and what Windows takes for the end of a folder or a drive."""
LONGEST_NAME = 80
"""Characters of a name that somebody asks for."""
ENTRY = re.compile(r"[a-z_][a-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*(\(\))?\Z")
TEST_ID = re.compile(rf"([a-z][0-9]+\.)?{TEST.pattern}")
KEYS = ("kind", "files", "entry", "starts_from", "factory", "fresh", "same_tests_as", "parity_points", "title", "limits",
        "hidden")  # fmt: skip
START_KEYS = ("exercise", "files", "but")
FACTORY_KEYS = ("name", "takes", "settings")
LARGEST_LIMIT = 1 << 40
"""Of bytes 1 TiB: what is larger was not meant, and would not fit where the system takes it."""
FOR_GRADED = ("same_tests_as", "parity_points", "hidden")
PARITY_KEYS = ("public", "hidden")
HIDDEN_KEYS = ("id", "category", "points", "title")


@dataclass(frozen=True)
class Course:
    """A course's folder and its exercises by name, in order."""

    folder: Path
    exercises: Mapping[str, Exercise]

    def find(self, name: str) -> Exercise:
        """Return the exercise of a name or a short id.

        Raises:
            UsageError: there is none; lists those there are.
        """
        for exercise in self.exercises.values():
            if name in (exercise.name, exercise.short):
                return exercise
        shown, listing = repr(name[:LONGEST_NAME]), self.listing()
        shorts = {exercise.short for exercise in self.exercises.values()}
        if close := difflib.get_close_matches(name[:LONGEST_NAME].lower(), [*shorts, *self.exercises], 1, 0.5):
            raise Misuse("there is no exercise {name}; did you mean {near}?\n{exercises}", name=shown, near=repr(close[0]),
                         exercises=listing)  # fmt: skip
        raise Misuse("there is no exercise {name}; these are there:\n{exercises}", name=shown, exercises=listing)

    def listing(self) -> str:
        """Return the exercises, a line each, for messages."""
        return "\n".join(f"  {exercise.short:4} {exercise.name}" for exercise in self.exercises.values())


def find_course(start: Path) -> Path:
    """Return the nearest folder upward that holds ``exercises/``.

    Raises:
        UsageError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if any(folder.glob(f"exercises/*/{MANIFEST}")):
            return folder
    raise Misuse(
        "no course at or above {folder}: no folder there holds exercises/<name>/{manifest}; use --course DIR",
        folder=start, manifest=MANIFEST,
    )  # fmt: skip


def load_course(folder: Path, private: Path | None = None) -> Course:
    """Read every manifest of a course. ``private`` holds the private half, if it is kept elsewhere.

    Raises:
        UsageError: something is wrong in a manifest; names file, key and the nearest right key.
    """
    manifests = sorted((folder / "exercises").glob(f"*/{MANIFEST}"))
    if not manifests:
        raise UsageError(f"{folder}: no course here, for it has no exercises/<name>/{MANIFEST}")
    found = [load_exercise(manifest.parent, private or folder) for manifest in manifests]
    return Course(folder, {exercise.name: exercise for exercise in found})


def load_exercise(folder: Path, private: Path, above: tuple[str, ...] = ()) -> Exercise:
    """Read one exercise, and those whose tests it has again. ``above`` names those for which it is read."""
    path = folder / MANIFEST
    if not NAME.match(folder.name):
        raise UsageError(f"{folder}: an exercise's folder is named like a1_hello_wsgi: a letter, digits, _, a slug")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineFault(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    Reader(path).keys(content, KEYS)
    return build(Reader(path), content, private, above)


def build(read: Reader, content: dict[str, Any], private: Path, above: tuple[str, ...]) -> Exercise:
    """Make an exercise of its manifest."""
    folder = read.path.parent
    chain = (*above, folder.name)
    hidden_folder = private / "tests" / "hidden" / folder.name
    kind = read.matching(content, "kind", re.compile("graded|diagnostic"), "graded or diagnostic")
    if kind == "diagnostic" and (hidden_folder.is_dir() or content.keys() & set(FOR_GRADED)):
        raise UsageError(
            f"{read.path}: a diagnostic has no points and no hidden tests; remove {', '.join(FOR_GRADED)} and "
            f"tests/hidden/{folder.name}/, or say kind = 'graded'"
        )
    reference = private / "solutions" / folder.name
    return Exercise(
        name=folder.name,
        title=read.text(content, "title"),
        files=read.files(content),
        entry=read.entry(content),
        folder=folder,
        hidden_folder=hidden_folder if hidden_folder.is_dir() else None,
        reference_folder=reference if reference.is_dir() else None,
        hidden=read.all_hidden(content),
        kind=kind,
        limits=read.limits(read.typed(content, "limits", dict, {})),
        factory=read.factory(read.typed(content, "factory", dict, {})),
        fresh=read.fresh(content),
        origins=tuple(load_exercise(origin, private, chain) for origin in read.origins(content, chain)),
        chosen=frozenset(word for word in content.get("same_tests_as", ()) if "." in word),
        parity=read.parity(content),
        start=read.start(content),
    )


@dataclass(frozen=True)
class Reader:
    """Takes values out of one manifest; every complaint names the file and the key."""

    path: Path

    def keys(self, table: Mapping[str, Any], known: tuple[str, ...], where: str = "") -> None:
        """Refuse keys that mean nothing here."""
        for key in table:
            if key not in known:
                raise UsageError(f"{self.path}: {where}unknown key {key!r}{nearest(key, known)}")

    def typed(self, table: Mapping[str, Any], key: str, kind: type, default: Any = None) -> Any:  # noqa: ANN401
        """Return a value of a type; without a default it must be there."""
        if key not in table:
            if default is None:
                raise UsageError(f"{self.path}: the key {key!r} is missing")
            return default
        if type(table[key]) is not kind:
            raise UsageError(f"{self.path}: {key!r} must be a {kind.__name__}, not {type(table[key]).__name__}")
        return table[key]

    def fresh(self, table: Mapping[str, Any]) -> frozenset[Visibility]:
        """Return which tests get a student process of their own: all, none, or the hidden ones."""
        said = table.get("fresh", False)
        if said == Visibility.HIDDEN:
            return frozenset({Visibility.HIDDEN})
        if type(said) is not bool:
            raise UsageError(f'{self.path}: fresh = {said!r} must be true, false or "hidden"')
        return frozenset(Visibility) if said else frozenset()

    def matching(self, table: Mapping[str, Any], key: str, pattern: re.Pattern[str], form: str) -> str:
        """Return a text of a form."""
        value: str = self.typed(table, key, str)
        if not pattern.fullmatch(value):
            raise UsageError(f"{self.path}: {key} = {value!r} is not of the form {form}")
        return value

    def entry(self, table: Mapping[str, Any]) -> str:
        """Return the entry; one that is called is called as the factory is."""
        form = "module:name, as in app:application, or module:factory()"
        entry = self.matching(table, "entry", ENTRY, form)
        factory = self.factory(self.typed(table, "factory", dict, {}))
        if entry.endswith("()") and entry != f"{entry.split(':')[0]}:{factory.name}()":
            raise UsageError(
                f"{self.path}: entry = {entry!r} calls another function than [factory] name = {factory.name!r}"
            )
        if factory.settings and not entry.endswith("()"):
            raise UsageError(
                f"{self.path}: [factory] settings are for an entry that is called, as in app:{factory.name}()"
            )
        return entry

    def text(self, table: Mapping[str, Any], key: str) -> Text:
        """Return a text in every language."""
        value: dict[str, Any] = self.typed(table, key, dict)
        self.keys(value, LANGUAGES, f"[{key}] ")
        return {language: self.typed(value, language, str) for language in LANGUAGES}

    def files(self, table: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of what is handed in, directories with a slash at the end: relative, with slashes, nothing odd."""
        names = self.typed(table, "files", list)
        for name in names:
            parts = PurePosixPath(name).parts if type(name) is str else ()
            if (
                not parts
                or name[0] == "/"
                or ".." in parts
                or "/".join(parts) != name.removesuffix("/")
                or ODD.search(name)
            ):
                raise UsageError(f"{self.path}: files: {name!r} is not a relative path below the exercise's folder")
        if not names or len(set(names)) != len(names):
            raise UsageError(f"{self.path}: files must name at least one file, and each of them once")
        for name in names:
            for directory in filter(is_directory, names):
                if name != directory and (name + "/").startswith(directory):
                    raise UsageError(f"{self.path}: files: {name!r} is handed in with {directory!r} already; remove it")
        return tuple(names)

    def all_hidden(self, table: Mapping[str, Any]) -> tuple[Info, ...]:
        """Return the list of hidden tests."""
        rows = tuple(self.hidden(row) for row in self.typed(table, "hidden", list, []))
        for name, count in Counter(row.id for row in rows).items():
            if count > 1:
                raise UsageError(f"{self.path}: [[hidden]] id = {name!r} stands {count} times")
        return rows

    def hidden(self, row: Any) -> Info:  # noqa: ANN401 - TOML
        """Return one row of the list of hidden tests."""
        if type(row) is not dict:
            raise UsageError(f"{self.path}: every [[hidden]] must be a table")
        self.keys(row, HIDDEN_KEYS, "[[hidden]] ")
        category = self.matching(row, "category", re.compile("|".join(CATEGORIES)), ", ".join(CATEGORIES))
        points = self.typed(row, "points", int)
        if not 0 < points <= 100:
            raise UsageError(f"{self.path}: [[hidden]] points must be from 1 to 100")
        name = self.matching(row, "id", TEST_ID, "test_name, or a2.test_name for a test of another exercise")
        return Info(name, Visibility.HIDDEN, category, points, self.text(row, "title"))

    def origins(self, table: Mapping[str, Any], chain: tuple[str, ...]) -> list[Path]:
        """Return the folders of the exercises whose tests are run again; ``chain`` leads from the first one to this one.

        An exercise is named as a whole, or by several of its tests.
        """
        folders = {path.parent.name: path.parent for path in sorted(self.path.parents[1].glob(f"*/{MANIFEST}"))}
        shorts = {name.split("_", 1)[0]: name for name in folders}
        named: list[tuple[Path, str]] = []
        for word in self.typed(table, "same_tests_as", list, []):
            short, dot, test = word.partition(".") if type(word) is str else ("", "", "")
            name = shorts.get(short, short) if not dot or TEST_ID.fullmatch(word) else ""
            if name not in folders:
                raise UsageError(
                    f"{self.path}: same_tests_as: no exercise is called {word!r}{nearest(str(word), shorts)}"
                )
            if name in chain:
                circle = " -> ".join((*chain[chain.index(name) :], name))
                raise UsageError(f"{self.path}: same_tests_as: {word!r} leads back to where it began: {circle}")
            before = [other for folder, other in named if folder == folders[name]]
            if test in before or (before and "" in (test, *before)):
                raise UsageError(f"{self.path}: same_tests_as: {word!r} is named twice")
            named.append((folders[name], test))
        return list(dict.fromkeys(folder for folder, _ in named))

    def parity(self, table: Mapping[str, Any]) -> Parity:
        """Return what the tests of other exercises are worth together; a number alone is about the hidden ones."""
        value = table.get("parity_points")
        if bool(table.get("same_tests_as")) != (value is not None):
            lacking = "same_tests_as" if value is not None else "parity_points"
            raise UsageError(
                f"{self.path}: the key {lacking!r} is missing: same_tests_as and parity_points go together"
            )
        points = value if type(value) is dict else {} if value is None else {"hidden": value}
        self.keys(points, PARITY_KEYS, "parity_points: ")
        if value is not None and not (all(type(n) is int and n >= 0 for n in points.values()) and sum(points.values())):
            raise UsageError(
                f"{self.path}: parity_points must be a positive whole number, or whole numbers for public and hidden tests"
                f" as in {{public = 16, hidden = 36}}, not {value!r}"
            )
        return Parity(**points)

    def start(self, table: Mapping[str, Any]) -> Start | None:
        """Return what is brought along from an earlier exercise; that one need not be in a student's repository."""
        value = table.get("starts_from")
        if value is None:
            return None
        said = {"exercise": value} if type(value) is str else value
        if type(said) is not dict:
            raise UsageError(f"{self.path}: starts_from must be an exercise as in 'a2', or a table with {START_KEYS}")
        self.keys(said, START_KEYS, "starts_from: ")
        files, but = self.typed(said, "files", dict, {}), self.typed(said, "but", list, [])
        name = self.matching(said, "exercise", EARLIER, "a2")
        for path in (*files, *files.values(), *but):
            if (
                type(path) is not str
                or not PurePosixPath(path).parts
                or ".." in PurePosixPath(path).parts
                or path[0] == "/"
            ):
                raise UsageError(f"{self.path}: starts_from: {path!r} is no path of a file below an exercise's folder")
        return Start(name, files, tuple(but))

    def factory(self, table: Mapping[str, Any]) -> Factory:
        """Return how an app is made."""
        self.keys(table, FACTORY_KEYS, "[factory] ")
        if table.get("takes", "keywords") not in ("keywords", "settings"):
            raise UsageError(f"{self.path}: [factory] takes must be 'keywords' or 'settings', not {table['takes']!r}")
        settings = self.typed(table, "settings", dict, {})
        for key, value in settings.items():
            if not key.isidentifier() or type(value) not in (bool, int, float, str):
                raise UsageError(f"{self.path}: [factory] settings: {key!r} must be a name with a plain value")
        return Factory(self.typed(table, "name", str, "make_app"), table.get("takes", "keywords"), settings)

    def limits(self, table: Mapping[str, Any]) -> Limits:
        """Return the limits with the manifest's own ones."""
        known = {item.name: type(item.default) for item in fields(Limits)}
        self.keys(table, tuple(known), "[limits] ")
        for key, value in table.items():
            if type(value) not in (known[key], int) or not 0 < value <= LARGEST_LIMIT:
                kind = "number" if known[key] is float else "whole number"
                raise UsageError(f"{self.path}: [limits] {key} must be a positive {kind} up to 2**40")
        return Limits(**table)


def nearest(key: str, known: Any) -> str:  # noqa: ANN401 - any iterable of str
    """Return a hint at the nearest right word, or nothing."""
    close = difflib.get_close_matches(key, list(known), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
