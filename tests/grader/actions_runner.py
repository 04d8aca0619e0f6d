"""A runner of GitHub Actions for tests: reads the YAML, evaluates its expressions, and runs its ``run:`` blocks with bash.

Of foreign actions only those in `Runner.standins` can be used, and of the system only what is in `COMMANDS`; each stands for
what the real one does, so far as a workflow of this project needs it. Everything else is real.
https://docs.github.com/actions/reference/workflow-syntax-for-github-actions
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Values = dict[str, Any]
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(r"\s*(&&|\|\||==|!=|!|\(|\)|'(?:[^']|'')*'|[\w-]+(?:\.[\w-]+)*)")
PINNED = re.compile(r"(actions/[\w-]+)@[0-9a-f]{40}")
HEREDOC = re.compile(r"([\w-]+)<<(\S+)\n(.*?)\n?^\2\n", re.MULTILINE | re.DOTALL)
COMMANDS = {
    "sudo": 'echo "sudo $*" >> "$RUNNER_TEMP/../commands"',
    "python": """if [ "$1 $2" != "-m pip" ]; then exec {python} "$@"; fi
for last; do :; done
last=${{last%%\\[*}}
[ -f "$last/pyproject.toml" ] && [ -d "$last/grader" ] || {{ echo "pip: nothing to install in $last" >&2; exit 1; }}
(cd "$last" && pwd) > "$RUNNER_TEMP/../engine"
echo "python $*" >> "$RUNNER_TEMP/../commands" """,
    "grader": """[ -f "$RUNNER_TEMP/../engine" ] || {{ echo "grader: not installed" >&2; exit 127; }}
PYTHONPATH=$(cat "$RUNNER_TEMP/../engine") exec {python} -m grader "$@" """,
}
"""What stands for programs of the system: ``pip install`` makes ``grader`` the engine in that folder, with our libraries."""


@dataclass
class Job:
    """A job that ran: its log, how it ended, and the environment of each ``run:`` block by the step's name."""

    workspace: Path
    temp: Path
    log: str = ""
    result: str = "success"
    outputs: Values = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    commands: str = ""


@dataclass
class Runner:
    """Runs the jobs of a workflow, each on a machine of its own. ``repositories`` are folders by name, ``keys`` open them."""

    folder: Path
    event: Values
    github: Values
    repositories: Mapping[str, Path]
    keys: Mapping[str, str] = field(default_factory=dict)
    secrets: Values = field(default_factory=dict)
    vars: Values = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)

    @property
    def artefacts(self) -> Path:
        """Where artefacts are kept."""
        return self.folder / "artefacts"

    @property
    def standins(self) -> Mapping[str, Callable[[Job, Values], bool]]:
        """What stands for foreign actions; false means that it failed."""
        return {
            "actions/checkout": self.checkout,
            "actions/setup-python": lambda _, __: True,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }

    def run(self, workflow: Path) -> dict[str, Job]:
        """Run all jobs of a workflow in the order of the file."""
        content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        for name, told in content["jobs"].items():
            needed = [told["needs"]] if isinstance(told.get("needs"), str) else told.get("needs", [])
            needs = {one: {"result": self.jobs[one].result, "outputs": self.jobs[one].outputs} for one in needed}
            fine = all(one["result"] == "success" for one in needs.values())
            if truth(told.get("if"), {"needs": needs, **self.contexts()}, fine=fine):
                self.jobs[name] = self.job(name, told, needs)
            else:
                self.jobs[name] = Job(self.folder, self.folder, result="skipped")
        return self.jobs

    def contexts(self) -> Values:
        """Return what every expression can name."""
        return {"github": {**self.github, "event": self.event}, "secrets": self.secrets, "vars": self.vars}

    def job(self, name: str, told: Values, needs: Values) -> Job:
        """Run one job."""
        home = self.folder / name
        job = Job(home / "workspace", home / "temp")
        for folder in (job.workspace, job.temp, home / "bin", home / "home"):
            folder.mkdir(parents=True)
        for command, text in COMMANDS.items():
            script = home / "bin" / command
            script.write_text(f"#!/bin/sh\n{text.format(python=shlex.quote(sys.executable))}\n")
            script.chmod(0o755)
        (home / "event.json").write_text(json.dumps(self.event))
        contexts = {**self.contexts(), "needs": needs, "runner": {"temp": str(job.temp), "os": "Linux"}}
        self.steps(job, told["steps"], contexts, {})
        job.summary = read(home / "summary")
        job.commands = read(home / "commands")
        return job

    def steps(self, job: Job, steps: list[Values], contexts: Values, environment: dict[str, str]) -> Values:
        """Run steps; return the context ``steps``."""
        done: Values = {}
        for number, step in enumerate(steps):
            now = {**contexts, "steps": done}
            if not truth(step.get("if"), now, fine=job.result == "success"):
                continue
            outputs: Values = {}
            ok = self.step(job, step, now, environment, outputs)
            done[step.get("id", f"step {number}")] = {"outputs": outputs, "outcome": "success" if ok else "failure"}
            if not ok and not step.get("continue-on-error"):
                job.result = "failure"
        return done

    def step(self, job: Job, step: Values, contexts: Values, environment: dict[str, str], outputs: Values) -> bool:
        """Run one step; return whether it ended well."""
        if "run" in step:
            own = {key: str(filled(value, contexts)) for key, value in step.get("env", {}).items()}
            return self.script(job, step, {**environment, **own}, outputs)
        given = {key: filled(value, contexts) for key, value in step.get("with", {}).items()}
        if step["uses"].startswith("./"):
            return self.composite(job, job.workspace / step["uses"], given, contexts, outputs)
        action = PINNED.fullmatch(step["uses"])
        assert action, f"{step['uses']}: no commit, or nobody's we know"
        job.log += f"\n## {step['uses']}\n"
        return self.standins[action[1]](job, given)

    def composite(self, job: Job, folder: Path, given: Values, contexts: Values, outputs: Values) -> bool:
        """Run an action of the repository itself."""
        told = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        assert set(given) <= set(told["inputs"]), f"unknown inputs: {set(given) - set(told['inputs'])}"
        inputs = {name: given.get(name, one.get("default", "")) for name, one in told["inputs"].items()}
        inner = {**contexts, "inputs": inputs}
        before = job.result
        job.result = "success"
        steps = self.steps(job, told["runs"]["steps"], inner, {"GITHUB_ACTION_PATH": str(folder)})
        ok, job.result = job.result == "success", before
        outputs.update({name: filled(one["value"], {**inner, "steps": steps}) for name, one in told["outputs"].items()})
        return ok

    def script(self, job: Job, step: Values, environment: dict[str, str], outputs: Values) -> bool:
        """Run a block as the runner does: in a file, by bash, with files for outputs and the summary."""
        home = job.temp.parent
        block, said = home / "block.sh", home / "output"
        block.write_text(step["run"])
        said.write_text("")
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
        full = {
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home / "home"), "LANG": "C.UTF-8", "CI": "true",
            "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(said), "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "GITHUB_WORKSPACE": str(job.workspace), "GITHUB_EVENT_PATH": str(home / "event.json"), "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(job.temp), "GITHUB_REPOSITORY": self.github["repository"],
            "ACTIONS_RUNTIME_TOKEN": "runtime-secret-token", **self.variables, **environment,
        }  # fmt: skip
        job.environments[str(step.get("name", step.get("id", "")))] = full
        ran = subprocess.run(
            [*shell, str(block)], cwd=job.workspace, env=full, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip
        job.log += f"\n## {step.get('name', 'run')}\n{ran.stdout.decode('utf-8', 'replace')}"
        outputs.update(told_by(said.read_text(encoding="utf-8")))
        return ran.returncode == 0

    # -- what stands for foreign actions

    def checkout(self, job: Job, given: Values) -> bool:
        """Copy a repository, if the key opens it; never what a pull request proposes, for that has no folder here."""
        name = given.get("repository") or self.github["repository"]
        assert "ref" not in given
        assert str(given["persist-credentials"]).lower() == "false", "the token stays in .git/config"
        if self.keys.get(name, "") != (given.get("ssh-key") or "") or name not in self.repositories:
            job.log += "fatal: Could not read from remote repository.\n"
            return False
        shutil.copytree(self.repositories[name], job.workspace / given.get("path", "."), dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__", ".git"))  # fmt: skip
        return True

    def upload(self, job: Job, given: Values) -> bool:
        """Keep a folder."""
        path = job.workspace / given["path"] if given["path"] else None
        if path and path.is_dir():
            shutil.copytree(path, self.artefacts / given["name"])
        return True

    def download(self, job: Job, given: Values) -> bool:
        """Fetch what was kept."""
        kept: Path = self.artefacts / given["name"]
        if kept.is_dir():
            shutil.copytree(kept, given["path"], dirs_exist_ok=True)
        else:
            job.log += "Unable to download artifact(s): Artifact not found\n"
        return kept.is_dir()


def read(path: Path) -> str:
    """Return what was written, if anything was."""
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def told_by(text: str) -> Values:
    """Return the outputs that a step wrote, in either form."""
    found = {one[1]: one[3] for one in HEREDOC.finditer(text)}
    for line in HEREDOC.sub("", text).splitlines():
        name, equals, value = line.partition("=")
        assert equals, f"no output: {line!r}"
        found[name] = value
    return found


# -- expressions


def filled(value: object, contexts: Values) -> Any:  # noqa: ANN401 - YAML
    """Return a value of the YAML with its expressions replaced."""
    if not isinstance(value, str):
        return value
    return EXPRESSION.sub(lambda found: text_of(evaluate(found[1], contexts, fine=True)), value)


def text_of(value: object) -> str:
    """Return what GitHub makes of a value in a text."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def truth(condition: object, contexts: Values, *, fine: bool) -> bool:
    """Tell whether a step or job runs; a condition that does not ask how it went so far holds only if all went well."""
    if condition is None:
        return fine
    text = EXPRESSION.sub(lambda found: found[1], str(condition))
    asked = re.search(r"\b(always|failure|success|cancelled)\s*\(", text)
    return bool(evaluate(text, contexts, fine=fine)) and (fine or bool(asked))


def evaluate(text: str, contexts: Values, *, fine: bool) -> Any:  # noqa: ANN401 - YAML
    """Evaluate an expression: names, texts, ``== != ! && ||`` and the functions about how it went."""
    tokens = TOKEN.findall(text)
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text), f"not understood: {text!r}"
    functions = {"always": True, "success": fine, "failure": not fine, "cancelled": False}

    def operand() -> Any:  # noqa: ANN401
        token = tokens.pop(0)
        if token == "!":
            return not operand()
        if token == "(":
            inside = either()
            assert tokens.pop(0) == ")"
            return inside
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if tokens[:2] == ["(", ")"]:
            del tokens[:2]
            return functions[token]
        found: Any = contexts
        for part in token.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def equal() -> Any:  # noqa: ANN401
        left = operand()
        while tokens and tokens[0] in ("==", "!="):
            operator, right = tokens.pop(0), operand()
            left = (text_of(left) == text_of(right)) is (operator == "==")
        return left

    def both() -> Any:  # noqa: ANN401
        left = equal()
        while tokens and tokens[0] == "&&":
            tokens.pop(0)
            right = equal()
            left = left and right
        return left

    def either() -> Any:  # noqa: ANN401
        left = both()
        while tokens and tokens[0] == "||":
            tokens.pop(0)
            right = both()
            left = left or right
        return left

    return either()


# -- what the runner makes of a log

COMMAND = re.compile(r"^\s*::([\w-]+)(?: [^:]*)?::(.*)$")
OLD = re.compile(r"##\[([\w-]+)")


def commands_in(log: str) -> list[tuple[str, str]]:
    """Return the workflow commands that the runner would carry out; between stop-commands and its token there are none."""
    found, waiting = [], ""
    for line in log.splitlines():
        if waiting:
            waiting = "" if line.strip() == f"::{waiting}::" else waiting
        elif one := COMMAND.match(line):
            waiting = one[2] if one[1] == "stop-commands" else ""
            found.append((one[1], one[2]))
        elif old := OLD.search(line):
            found.append((old[1], line))
    return [one for one in found if one[0] != "stop-commands"]
