"""A small GitHub on the loopback: real sockets in front of a real git repository; what is posted is recorded.

It speaks the part of the REST API that `grader ci` uses, with the shapes of https://docs.github.com/rest.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.grader.conftest import skip

JSON = dict[str, Any]
COURSE = "school/course"
LISTED = 300
STATUSES = {"A": "added", "M": "modified", "D": "removed", "T": "changed", "R": "renamed"}
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c",
         "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}  # fmt: skip


@dataclass
class Repository:
    """A git repository with the course's branch ``main`` and whatever students propose."""

    folder: Path

    def git(self, *words: str, data: bytes = b"") -> bytes:
        """Run git; return what it prints."""
        return subprocess.run(
            ["git", "-C", str(self.folder), *words], input=data, capture_output=True, check=True, env={**os.environ, **QUIET}
        ).stdout  # fmt: skip

    def commit(self, *, parent: str = "") -> str:
        """Commit everything in the folder; return the hash. With a parent it is a commit beside the branch."""
        self.git("add", "-A", "--force")
        return self.commit_index(parent)

    def commit_index(self, parent: str) -> str:
        """Commit the index."""
        tree = self.git("write-tree").decode().strip()
        parents = ["-p", parent] if parent else []
        return self.git("commit-tree", tree, *parents, "-m", "x").decode().strip()

    def back_to(self, commit: str) -> None:
        """Bring folder and index back to a commit."""
        self.git("reset", "-q", "--hard", commit)
        self.git("clean", "-qfdx")


def begin(folder: Path) -> tuple[Repository, str]:
    """Make a repository of a folder; return it with its first commit."""
    if not shutil.which("git"):
        skip("there is no git here", "install git")
    repository = Repository(folder)
    repository.git("init", "-q", "-b", "main")
    first = repository.commit()
    repository.git("update-ref", "refs/heads/main", first)
    repository.git("reset", "-q", "--hard", first)
    return repository, first


