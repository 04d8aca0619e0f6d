"""Reads ``predictions.toml``: a small program, questions about it, and wrong choices with the belief behind each.

The right choice stands nowhere: it is what the program does when `grader.predictions.stage` runs it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.course import PREDICTIONS, Reader
from grader.errors import UsageError
from grader.models import Exercise, Text

KINDS = ("trace", "answer")
SHOWN = re.compile(r"status|page|links|body|reads|header [A-Za-z0-9-]+")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
METHOD = re.compile(r"[A-Z]+")
MOST_WRONG = 4
KEYS = ("program", "setup", "app", "inside", "request", "question")
REQUEST_KEYS = ("method", "path", "query", "headers", "body", "environ", "stop_after")
QUESTION_KEYS = ("kind", "title", "explanation", "change", "request", "show", "wrong")
CHANGE_KEYS = ("old", "new")
WRONG_KEYS = ("is", "why")


@dataclass(frozen=True)
class Request:
    """One request as the driver makes it; ``stop_after`` is the number of chunks after which the server closes."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_after: int | None = None

    def __str__(self) -> str:
        """Return it as one line: the method and the address after the host, and what is set besides."""
        base = self.environ.get("SCRIPT_NAME", "").encode("latin-1", "replace").decode("utf-8", "replace")
        address = f"{base}{self.path}{'?' if self.query else ''}{self.query}"
        return " ".join((self.method, address, *(f"{name}: {value}" for name, value in self.headers.items())))


@dataclass(frozen=True)
class Program:
    """A program and what of it is called: the name of a WSGI application, or of a middleware to put around ``inside``.

    ``setup`` runs before it and is not shown: it makes the files, say, that the program reads.
    """

    source: str
    app: str = "application"
    inside: str = ""
    setup: str = ""

    @property
    def module(self) -> str:
        """All that is run."""
        return f"{self.setup}\n{self.source}" if self.setup else self.source


@dataclass(frozen=True)
class Wrong:
    """A choice that is not right, and what whoever takes it believes."""

    text: str
    why: Text


@dataclass(frozen=True)
class Question:
    """One question: what a program does with a request. ``shown`` are the parts of an answer that it asks for."""

    kind: str
    title: Text
    explanation: Text
    program: Program
    request: Request
    shown: tuple[str, ...]
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True)
class Predictions:
    """The questions of one exercise, about changes of one program."""

    path: Path
    program: Program
    request: Request
    questions: tuple[Question, ...]


def load_predictions(exercise: Exercise) -> Predictions:
    """Read an exercise's questions.

    Raises:
        UsageError: there are none, or something in them is wrong; names the file, the key and the remedy.
    """
    path = exercise.folder / PREDICTIONS
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file, so {exercise.short} has nothing to predict")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    return _Questions(path).all(content)


