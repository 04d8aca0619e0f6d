"""What the project remembers of a student's work, in ``.grader/student.json``: the last check of each exercise, and the hints.

Nothing relies on it: one that is damaged is put aside, and whoever checks again has it again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grader.models import CATEGORIES, Attempt, Score, Verdict
from grader.output import put
from grader.student.place import Place

VERSION = 1
LARGEST = 4 << 20
"""Bytes of a state that is read at all."""
SENTENCE = 2000
"""Characters that are kept of a sentence."""


@dataclass(frozen=True)
class Check:
    """The last check of one exercise: of which files (a hash), when, and what it came to."""

    files: str
    when: str
    passed: int
    count: int
    earned: int
    possible: int
    categories: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every public test passed."""
        return self.passed == self.count


@dataclass(frozen=True)
class Sentence:
    """What a student wrote before a rung: stored, never graded."""

    rung: int
    text: str
    when: str


@dataclass(frozen=True)
class Record:
    """What is remembered of one exercise. ``rungs`` is the number of hints taken."""

    check: Check | None = None
    rungs: int = 0
    sentences: tuple[Sentence, ...] = ()


class StateNotKept(Exception):
    """The state could not be written; what it would have remembered is lost, and nothing else."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass
class State:
    """The records by exercise, and where they are kept. ``put_aside`` is where a damaged state lies now."""

    path: Path
    records: dict[str, Record] = field(default_factory=dict)
    put_aside: Path | None = None

    def of(self, name: str) -> Record:
        """Return what is remembered of an exercise."""
        return self.records.get(name, Record())

    def save(self) -> None:
        """Write everything, as a whole.

        Raises:
            StateNotKept: it cannot go there.
        """
        content = {"version": VERSION, "exercises": {name: asdict(record) for name, record in self.records.items()}}
        try:
            put(self.path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
        except OSError as error:
            raise StateNotKept(self.path, error.strerror or "") from None


def load_state(place: Place) -> State:
    """Read the state; a damaged one is put aside, one of a newer version is left alone and counts as empty."""
    path = place.own / "student.json"
    try:
        if path.stat().st_size > LARGEST:
            return set_aside(path)
        content = json.loads(path.read_text(encoding="utf-8"))
        return State(path, records_of(content))
    except FileNotFoundError:
        return State(path)
    except OSError:
        return State(path)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set_aside(path)


def set_aside(path: Path) -> State:
    """Begin anew, with the damaged state beside the new one."""
    aside = path.with_name(f"student.damaged-{secrets.token_hex(3)}.json")
    try:
        path.rename(aside)
    except OSError:
        return State(path)
    return State(path, put_aside=aside)


@contextmanager
def changing(place: Place, name: str) -> Iterator[dict[str, Any]]:
    """Change fields of the record of an exercise: read anew, for a watch and a check may write side by side.

    Raises:
        StateNotKept: it cannot be written.
    """
    changes: dict[str, Any] = {}
    yield changes
    state = load_state(place)
    state.records[name] = Record(**{**vars(state.of(name)), **changes})
    state.save()


def check_of(attempt: Attempt) -> Check:
    """Return what is remembered of a check."""
    score = attempt.score or Score(0, 0)
    passed = sum(result.verdict is Verdict.PASSED for result in attempt.results)
    categories = {name: (part.earned, part.possible) for name, part in attempt.categories.items()}
    return Check(attempt.hashes.submission, attempt.started, passed, len(attempt.results), score.earned, score.possible,
                 categories)  # fmt: skip


# -- reading: whatever the file says, only values of the right kind come out


def records_of(content: Any) -> dict[str, Record]:  # noqa: ANN401 - JSON
    """Return the records of a state as read.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is none.
    """
    if type(content["version"]) is not int or content["version"] < 1:
        raise ValueError("no version")
    if content["version"] > VERSION:
        return {}
    return {name: record_of(said) for name, said in content["exercises"].items()}


def record_of(said: Mapping[str, Any]) -> Record:
    """Return one record."""
    check = said["check"]
    return Record(
        None if check is None else check_from(check),
        number(said["rungs"]),
        tuple(Sentence(number(s["rung"]), text(s["text"]), text(s["when"])) for s in said["sentences"]),
    )


def check_from(said: Mapping[str, Any]) -> Check:
    """Return one check."""
    parts = {
        name: (number(earned), number(possible))
        for name, (earned, possible) in said["categories"].items()
        if name in CATEGORIES
    }
    passed, count, earned, possible = (number(said[key]) for key in ("passed", "count", "earned", "possible"))
    return Check(text(said["files"]), text(said["when"]), passed, count, earned, possible, parts)


def number(value: object) -> int:
    """Return a small number that is none of a sign."""
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise ValueError("no number")
    return value


def text(value: object) -> str:
    """Return a text of a bounded length."""
    if type(value) is not str:
        raise TypeError("no text")
    return value[:SENTENCE]
