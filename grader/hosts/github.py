"""Takes what a pull request on GitHub hands in, as data: through the API, file by file, and only the files that are asked for.

Nothing is checked out. All of it comes from the commit that the event names, so that nobody can exchange anything meanwhile:
https://docs.github.com/rest/commits/commits#compare-two-commits, https://docs.github.com/rest/git
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from grader import directories
from grader.archives import REASONS, TOGETHER
from grader.course import Course
from grader.directories import Unfit, is_directory
from grader.errors import EngineFault, UsageError
from grader.hosts.api import Api
from grader.hosts.pull_requests import Change, Obstacle, PullRequest, exercises, hands_in, problems
from grader.models import Exercise

ADDRESS = "https://api.github.com"
HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
FOLDER, FILE, EXECUTABLE, LINK, SUBMODULE = "040000", "100644", "100755", "120000", "160000"
"""Modes of git's trees (git-fast-import(1))."""
LARGEST_LIST = 48 << 20
"""Bytes of the comparison: up to 300 files with what changed in them."""
LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/")
LARGEST_POINTER = 1024
"""Bytes (the specification of Git LFS)."""
MOST_FOLDERS = 60
"""Folders of one exercise that are asked for."""
WORKFLOW = re.compile(r"\.github/workflows/([\w.-]+\.ya?ml)@")


@dataclass(frozen=True)
class Fetched:
    """What a pull request hands in: by exercise the files that are asked for; or why none of it is graded.

    Without files and problems it hands in nothing at all.
    """

    request: PullRequest
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    problems: tuple[Obstacle, ...] = ()


class Untakable(Exception):
    """Something cannot be taken."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.problem = Obstacle(key, values)


def api(token: str) -> Api:
    """Return the API that the environment names."""
    return Api(os.environ.get("GITHUB_API_URL", ADDRESS).rstrip("/"), token, HEADERS)


def fetch(ask: Api, request: PullRequest, course: Course, runs_a_day: int | None = None) -> Fetched:
    """Return what a pull request hands in.

    Raises:
        EngineFault: GitHub does not say.
    """
    changes = changes_of(ask, request)
    if not hands_in(changes):
        return Fetched(request)
    found = problems(request, changes, course)
    if not found and runs_a_day is not None and any(runs(ask, request, who) > runs_a_day for who in counted(request)):
        found = [
            Obstacle(
                "more than {most} pull requests or pushes in 24 hours; the next one is graded later",
                {"most": str(runs_a_day)},
            )
        ]
    if found:
        return Fetched(request, problems=tuple(found))
    head = Head(ask, request)
    try:
        files = {name: head.files(course.exercises[name]) for name in exercises(request, changes, course)}
    except Untakable as error:
        return Fetched(request, problems=(error.problem,))
    return Fetched(request, files)


def changes_of(ask: Api, request: PullRequest) -> list[Change]:
    """Return what a pull request changes; the page of one commit that is asked for has all files, 300 at most."""
    path = f"repos/{request.repository}/compare/{request.base}...{request.head}"
    answer = ask.get(path, LARGEST_LIST, per_page=1, page=1)
    return [change_of(row, path) for row in rows(answer, "files", path)]


def change_of(row: Mapping[str, Any], path: str) -> Change:
    """Return one change."""
    return Change(
        taken(row, "filename", path), taken(row, "previous_filename", path) if row.get("previous_filename") else ""
    )


def counted(request: PullRequest) -> list[str]:
    """Return whose runs are counted: GitHub counts a run for who pushed, and an author's fork may have other writers."""
    return sorted({request.student, request.sender} - {""})


def runs(ask: Api, request: PullRequest, who: str) -> int:
    """Return how often somebody's pushes started this workflow in 24 hours, this time included.

    Raises:
        UsageError: GitHub did not name the workflow.
    """
    named = WORKFLOW.search(os.environ.get("GITHUB_WORKFLOW_REF", ""))
    if not named:
        raise UsageError("GITHUB_WORKFLOW_REF does not name a workflow; --runs-a-day is for GitHub Actions")
    since = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"repos/{request.repository}/actions/workflows/{named[1]}/runs"
    answer = ask.get(path, actor=who, event="pull_request_target", created=f">={since}", per_page=1)
    count = answer.get("total_count") if isinstance(answer, dict) else None
    if type(count) is not int:
        raise EngineFault(f"{path}: no 'total_count' in the host's answer")
    return count


@dataclass(frozen=True)
class Entry:
    """An entry of one of git's trees; ``size`` in bytes is known of files."""

    name: str
    mode: str
    sha: str
    size: int