class _Questions(Reader):
    """Takes the questions out of one file; every complaint names the file and the key."""

    def all(self, content: Mapping[str, Any]) -> Predictions:
        """Return everything."""
        self.keys(content, KEYS)
        app, inside = (
            self.name(content, key, otherwise) for key, otherwise in (("app", "application"), ("inside", ""))
        )
        setup = self.typed(content, "setup", str, "")
        program = Program(self.typed(content, "program", str), app, inside, setup)
        request = self.request(self.typed(content, "request", dict, {}), Request(), "[request] ")
        rows = self.tables(content, "question", "")
        questions = tuple(self.question(row, program, request, f"question {n}: ") for n, row in enumerate(rows, 1))
        return Predictions(self.path, program, request, questions)

    def question(self, row: Mapping[str, Any], program: Program, request: Request, where: str) -> Question:
        """Return one question."""
        self.keys(row, QUESTION_KEYS, where)
        kind = row.get("kind", "trace")
        if kind not in KINDS:
            raise self.wrong(f"{where}kind must be one of {', '.join(KINDS)}, not {kind!r}")
        shown = tuple(self.listed(row, "show", str))
        if bool(shown) != (kind == "answer") or not all(SHOWN.fullmatch(part) for part in shown):
            raise self.wrong(
                f"{where}show: with kind = 'answer' it lists what is asked for, each of status, page, links, body, reads or "
                f"'header NAME'; with kind = 'trace' it is left out"
            )
        wrong = tuple(self.choice(choice, f"{where}wrong: ") for choice in self.tables(row, "wrong", where))
        if len(wrong) > MOST_WRONG or len({choice.text for choice in wrong}) < len(wrong):
            raise self.wrong(f"{where}wrong: write one to {MOST_WRONG} choices, and none of them twice")
        return Question(
            kind, self.both(row, "title", where), self.both(row, "explanation", where), self.changed(row, program, where),
            self.request(self.typed(row, "request", dict, {}), request, f"{where}request: "), shown, wrong,
        )  # fmt: skip

    def choice(self, row: Mapping[str, Any], where: str) -> Wrong:
        """Return one wrong choice."""
        self.keys(row, WRONG_KEYS, where)
        text = self.typed(row, "is", str)
        if not text.strip():
            raise self.wrong(f"{where}'is' must be what the student may choose, not an empty text")
        return Wrong(text, self.both(row, "why", where))

    def changed(self, row: Mapping[str, Any], program: Program, where: str) -> Program:
        """Return the program of a question: each change replaces a text that stands in the program exactly once."""
        source = program.source
        for change in self.listed(row, "change", dict):
            self.keys(change, CHANGE_KEYS, f"{where}change: ")
            old, new = (self.typed(change, key, str) for key in CHANGE_KEYS)
            if not old or source.count(old) != 1:
                raise self.wrong(
                    f"{where}change: old = {old!r} stands {source.count(old) if old else 0} times in the program; "
                    "quote as much of it as makes it unique"
                )
            source = source.replace(old, new)
        return replace(program, source=source)

    def request(self, table: Mapping[str, Any], otherwise: Request, where: str) -> Request:
        """Return a request; what is not said is as in another one."""
        self.keys(table, REQUEST_KEYS, where)
        found: dict[str, Any] = {}
        for key in table:
            found[key] = self.typed(table, key, {"stop_after": int, "headers": dict, "environ": dict}.get(key, str))
        if not METHOD.fullmatch(found.get("method", "GET")) or not found.get("path", "/").startswith("/"):
            raise self.wrong(f"{where}method is a word in upper-case letters, and path begins with a slash")
        for key in ("headers", "environ"):
            if not all(type(value) is str for value in found.get(key, {}).values()):
                raise self.wrong(f"{where}{key}: every value must be a text")
        if found.get("stop_after", 0) < 0:
            raise self.wrong(f"{where}stop_after must be a number of chunks, 0 or more")
        return Request(**{**vars(otherwise), **found})

    def name(self, table: Mapping[str, Any], key: str, otherwise: str) -> str:
        """Return the name of something in the program."""
        value: str = self.typed(table, key, str, otherwise)
        if value != otherwise and not IDENTIFIER.fullmatch(value):
            raise self.wrong(f"{key} = {value!r} must be a name that the program defines")
        return value

    def both(self, table: Mapping[str, Any], key: str, where: str) -> Text:
        """Return a text that is there in every language and not empty."""
        found = self.text(table, key) if type(table.get(key)) is dict else {}
        if not found or not all(text.strip() for text in found.values()):
            raise self.wrong(f"{where}{key} must be a text in every language: {key} = {{en = '…', zh-CN = '…'}}")
        return {language: " ".join(text.split()) for language, text in found.items()}

    def tables(self, table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        """Return tables, of which there is one at least."""
        found = self.listed(table, key, dict)
        if not found:
            raise self.wrong(f"{where}there is no {key!r}; write at least one table of this name, in double brackets")
        return found

    def listed(self, table: Mapping[str, Any], key: str, kind: type) -> list[Any]:
        """Return a list of things of one type; without the key it is empty."""
        found: list[Any] = self.typed(table, key, list, [])
        if not all(type(item) is kind for item in found):
            raise self.wrong(f"{key!r} must list {'tables' if kind is dict else 'texts'}")
        return found

    def wrong(self, text: str) -> UsageError:
        """Return a complaint about this file."""
        return UsageError(f"{self.path}: {text}")
