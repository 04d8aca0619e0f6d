"""The template for GitLab, run as a runner would: honest, wrong and hostile merge requests, and such as must not be graded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from grader.course import load_course
from grader.errors import EngineFault, UsageError
from grader.hosts.api import Api
from grader.hosts.gitlab import fetch, inert, read_event
from grader.hosts.posting import MARK
from tests.grader import two_exercises
from tests.grader.ci_course import Hosted, hosted, texts
from tests.grader.conftest import ROOT
from tests.grader.github_host import begin, serving
from tests.grader.gitlab_host import BOT, POST, PROJECT, READ, GitLab, Pipeline, payload
from tests.grader.two_exercises import LENGTH, W1

TEMPLATE = ROOT / "grader" / "hosts" / "templates" / "gitlab.yml"
CODE_QUALITY = ROOT / "tests" / "grader" / "schemas" / "gitlab-code-quality.json"
MINE = f"submitted/ada/{W1}"
MARKER = "leak-marker-3f9a61c7-w1"
HOSTILE = """import os, sys
print("section_start:0:x\\r\\x1b[0K", dict(os.environ), flush=True)
found = [dict(os.environ)]
for name in ("/proc/self/environ", "/proc/%d/environ" % os.getppid(), "/proc/1/environ"):
    try:
        found.append(open(name, "rb").read())
    except OSError as error:
        found.append(error.errno)
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Found", "/merge")])
    raise type("\\n/merge\\n", (Exception,), {})("\\n/merge\\n<img src=x>" + str(found))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hosted, GitLab]]:
    """A course's project, its private half, and GitLab in front of the project."""
    course = hosted(tmp_path_factory.mktemp("hosted"))
    begin(course.private)
    with serving(course.repository, GitLab) as host:
        assert isinstance(host, GitLab)
        yield course, host


@pytest.fixture
def there(shared: tuple[Hosted, GitLab]) -> Iterator[tuple[Hosted, GitLab]]:
    """The same, as it was at the beginning."""
    yield shared
    course, host = shared
    host.lies.clear()
    host.comments.clear()
    host.asked.clear()
    course.repository.back_to(course.first)


def pipeline(
    folder: Path, course: Hosted, host: GitLab, head: str, private: str = "", state: str = "opened", base: str = ""
) -> Pipeline:
    folder.mkdir(exist_ok=True)
    event = folder / "payload.json"
    event.write_text(json.dumps(payload(head, state=state)))
    variables = {"CI_API_V4_URL": host.address, "CI_COMMIT_SHA": base or course.first, "TRIGGER_PAYLOAD": str(event)}
    secrets = {
        "grader-grade": {"GRADER_READ_TOKEN": READ, "GRADER_PRIVATE_URL": private or f"file://{course.private}"},
        "grader-post": {"GRADER_POST_TOKEN": POST},
    }
    made = Pipeline(folder, course.repository.folder, variables, secrets)
    made.run(TEMPLATE)
    return made


# -- the whole pipeline


def test_an_honest_merge_request_is_graded_and_told(there: tuple[Hosted, GitLab], tmp_path: Path, walled: None) -> None:
    course, host = there
    done = pipeline(tmp_path / "run", course, host, course.proposed({f"{MINE}/app.py": two_exercises.app(LENGTH)}))
    assert {name: job.code for name, job in done.jobs.items()} == {"grade": 0, "post": 0}, done.jobs
    [note] = host.comments
    assert "100/100" in note["body"]
    assert note["body"].startswith(MARK)
    assert sorted(path.relative_to(done.artefacts).as_posix() for path in done.artefacts.rglob("*.*")) == [
        f"reports/code-quality/{W1}.json", f"reports/documents/{W1}/submission/{W1}.json", f"reports/junit/{W1}.xml",
        f"reports/pages/{W1}.md", "reports/request.json",
    ]  # fmt: skip
    again = pipeline(tmp_path / "again", course, host, course.proposed({f"{MINE}/app.py": two_exercises.app()}))
    assert again.jobs["grade"].code == 0
    [note] = host.comments
    assert "40/100" in note["body"]
    quality = json.loads((again.artefacts / "reports" / "code-quality" / f"{W1}.json").read_text())
    Draft202012Validator(json.loads(CODE_QUALITY.read_text())).validate(quality)
    assert quality
    for text in (json.dumps(host.comments), texts(again.artefacts), again.jobs["grade"].log, again.jobs["post"].log):
        assert not [word for word in (MARKER, READ, POST, "private-half/tests", "glcbt-job-token") if word in text]