@dataclass
class Head:
    """The files of a pull request's last commit, folder by folder."""

    ask: Api
    request: PullRequest
    known: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def files(self, exercise: Exercise) -> dict[str, bytes]:
        """Return the files of an exercise that are asked for.

        Raises:
            Untakable: one of them cannot be taken.
        """
        home = f"{self.request.folder}{exercise.name}"
        place = self.folder(home)
        if place is None:
            return {}
        wanted: dict[str, Entry] = {}
        for name in exercise.files:
            wanted |= self.directory(place, home, name) if is_directory(name) else self.one(place, home, name)
        for name, entry in wanted.items():
            check(entry, f"{home}/{name}", exercise.limits.file_size)
        if sum(entry.size for entry in wanted.values()) > TOGETHER:
            raise Untakable(REASONS["together"], most=str(TOGETHER))
        return {name: self.content(entry, f"{home}/{name}") for name, entry in wanted.items()}

    def folder(self, path: str) -> str | None:
        """Return the tree of a folder by its path from the top, None if there is no such folder."""
        sha: str | None = self.top()
        parts = path.split("/")
        for depth, part in enumerate(parts, 1):
            sha = sha and self.below(sha, part, "/".join(parts[:depth]))
        return sha

    def top(self) -> str:
        """Return the tree of the commit."""
        path = f"repos/{self.request.repository}/git/commits/{self.request.head}"
        answer = self.ask.get(path)
        return taken(answer.get("tree") if isinstance(answer, dict) else None, "sha", path)

    def below(self, tree: str, name: str, path: str) -> str | None:
        """Return the tree of a folder in a tree."""
        entry = self.entries(tree).get(name)
        if entry is None:
            return None
        refuse_links(entry, path)
        if entry.mode != FOLDER:
            raise Untakable("{file} is no folder", file=path)
        return entry.sha

    def entries(self, tree: str) -> dict[str, Entry]:
        """Return what is in a tree by name."""
        if tree not in self.known:
            self.count_folder()
            path = f"repos/{self.request.repository}/git/trees/{quote(tree)}"
            answer = self.ask.get(path)
            if answer.get("truncated") is not False:
                raise EngineFault(f"{path}: the host does not give all of it")
            found = (entry_of(row, path) for row in rows(answer, "tree", path))
            self.known[tree] = {entry.name: entry for entry in found}
        return self.known[tree]

    def count_folder(self) -> None:
        """Refuse to ask for more folders than anybody needs."""
        if len(self.known) > MOST_FOLDERS:
            raise Untakable(directories.PROBLEMS["many"], file=self.request.folder, most=str(MOST_FOLDERS))

    def one(self, tree: str, home: str, name: str) -> dict[str, Entry]:
        """Return a file that is asked for, by its name, if it is there."""
        *above, last = name.split("/")
        path = home
        for part in above:
            path = f"{path}/{part}"
            inside = self.below(tree, part, path)
            if inside is None:
                return {}
            tree = inside
        entry = self.entries(tree).get(last)
        return {name: entry} if entry else {}

    def directory(self, tree: str, home: str, name: str) -> dict[str, Entry]:
        """Return every file of a directory that is asked for, whose name ends in a slash."""
        inside: str | None = tree
        path = home
        for part in name.rstrip("/").split("/"):
            path = f"{path}/{part}"
            inside = inside and self.below(inside, part, path)
        found = dict(self.walk(inside, name, home)) if inside else {}
        try:
            directories.check(sorted(found), name)
        except Unfit as error:
            raise Untakable(directories.PROBLEMS[error.reason], **error.values) from None
        return found

    def walk(self, tree: str, name: str, home: str) -> Iterator[tuple[str, Entry]]:
        """Yield the files below a tree that count, under names that begin with ``name``."""
        for entry in self.entries(tree).values():
            if directories.passed_over(entry.name):
                continue
            if entry.mode != FOLDER:
                yield f"{name}{entry.name}", entry
            elif name.count("/") >= directories.DEEPEST:
                raise Untakable(
                    directories.PROBLEMS["buried"], file=f"{home}/{name}{entry.name}", most=str(directories.DEEPEST - 1)
                )
            else:
                yield from self.walk(entry.sha, f"{name}{entry.name}/", home)

    def content(self, entry: Entry, path: str) -> bytes:
        """Return the bytes of a file that is the repository's own."""
        data = self.blob(entry)
        if len(data) <= LARGEST_POINTER and LFS.match(data):
            raise Untakable("{file} only points to a file that Git LFS keeps; hand in the file itself", file=path)
        return data

    def blob(self, entry: Entry) -> bytes:
        """Return the bytes that git knows under a hash, and nothing else."""
        path, most = self.place_of_blob(entry)
        answer = self.ask.get(path, most)
        try:
            data = base64.b64decode(taken(answer, "content", path))
        except binascii.Error:
            raise EngineFault(f"{path}: no base64 in the host's answer") from None
        algorithm = "sha1" if len(entry.sha) == 40 else "sha256"
        found = hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        if found != entry.sha:
            raise EngineFault(f"{path}: the host's answer is not what this hash stands for")
        return data

    def place_of_blob(self, entry: Entry) -> tuple[str, int]:
        """Return where a file is asked for, and how long the answer may be."""
        return f"repos/{self.request.repository}/git/blobs/{entry.sha}", 2 * entry.size + 10_000


def check(entry: Entry, path: str, most: int) -> None:
    """Refuse what is no regular file, or larger than ``most`` bytes."""
    refuse_links(entry, path)
    if entry.mode not in (FILE, EXECUTABLE):
        raise Untakable(REASONS["special"], file=path)
    if entry.size > most:
        raise Untakable("{file} is larger than {most} bytes", file=path, most=str(most))


def refuse_links(entry: Entry, path: str) -> None:
    """Refuse what only leads elsewhere."""
    if entry.mode == LINK:
        raise Untakable("{file} is a link; hand in the file itself", file=path)
    if entry.mode == SUBMODULE:
        raise Untakable("{file} is another repository (a submodule); hand in the files themselves", file=path)


def entry_of(row: Mapping[str, Any], path: str) -> Entry:
    """Return an entry of a tree."""
    size = row.get("size", 0)
    if type(size) is not int or size < 0:
        raise EngineFault(f"{path}: no 'size' in the host's answer")
    return Entry(taken(row, "path", path), taken(row, "mode", path), taken(row, "sha", path), size)


def rows(answer: object, key: str, path: str) -> list[Mapping[str, Any]]:
    """Return a list of objects that an answer has."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise EngineFault(f"{path}: no {key!r} in the host's answer")
    return found


def taken(answer: object, key: str, path: str) -> str:
    """Return a text that an answer has."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if type(found) is not str:
        raise EngineFault(f"{path}: no {key!r} in the host's answer")
    return found
