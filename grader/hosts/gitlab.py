"""Takes what a merge request on GitLab hands in, as data, and tells there what came of it.

The event is that of the project's webhook, which starts the pipeline. Of it only a number and a commit are taken; whose merge
request it is says the API: https://docs.gitlab.com/ci/triggers/, https://docs.gitlab.com/api/merge_requests/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from grader import directories
from grader.archives import REASONS, TOGETHER
from grader.catalogues import Catalogue
from grader.course import Course
from grader.errors import EngineFault, UsageError
from grader.hosts.api import Api, NotThere, TooLong
from grader.hosts.github import FOLDER, Entry, Fetched, Head, Untakable, rows, taken
from grader.hosts.handing_over import read_graded, read_note
from grader.hosts.posting import MARK, PAGES, Telling, Told
from grader.hosts.pull_requests import SHA, Change, PullRequest, exercises, hands_in, payload_of, problems
from grader.hosts.running import Grading
from grader.models import Exercise
from grader.output import writable_folder

LOGIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?!\.)){0,254}")
PROJECT = re.compile(r"[1-9][0-9]{0,18}")
QUICK_ACTION = re.compile(r"^(\s*)/", re.MULTILINE)
"""How a line begins that GitLab obeys, as in ``/merge`` (docs.gitlab.com/user/project/quick_actions)."""
MOST_ENTRIES = 100
"""Entries of one folder; more would come on further pages."""


def api(token: str) -> Api:
    """Return the API that the environment names."""
    return Api(variable("CI_API_V4_URL").rstrip("/"), token)


def variable(name: str) -> str:
    """Return a variable of GitLab's.

    Raises:
        UsageError: it is not set.
    """
    if not os.environ.get(name):
        raise UsageError(f"{name} is not set, as it is in a job of GitLab; this command is for such jobs")
    return os.environ[name]


def read_event(path: Path) -> PullRequest:
    """Read the payload of a webhook for merge requests, as TRIGGER_PAYLOAD names it; the student is not known yet.

    Raises:
        UsageError: it is no such event, or not of this project; names the key.
    """
    read = payload_of(path)
    project, base = variable("CI_PROJECT_ID"), variable("CI_COMMIT_SHA")
    if not PROJECT.fullmatch(project) or not SHA.fullmatch(base):
        raise UsageError("CI_PROJECT_ID and CI_COMMIT_SHA are not what they should be: a number and a commit")
    if str(read.number("object_attributes.target_project_id")) != project:
        raise UsageError(f"{path}: this merge request is one of another project")
    return PullRequest(
        project,
        read.number("object_attributes.iid"),
        "",
        base,
        read.matching("object_attributes.last_commit.id", SHA),
        open=read.value("object_attributes.state") == "opened",
    )


def with_author(ask: Api, request: PullRequest) -> PullRequest:
    """Return the request with its author.

    Raises:
        EngineFault: GitLab does not say.
    """
    path = f"projects/{request.repository}/merge_requests/{request.number}"
    answer = ask.get(path)
    login = taken(answer.get("author") if isinstance(answer, dict) else None, "username", path)
    if not LOGIN.fullmatch(login):
        raise EngineFault(f"{path}: the author's name is not what it should be")
    return replace(request, student=login)


def fetch(ask: Api, request: PullRequest, course: Course, runs_a_day: int | None = None) -> Fetched:
    """Return what a merge request hands in.

    Raises:
        EngineFault: GitLab does not say.
        UsageError: the runs of a day are to be counted.
    """
    if runs_a_day is not None:
        raise UsageError("--runs-a-day is for GitHub Actions; GitLab does not say how often somebody's work was graded")
    if not request.open:
        return Fetched(request)
    request = with_author(ask, request)
    changes = changes_of(ask, request)
    if not hands_in(changes):
        return Fetched(request)
    if found := problems(request, changes, course):
        return Fetched(request, problems=tuple(found))
    commit = Commit(ask, request)
    try:
        files = {name: commit.files(course.exercises[name]) for name in exercises(request, changes, course)}
    except Untakable as error:
        return Fetched(request, problems=(error.problem,))
    return Fetched(request, files)


def changes_of(ask: Api, request: PullRequest) -> list[Change]:
    """Return what changed since the merge request left the branch."""
    path = f"projects/{request.repository}/repository/compare"
    query: dict[str, str | int] = {"from": request.base, "to": request.head, "straight": "false"}
    answer = ask.get(path, **query)
    found = []
    for row in rows(answer, "diffs", path):
        now, before = taken(row, "new_path", path), taken(row, "old_path", path)
        found.append(Change(now, before if before != now else ""))
    return found


@dataclass
class Commit(Head):
    """The files of a merge request's commit; GitLab names folders by their paths, and tells no sizes."""

    most: int = 0

    def files(self, exercise: Exercise) -> dict[str, bytes]:
        """Return the files of an exercise that are asked for.

        Raises:
            Untakable: one of them cannot be taken.
        """
        self.most = exercise.limits.file_size
        found = super().files(exercise)
        if sum(map(len, found.values())) > TOGETHER:
            raise Untakable(REASONS["together"], most=str(TOGETHER))
        return found

    def folder(self, path: str) -> str | None:
        """Return a folder, None if there is no such one."""
        return path if self.entries(path) else None

    def entries(self, tree: str) -> dict[str, Entry]:
        """Return what is in a folder by name, nothing if it is not there."""
        if tree not in self.known:
            path = f"projects/{self.request.repository}/repository/tree"
            try:
                answer = self.ask.get(path, path=tree, ref=self.request.head, per_page=MOST_ENTRIES)
            except NotThere:
                answer = []
            found = rows({"tree": answer}, "tree", path)
            if len(found) >= MOST_ENTRIES:
                raise Untakable(directories.PROBLEMS["many"], file=f"{tree}/", most=str(MOST_ENTRIES - 1))
            self.count_folder()
            self.known[tree] = {taken(row, "name", path): self.entry(row, tree, path) for row in found}
        return self.known[tree]

    def entry(self, row: Any, tree: str, path: str) -> Entry:  # noqa: ANN401 - JSON
        """Return an entry of a folder."""
        name, mode = taken(row, "name", path), taken(row, "mode", path)
        return Entry(name, mode, f"{tree}/{name}" if mode == FOLDER else taken(row, "id", path), 0)

    def blob(self, entry: Entry) -> bytes:
        """Return the bytes that git knows under a hash, and nothing else."""
        try:
            data = super().blob(entry)
        except TooLong:
            data = bytes(self.most + 1)
        if len(data) > self.most:
            raise Untakable("{file} is larger than {most} bytes", file=entry.name, most=str(self.most))
        return data

    def place_of_blob(self, entry: Entry) -> tuple[str, int]:
        """Return where a file is asked for, and how long the answer may be."""
        return f"projects/{self.request.repository}/repository/blobs/{quote(entry.sha)}", 2 * self.most + 10_000