def test_a_hostile_merge_request_finds_no_token_and_gives_no_command(
    there: tuple[Hosted, GitLab], tmp_path: Path, walled: None
) -> None:
    course, host = there
    files: dict[str, str | bytes] = {f"{MINE}/app.py": HOSTILE, f"{MINE}/conftest.py": "raise SystemExit"}
    done = pipeline(tmp_path / "run", course, host, course.proposed(files))
    assert done.jobs["post"].code == 0
    [note] = host.comments
    assert "0/100" in note["body"]
    assert not [line for line in note["body"].splitlines() if line.lstrip().startswith("/")]
    log = done.jobs["grade"].log + done.jobs["post"].log
    for text in (note["body"], texts(done.artefacts), log):
        assert not [word for word in (MARKER, READ, POST, "glcbt-job-token", "\x1b") if word in text]
    assert "section_start" not in log
    assert "<img" not in MarkdownIt("commonmark").render(note["body"])
    assert "<img" not in (done.artefacts / "reports" / "junit" / f"{W1}.xml").read_text()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".gitlab-ci.yml": "x"}, "hands in nothing"),
        ({f"{MINE}/app.py": "x", ".gitlab-ci.yml": "x"}, "is not yours to change"),
        ({f"submitted/bo/{W1}/app.py": "x"}, "is not yours to change"),
    ],
)
def test_nothing_is_run_of_a_merge_request_that_changes_something_else(
    files: dict[str, str | bytes], said: str, there: tuple[Hosted, GitLab], tmp_path: Path
) -> None:
    course, host = there
    done = pipeline(tmp_path / "run", course, host, course.proposed(files))
    assert {name: job.code for name, job in done.jobs.items()} == {"grade": 0, "post": 0}, done.jobs
    assert "there is nothing to grade" in done.jobs["grade"].log
    [note] = host.comments
    assert said in note["body"]
    assert not [path for _, path, _ in host.asked if "/blobs/" in path]


