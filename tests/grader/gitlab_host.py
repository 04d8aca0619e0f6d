"""A small GitLab on the loopback, and a runner for its jobs: real sockets, a real git repository, and bash.

It speaks the part of the REST API that `grader ci` uses (docs.gitlab.com/api), and evaluates no more of the YAML than `extends`,
`needs`, `when`, `script` and `artifacts` of the project's template.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.grader.actions_runner import COMMANDS
from tests.grader.github_host import Host

PROJECT, BOT, READ, POST = "42", 99, "glpat-token-that-reads", "glpat-token-that-writes"
LISTED = 1000


@dataclass
class GitLab(Host):
    """The project as its users see it; ``comments`` are notes."""

    author: str = "ada"

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        """Return status and JSON."""
        for pattern, lie in self.lies.items():
            if re.search(pattern, path):
                return lie
        given = {name: values[0] for name, values in query.items()}
        found = re.fullmatch(rf"/projects/{PROJECT}/(.*)", path)
        if path == "/user":
            return 200, {"id": BOT}
        if not found:
            return 404, {"message": "404 Project Not Found"}
        try:
            return self.project(method, found[1], given, body)
        except subprocess.CalledProcessError:
            return 404, {"message": "404 Not Found"}

    def project(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """Answer about the project."""
        if path == "merge_requests/7":
            return 200, {"iid": 7, "author": {"id": 1, "username": self.author}, "state": "opened"}
        if path == "repository/compare":
            return 200, {"diffs": self.diffs(query["from"], query["to"]), "compare_timeout": False}
        if path == "repository/tree":
            return self.listing(query)
        if blob := re.fullmatch(r"repository/blobs/(\w+)", path):
            data = self.repository.git("cat-file", "blob", blob[1])
            return 200, {
                "size": len(data),
                "encoding": "base64",
                "sha": blob[1],
                "content": base64.b64encode(data).decode(),
            }
        if path == "merge_requests/7/notes" and method == "GET":
            page, size = int(query["page"]), int(query["per_page"])
            return 200, self.comments[(page - 1) * size : page * size]
        if path == "merge_requests/7/notes" and method == "POST":
            self.comments.append({"id": len(self.comments) + 1, "author": {"id": BOT}, "body": body["body"]})
            return 201, self.comments[-1]
        if (note := re.fullmatch(r"merge_requests/7/notes/(\d+)", path)) and method == "PUT":
            self.comments[int(note[1]) - 1]["body"] = body["body"]
            return 200, self.comments[int(note[1]) - 1]
        return 404, {"message": "404 Not Found"}

    def diffs(self, base: str, head: str) -> list[dict[str, Any]]:
        """What changed since two commits had the same."""
        words = self.repository.git("diff", "-z", "--name-status", "-M", f"{base}...{head}").decode("utf-8", "replace")
        parts, found = words.split("\0")[:-1], []
        while parts:
            renamed = parts.pop(0)[0] == "R"
            before = parts.pop(0)
            found.append({"old_path": before, "new_path": parts.pop(0) if renamed else before, "renamed_file": renamed})
        return found[:LISTED]

    def listing(self, query: dict[str, str]) -> tuple[int, Any]:
        """One folder; one that is not there is none (since GitLab 17.7)."""
        told = self.repository.git("ls-tree", "-z", query["ref"], f"{query['path']}/").decode("utf-8", "replace")
        rows = []
        for line in told.split("\0")[:-1]:
            about, path = line.split("\t", 1)
            mode, kind, sha = about.split()
            rows.append({"id": sha, "name": path.rpartition("/")[2], "type": kind, "path": path, "mode": mode})
        return (200, rows[: int(query["per_page"])]) if rows else (404, {"message": "404 Tree Not Found"})


def payload(head: str, project: int = int(PROJECT), action: str = "update", state: str = "opened") -> dict[str, Any]:
    """Return what the webhook of a merge request tells (docs.gitlab.com/user/project/integrations/webhook_events)."""
    return {
        "object_kind": "merge_request", "event_type": "merge_request", "user": {"username": "$(id)"},
        "project": {"id": project},
        "object_attributes": {"iid": 7, "target_project_id": project, "title": "$(touch /tmp/pwned)", "action": action,
                              "state": state, "source_branch": "`id`", "last_commit": {"id": head, "message": "::"}},
    }  # fmt: skip


@dataclass
class Job:
    """A job that ran."""

    log: str = ""
    code: int = 0
    environments: dict[str, str] = field(default_factory=dict)


@dataclass
class Pipeline:
    """Runs the jobs of the template, each in a copy of the project; secrets go where their environment is named."""

    folder: Path
    project: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]]
    jobs: dict[str, Job] = field(default_factory=dict)

    @property
    def artefacts(self) -> Path:
        """What jobs left."""
        return self.folder / "artefacts"

    def run(self, template: Path) -> dict[str, Job]:
        """Run all jobs in the order of their stages."""
        told = yaml.safe_load(template.read_text(encoding="utf-8"))
        for stage in told["stages"]:
            for name, job in told.items():
                if isinstance(job, dict) and job.get("stage") == stage:
                    needed = [self.jobs[one].code for one in job.get("needs", [])]
                    if job.get("when") == "always" or not any(needed):
                        self.jobs[name] = self.job(name, {**told[job["extends"]], **job})
        return self.jobs

    def job(self, name: str, told: dict[str, Any]) -> Job:
        """Run one job: all its lines in one shell that ends at the first that fails, as the runner's does."""
        home = self.folder / name
        for folder in ("temp", "bin"):
            (home / folder).mkdir(parents=True)
        shutil.copytree(self.project, home / "builds", ignore=shutil.ignore_patterns(".git", "__pycache__"))
        if self.artefacts.is_dir():
            shutil.copytree(self.artefacts, home / "builds", dirs_exist_ok=True)
        for command, text in {**COMMANDS, "apt-get": 'echo "apt-get $*" >> "$RUNNER_TEMP/../commands"'}.items():
            (home / "bin" / command).write_text(f"#!/bin/sh\n{text.format(python=shlex.quote(sys.executable))}\n")
            (home / "bin" / command).chmod(0o755)
        environment = {
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "200",
            "RUNNER_TEMP": str(home / "temp"), "TMPDIR": str(home / "temp"), "CI": "true", "GITLAB_CI": "true",
            "CI_PROJECT_ID": PROJECT, "CI_PROJECT_DIR": str(home / "builds"), "CI_JOB_TOKEN": "glcbt-job-token",
            **self.variables, **told["variables"], **self.secrets[told["environment"]["name"]],
        }  # fmt: skip
        lines = [*told["before_script"], *told["script"]]
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)], cwd=home / "builds", env=environment, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
        )  # fmt: skip
        for path in told.get("artifacts", {}).get("paths", []):
            if (home / "builds" / path).exists():
                shutil.copytree(home / "builds" / path, self.artefacts / path)
        return Job(done.stdout.decode("utf-8", "replace"), done.returncode, environment)