# -- grading


@dataclass(frozen=True)
class GitLabGrading(Grading):
    """Grades in a job of GitLab, which reads reports from files and not from the log."""

    def words(self, exercise: Exercise) -> Iterator[str]:
        """Yield the options."""
        yield from super().words(exercise)
        if self.reports:
            yield from ("--junit", str(writable_folder(self.reports / "junit") / f"{exercise.name}.xml"))
            yield from ("--gitlab", str(writable_folder(self.reports / "code-quality") / f"{exercise.name}.json"))


# -- telling


def post(ask: Api, request: PullRequest, folder: Path, language: str) -> Told:
    """Write what is in a folder, or that there is nothing, as a note of the merge request, and return it.

    Of one that is closed or merged the note stays as it is: its files are in the branch by now, so that it changes nothing.

    Raises:
        EngineFault: GitLab does not take it, or the folder is not as it has to be; then that is written.
    """
    if not request.open:
        return Told("skipped", "this merge request is closed or merged, so its note stays as it is", "")
    request = with_author(ask, request)
    telling = Telling(Catalogue(), language)
    trouble: Exception | None = None
    try:
        note = read_note(folder)
        told = telling.told(request, note, list(read_graded(folder, note)) if note else [])
    except Exception as error:  # noqa: BLE001 - whoever waits for it is told, whatever it is
        told, trouble = telling.told(request, None, []), error
    send_note(ask, request, told)
    if trouble:
        raise trouble
    return told


def send_note(ask: Api, request: PullRequest, told: Told) -> None:
    """Write the note, or bring ours up to date; no line of it is a command."""
    body = {"body": inert(f"{MARK}\n{told.text}\n\n`{request.head[:12]}`\n")}
    where = f"projects/{request.repository}/merge_requests/{request.number}/notes"
    found = own_note(ask, where)
    if found is None:
        ask.send("POST", where, body)
    else:
        ask.send("PUT", f"{where}/{found}", body)


def inert(text: str) -> str:
    """Return Markdown in which no line begins like a command; a slash with a backslash before it looks the same."""
    return QUICK_ACTION.sub(r"\1\\/", text)


def own_note(ask: Api, where: str) -> int | None:
    """Return the number of our note, if there is one; a student's that looks like it is none."""
    me = ask.get("user")
    mine = me.get("id") if isinstance(me, dict) else None
    for page in range(1, PAGES + 1):
        found = rows({"notes": ask.get(where, per_page=100, page=page, sort="asc")}, "notes", where)
        for row in found:
            match row:
                case {"id": int(number), "body": str(body), "author": {"id": int(author)}} if (
                    author == mine and body.startswith(MARK)
                ):
                    return number
        if len(found) < 100:
            break
    return None