def test_without_the_private_half_there_is_no_score(there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    course, host = there
    head = course.proposed({f"{MINE}/app.py": two_exercises.app(LENGTH)})
    done = pipeline(tmp_path / "run", course, host, head, private=f"file://{tmp_path}/none")
    assert done.jobs["grade"].code != 0
    assert done.jobs["post"].code == 0
    assert not done.artefacts.exists()
    [note] = host.comments
    assert "no score: the fault is the grader" in note["body"]
    assert "/100" not in note["body"]


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_what_was_told_of_a_merge_request_stays_when_it_is_merged_or_closed(
    state: str, there: tuple[Hosted, GitLab], tmp_path: Path
) -> None:
    course, host = there
    head = course.proposed({f"{MINE}/app.py": two_exercises.app(LENGTH)})
    before = {"id": 1, "author": {"id": BOT}, "body": f"{MARK}\n100/100"}
    host.comments.append(dict(before))
    done = pipeline(tmp_path / "run", course, host, head, state=state, base=head if state == "merged" else "")
    assert {name: job.code for name, job in done.jobs.items()} == {"grade": 0, "post": 0}, done.jobs
    assert "there is nothing to grade" in done.jobs["grade"].log
    assert "closed or merged, so its note stays as it is" in done.jobs["post"].log
    assert host.comments == [before]


def test_a_students_note_that_looks_like_ours_stays(there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    course, host = there
    host.comments.append({"id": 1, "author": {"id": BOT - 1}, "body": f"{MARK}\n100/100"})
    pipeline(tmp_path / "run", course, host, course.proposed({"README.md": "x"}))
    assert [one["body"].startswith(f"{MARK}\n100/100") for one in host.comments] == [True, False]


# -- what is taken


@pytest.fixture
def variables(there: tuple[Hosted, GitLab], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_PROJECT_ID", PROJECT)
    monkeypatch.setenv("CI_COMMIT_SHA", there[0].first)


def fetched(there: tuple[Hosted, GitLab], tmp_path: Path, head: str) -> tuple[dict[str, object], str]:
    course, host = there
    (tmp_path / "payload.json").write_text(json.dumps(payload(head)))
    taken = fetch(Api(host.address, READ), read_event(tmp_path / "payload.json"), load_course(course.repository.folder))
    return dict(taken.files), "; ".join(one.key.format_map(one.values) for one in taken.problems)


@pytest.mark.usefixtures("variables")
def test_only_the_files_that_are_asked_for_come(there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"{MINE}/app.py": "x",
        f"{MINE}/.gitattributes": "* filter=evil",
        f"{MINE}/x.py": "x",
    }
    assert fetched(there, tmp_path, there[0].proposed(files)) == ({W1: {"app.py": b"x"}}, "")


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 2_000_000, "is larger than"), (b"x" * 20_000_000, "is larger than"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
    ],
    ids=["large", "very large", "lfs"],
)  # fmt: skip
def test_what_cannot_be_taken_is_named(content: bytes, said: str, there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    files, problem = fetched(there, tmp_path, there[0].proposed({f"{MINE}/app.py": content}))
    assert (files, said in problem) == ({}, True), problem


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("mode", ["120000", "160000"], ids=["link", "submodule"])
def test_links_and_submodules_are_refused(mode: str, there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    repository = there[0].repository
    sha = repository.git("hash-object", "-w", "--stdin", data=b"../../../exercises").decode().strip()
    repository.git(
        "update-index", "--add", "--cacheinfo", f"{mode},{sha if mode == '120000' else there[0].first},{MINE}/app.py"
    )
    head = repository.commit_index(there[0].first)
    repository.back_to(there[0].first)
    files, problem = fetched(there, tmp_path, head)
    assert files == {}
    assert "is a link" in problem or "submodule" in problem


@pytest.mark.usefixtures("variables")
def test_many_files_and_full_folders_are_refused(there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    many: dict[str, str | bytes] = {f"{MINE}/{number}.txt": "x" for number in range(120)}
    files, problem = fetched(there, tmp_path, there[0].proposed(many))
    assert files == {}
    assert "changes 100 files or more" in problem


@pytest.mark.usefixtures("variables")
def test_an_answer_that_is_no_answer_is_a_fault_of_ours(there: tuple[Hosted, GitLab], tmp_path: Path) -> None:
    course, host = there
    head = course.proposed({f"{MINE}/app.py": "x"})
    for pattern, lie in (
        ("/compare", (200, b"[]")),
        ("/blobs/", (200, b'{"content": "enp6"}')),
        ("requests/7$", (403, b"")),
    ):
        host.lies[pattern] = lie
        with pytest.raises(EngineFault):
            fetched(there, tmp_path, head)
        host.lies.clear()
    host.lies["requests/7$"] = (200, b'{"author": {"username": "../bo"}}')
    with pytest.raises(EngineFault, match="author's name"):
        fetched(there, tmp_path, head)


def test_an_event_of_another_project_is_none(tmp_path: Path, variables: None) -> None:
    path = tmp_path / "payload.json"
    for content, said in (
        (payload("0" * 40, project=43), "another project"),
        (payload("main"), "last_commit"),
        ({}, "no '"),
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(UsageError, match=said):
            read_event(path)


# -- the template


def test_no_line_of_a_note_is_a_command() -> None:
    assert inert("/merge\n  /close\na /b\n\n\t/x") == "\\/merge\n  \\/close\na /b\n\n\t\\/x"


def test_it_keeps_to_the_schema() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    if not program.exists():
        from tests.grader.conftest import skip

        skip("check-jsonschema is not installed", "uv sync --group ci")
    words = [str(program), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(TEMPLATE)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_courses_own_branch_and_only_an_event_starts_it() -> None:
    told = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    [rule] = told["workflow"]["rules"]
    assert rule == {"if": '$CI_PIPELINE_SOURCE == "trigger" && $CI_COMMIT_REF_PROTECTED == "true" && $TRIGGER_PAYLOAD'}
    assert "cache" not in TEMPLATE.read_text()


def test_the_job_that_posts_never_sees_what_the_one_that_grades_has() -> None:
    told = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    assert told["grade"]["environment"]["name"] != told["post"]["environment"]["name"]
    assert "GRADER_POST_TOKEN" not in json.dumps(told["grade"])
    assert "GRADER_READ_TOKEN" not in json.dumps(told["post"])
    lines = told["grade"]["script"]
    forgotten = next(
        at for at, line in enumerate(lines) if line.startswith("unset GRADER_READ_TOKEN GRADER_PRIVATE_URL")
    )
    assert forgotten < next(at for at, line in enumerate(lines) if "grader ci grade" in line)