@dataclass
class Host:
    """The host as its users see it: its address, what was asked, what was posted; ``lies`` replaces answers by path."""

    repository: Repository
    address: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    lies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    runs: int = 1
    runs_of: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: JSON) -> tuple[int, Any]:
        """Return status and JSON."""
        prefix = f"/repos/{COURSE}/"
        for pattern, lie in self.lies.items():
            if re.search(pattern, path):
                return lie
        if not path.startswith(prefix):
            return 404, {"message": "Not Found"}
        for (verb, pattern), handler in self.handlers.items():
            if verb == method and (found := re.fullmatch(pattern, path.removeprefix(prefix))):
                try:
                    answer: tuple[int, Any] = handler(found, query, body)
                except subprocess.CalledProcessError:
                    break
                return answer
        return 404, {"message": "Not Found"}

    @property
    def handlers(self) -> dict[tuple[str, str], Any]:
        """What is understood."""
        return {
            ("GET", r"compare/(\w+)\.\.\.(\w+)"): self.compare,
            ("GET", r"git/commits/(\w+)"): self.commit,
            ("GET", r"git/trees/(\w+)"): self.tree,
            ("GET", r"git/blobs/(\w+)"): self.blob,
            ("GET", r"actions/workflows/([\w.-]+)/runs"): self.list_runs,
            ("GET", r"issues/(\d+)/comments"): self.list_comments,
            ("POST", r"issues/(\d+)/comments"): self.add_comment,
            ("PATCH", r"issues/comments/(\d+)"): self.change_comment,
            ("POST", r"check-runs"): self.add_check,
        }

    def compare(self, found: re.Match[str], *_: object) -> tuple[int, Any]:
        """What a branch changes since it left the other."""
        told = self.repository.git("diff", "--no-color", "-z", "--name-status", "-M", f"{found[1]}...{found[2]}")
        words = told.decode("utf-8", "replace").split("\0")[:-1]
        files: list[JSON] = []
        at = 0
        while at < len(words) and len(files) < LISTED:
            status = STATUSES[words[at][0]]
            renamed = status == "renamed"
            row = {"filename": words[at + 1 + renamed], "status": status, "patch": "@@"}
            files.append(row | ({"previous_filename": words[at + 1]} if renamed else {}))
            at += 2 + renamed
        return 200, {"status": "ahead", "files": files}

    def commit(self, found: re.Match[str], *_: object) -> tuple[int, Any]:
        """A commit."""
        tree = self.repository.git("rev-parse", f"{found[1]}^{{tree}}").decode().strip()
        return 200, {"sha": found[1], "tree": {"sha": tree}}

    def tree(self, found: re.Match[str], *_: object) -> tuple[int, Any]:
        """One level of a tree."""
        rows = []
        for line in self.repository.git("ls-tree", "-z", "-l", found[1]).decode("utf-8", "replace").split("\0")[:-1]:
            about, name = line.split("\t", 1)
            mode, kind, sha, size = about.split()
            rows.append(
                {"path": name, "mode": mode, "type": kind, "sha": sha} | ({"size": int(size)} if size != "-" else {})
            )
        return 200, {"sha": found[1], "tree": rows, "truncated": False}

    def blob(self, found: re.Match[str], *_: object) -> tuple[int, Any]:
        """A file."""
        data = self.repository.git("cat-file", "blob", found[1])
        return 200, {
            "sha": found[1],
            "size": len(data),
            "encoding": "base64",
            "content": base64.encodebytes(data).decode(),
        }

    def list_runs(self, _: object, query: dict[str, list[str]], __: object) -> tuple[int, Any]:
        """How often a workflow ran for who pushed."""
        return 200, {"total_count": self.runs_of.get(query["actor"][0], self.runs), "workflow_runs": []}

    def list_comments(self, found: re.Match[str], query: dict[str, list[str]], _: object) -> tuple[int, Any]:
        """The comments of a pull request, a page of them."""
        page, size = int(query["page"][0]), int(query["per_page"][0])
        return 200, [one for one in self.comments if one["issue"] == found[1]][(page - 1) * size : page * size]

    def add_comment(self, found: re.Match[str], _: object, body: JSON) -> tuple[int, Any]:
        """A new comment of the bot."""
        if len(body["body"]) > 65536:
            return 422, {"message": "body is too long"}
        self.comments.append(
            {"id": len(self.comments) + 1, "issue": found[1], "body": body["body"], "user": {"type": "Bot"}}
        )
        return 201, self.comments[-1]

    def change_comment(self, found: re.Match[str], _: object, body: JSON) -> tuple[int, Any]:
        """Another text for a comment."""
        self.comments[int(found[1]) - 1]["body"] = body["body"]
        return 200, self.comments[int(found[1]) - 1]

    def add_check(self, _: object, __: object, body: JSON) -> tuple[int, Any]:
        """A check; GitHub's limits of it."""
        output = body["output"]
        if len(output["summary"]) > 65535 or len(output["annotations"]) > 50:
            return 422, {"message": "Invalid request"}
        self.checks.append(body)
        return 201, {"id": len(self.checks)}


@contextlib.contextmanager
def serving(repository: Repository, kind: type[Host] = Host) -> Iterator[Host]:
    """Serve a repository on the loopback."""
    host = kind(repository)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size)) if size else {}
            host.asked.append((self.command, parts.path, self.headers.get("Authorization", "")))
            status, content = host.answer(self.command, parts.path, parse_qs(parts.query), body)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if status in (301, 302):
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = respond  # noqa: N815 - the library's

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    host.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def event(base: str, head: str, login: str = "ada", sender: str = "") -> dict[str, Any]:
    """Return the payload of ``pull_request_target``, as far as it concerns us (docs.github.com/webhooks)."""
    return {
        "action": "synchronize", "number": 7,
        "pull_request": {
            "number": 7, "user": {"login": login, "type": "User"}, "title": "$(touch /tmp/pwned)",
            "base": {"sha": base, "ref": "main", "repo": {"full_name": COURSE}},
            "head": {"sha": head, "ref": "`id`", "repo": {"full_name": f"{login}/course", "fork": True}},
        },
        "repository": {"full_name": COURSE}, "sender": {"login": sender or login, "type": "User"},
    }  # fmt: skip
