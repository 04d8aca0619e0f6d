"""A pull request as data: what its event says, and what its author may change in a course's repository.

Nothing here asks anybody: the event is a file that the host wrote, and the changes are a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import UsageError
from grader.printable import printable

TREE = "submitted"
"""Where students hand in: ``submitted/<login>/<exercise>/``."""
MOST_CHANGES = 100
"""Files that one pull request may change."""
LISTED = 300
"""Changes that GitHub lists at most; of others nothing is known."""
NAMED = 10
"""Problems that are named."""
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?")
REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
LARGEST_EVENT = 8 << 20


@dataclass(frozen=True)
class Obstacle:
    """Why something is not graded: a text of the catalogue, and what fills its {names}."""

    key: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class PullRequest:
    """What an event says of a pull request: the repository that it wants to change, its author, and two commits.

    ``sender`` is who pushed or opened it, which need not be the author; empty if the host does not say. ``open`` tells whether
    anything is still to be decided.
    """

    repository: str
    number: int
    student: str
    base: str
    head: str
    sender: str = ""
    open: bool = True

    @property
    def folder(self) -> str:
        """The only place that its author may change."""
        return f"{TREE}/{self.student}/"


@dataclass(frozen=True)
class Change:
    """A file that a pull request changes; ``before`` is where it was, if it was moved."""

    path: str
    before: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """Every path that is concerned."""
        return (self.path, self.before) if self.before else (self.path,)


def read_event(path: Path) -> PullRequest:
    """Read the payload of an event of a pull request, as GITHUB_EVENT_PATH names it.

    Raises:
        UsageError: it is no such event; names the key.
    """
    read = payload_of(path)
    return PullRequest(
        repository=read.matching("pull_request.base.repo.full_name", REPOSITORY),
        number=read.number("pull_request.number"),
        student=read.matching("pull_request.user.login", LOGIN),
        base=read.matching("pull_request.base.sha", SHA),
        head=read.matching("pull_request.head.sha", SHA),
        sender=read.matching("sender.login", LOGIN),
    )


def payload_of(path: Path) -> Payload:
    """Read the payload of an event.

    Raises:
        UsageError: it is none.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_EVENT else b""
        event = json.loads(data)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name the event's payload with --event") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not the JSON of an event") from None
    return Payload(path, event)


@dataclass(frozen=True)
class Payload:
    """Takes values out of an event; every complaint names the file and the key."""

    path: Path
    event: Any

    def value(self, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return a value."""
        found = self.event
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise UsageError(f"{self.path}: no {key!r}; this workflow is for events of pull requests")
            found = found[part]
        return found

    def matching(self, key: str, form: re.Pattern[str]) -> str:
        """Return a text of a form."""
        found = self.value(key)
        if type(found) is not str or not form.fullmatch(found):
            raise UsageError(f"{self.path}: {key!r} is not what it should be: {printable(repr(found))}")
        return found

    def number(self, key: str) -> int:
        """Return a number that counts from one."""
        found = self.value(key)
        if type(found) is not int or found < 1:
            raise UsageError(f"{self.path}: {key!r} is not what it should be: {printable(repr(found))}")
        return found


# -- what may be changed


def hands_in(changes: Collection[Change]) -> bool:
    """Tell whether any change is about what students hand in; a pull request without one is somebody else's business.

    A list that may go on hands in too: files that come before in the alphabet would hide the rest.
    """
    return len(changes) >= LISTED or any(
        place.startswith(f"{TREE}/") or place == TREE for change in changes for place in change.places
    )


def problems(request: PullRequest, changes: list[Change], course: Course) -> list[Obstacle]:
    """Return why a pull request is not graded at all, or nothing."""
    if len(changes) >= MOST_CHANGES:
        return [
            Obstacle(
                "this pull request changes {most} files or more; hand in only the files of your exercise",
                {"most": str(MOST_CHANGES)},
            )
        ]
    found = list(
        dict.fromkeys((problem.key, tuple(problem.values.items())) for problem in misplaced(request, changes, course))
    )
    shown = [Obstacle(key, dict(values)) for key, values in found[:NAMED]]
    return [*shown, *([Obstacle("and {count} more", {"count": str(len(found) - NAMED)})] if found[NAMED:] else [])]


def misplaced(request: PullRequest, changes: Iterable[Change], course: Course) -> Iterator[Obstacle]:
    """Yield a problem for each path that its author may not change, or that belongs to nothing."""
    example = next(iter(course.exercises))
    for place in (place for change in changes for place in change.places):
        if not is_below(place, request.folder):
            yield Obstacle(
                "{file} is not yours to change: only what lies below {folder} is",
                {"file": place, "folder": request.folder},
            )
        elif exercise_of(place, request) not in course.exercises:
            yield Obstacle(
                "{file} belongs to no exercise: hand in below {folder}, in a folder named like {exercise}",
                {"file": place, "folder": request.folder, "exercise": example},
            )


def is_below(place: str, folder: str) -> bool:
    """Tell whether a path lies below a folder, and says so without detours."""
    return place.startswith(folder) and not {"", ".", ".."} & set(place.split("/"))


def exercise_of(place: str, request: PullRequest) -> str:
    """Return the folder of an exercise that a path below the author's folder lies in."""
    name, slash, _ = place.removeprefix(request.folder).partition("/")
    return name if slash else ""


def exercises(request: PullRequest, changes: Iterable[Change], course: Course) -> list[str]:
    """Return the exercises that are handed in, in the order of the course."""
    found = {exercise_of(place, request) for change in changes for place in change.places}
    return [name for name in course.exercises if name in found]
