"""Pull requests through the workflow for a course's repository, run as GitHub runs it: honest, wrong and hostile ones."""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from tests.grader import github_host, two_exercises
from tests.grader.actions_runner import Job, commands_in
from tests.grader.ci_course import KEY, MINE, TOKEN, Hosted, hosted, posted, texts
from tests.grader.conftest import ROOT, skip
from tests.grader.github_host import Host
from tests.grader.ordinary import obstacle
from tests.grader.scenarios import private_python, readable_python
from tests.grader.two_exercises import LENGTH, W1

HONEST = two_exercises.app(LENGTH)
WRONG = two_exercises.app()
HOSTILE = '''import os, sys

LOUD = """
::error file=x.py,line=1::forged
::set-output name=percent::100
::add-mask::graded
##[error]forged
\\x1b[2J\\x1b]0;title\\x07<script>alert(1)</script><img src=x> @school/staff [x](http://x) ]]> %0A::error::forged
"""
sys.stdout.write(LOUD)
sys.stderr.write(LOUD)
LOOT = ""
for top in (os.getcwd(), "/", os.environ.get("GITHUB_WORKSPACE", "/"), "WORKSPACE"):
    for folder, folders, names in os.walk(top):
        folders[:] = folders[:50]
        for name in names[:50]:
            if "hidden" in folder or "solutions" in folder or name in ("test_length.py", "event.json", "output", "summary"):
                try:
                    LOOT += folder + name + open(os.path.join(folder, name)).read()
                    open(os.path.join(folder, name), "a").write(LOUD)
                except OSError:
                    pass
        if len(LOOT) > 100000 or top == "/":
            break
LOOT += repr({key: value for key, value in os.environ.items() if "TOKEN" in key or "GITHUB" in key or "SECRET" in key})


class Forged(Exception):
    pass


def application(environ, start_response):
    sys.stdout.write(LOUD + LOOT)
    start_response("200 " + LOUD.replace("\\n", " ").strip(), [("X-Loot", LOOT.encode().hex()[:1000])])
    raise Forged(LOUD + LOOT)
'''


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Hosted:
    return hosted(tmp_path_factory.mktemp("hosted"))


@pytest.fixture
def host(course: Hosted) -> Iterator[Host]:
    with github_host.serving(course.repository) as there:
        yield there


def graded(course: Hosted, host: Host, tmp_path: Path, files: dict[str, str | bytes], key: str = KEY) -> dict[str, Job]:
    """Run the workflow of the course's repository for a pull request."""
    head = course.proposed(files)
    runner = course.runner(tmp_path, host, head, key)
    jobs = runner.run(course.repository.folder / ".github" / "workflows" / "pull-requests.yml")
    assert not host.checks or host.checks[-1]["head_sha"] == head
    return jobs


def everything(tmp_path: Path, jobs: dict[str, Job], host: Host) -> str:
    """Return all that anybody but staff could read: logs, summaries, artefacts, what was posted."""
    logs = [job.log + job.summary for job in jobs.values()]
    kept = tmp_path / "artefacts"
    return "\n".join([*logs, texts(kept) if kept.exists() else "", posted(host)])


def assert_tells_nothing(text: str, course: Hosted, tmp_path: Path) -> None:
    """Make sure that a text says nothing of the private half, of where it is, or of a secret."""
    secrets = secrets_of(course.repository.folder, course.private)
    assert any(secret.marker for secret in secrets)
    assert Guard(secrets).check(text, "everything") == []
    for secret in (KEY, TOKEN, "runtime-secret-token", "tests/hidden", "private-half/", str(course.private)):
        assert secret not in text, secret


def forbidden(job: Job, step: str) -> list[str]:
    """Return the secrets in the environment of a step."""
    return [value for value in job.environments[step].values() if value in (KEY, TOKEN)]


def test_an_honest_one_gets_a_green_check_and_one_comment(
    course: Hosted, host: Host, tmp_path: Path, walled: None
) -> None:
    jobs = graded(
        course, host, tmp_path, {f"{MINE}/app.py": HONEST, f"{MINE}/conftest.py": "raise SystemExit('planted')"}
    )
    assert [job.result for job in jobs.values()] == ["success", "success"], jobs["grade"].log + jobs["post"].log
    (check,), (comment,) = host.checks, host.comments
    assert (check["conclusion"], check["output"]["title"]) == ("success", f"{W1} 100/100")
    assert (comment["issue"], "100/100" in comment["body"]) == ("7", True)
    assert "100/100" in jobs["grade"].summary
    text = everything(tmp_path, jobs, host)
    assert_tells_nothing(text, course, tmp_path)
    assert "planted" not in text
    assert forbidden(jobs["grade"], "Grade") == []
    assert forbidden(jobs["grade"], "Fetch what is handed in, as data") == [TOKEN]
    assert [(method, path) for method, path, _ in host.asked if method != "GET"] == [
        ("POST", "/repos/school/course/check-runs"), ("POST", "/repos/school/course/issues/7/comments"),
    ]  # fmt: skip


def test_a_wrong_one_is_told_which_test_and_which_comment_is_brought_up_to_date(
    course: Hosted, host: Host, tmp_path: Path, walled: None
) -> None:
    host.comments += [
        {"id": 1, "issue": "7", "body": "<!-- grader: what came of this pull request -->", "user": {"type": "User"}},
        {
            "id": 2,
            "issue": "7",
            "body": "<!-- grader: what came of this pull request -->\nold",
            "user": {"type": "Bot"},
        },
    ]
    jobs = graded(course, host, tmp_path, {f"{MINE}/app.py": WRONG})
    assert [job.result for job in jobs.values()] == ["success", "success"], jobs["grade"].log + jobs["post"].log
    (check,) = host.checks
    assert (check["conclusion"], check["output"]["title"]) == ("failure", f"{W1} 40/100")
    assert "how many bytes are in the body?" in check["output"]["summary"]
    assert [comment["user"]["type"] for comment in host.comments] == ["User", "Bot"]
    assert "40/100" in host.comments[1]["body"]
    assert "old" not in host.comments[1]["body"]
    assert_tells_nothing(everything(tmp_path, jobs, host), course, tmp_path)


@pytest.fixture(params=["full", "confined"])
def level(request: pytest.FixtureRequest, public: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A runner with namespaces, and one without, as in many containers; what runs there is really denied them."""
    name: str = request.param
    request.getfixturevalue("full")
    if name == "confined":
        if private_python(name) and (remedy := obstacle()):
            skip("this Python cannot be run by other users", remedy)
        python = str(readable_python()) if private_python(name) else sys.executable
        poorer = [sys.executable, str(ROOT / "tests" / "grader" / "poorer.py"), "--no-namespaces", "--", python]
        script = public / "python-without-namespaces"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(poorer)} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))
    return name


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of the machine may read, as the places are where a host's runner works."""
    with tempfile.TemporaryDirectory(prefix="grader-host-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_hostile_one_neither_forges_nor_learns_anything(course: Hosted, host: Host, public: Path, level: str) -> None:
    source = HOSTILE.replace("WORKSPACE", str(public / "grade"))
    jobs = graded(course, host, public, {f"{MINE}/app.py": source})
    assert [job.result for job in jobs.values()] == ["success", "success"], jobs["grade"].log + jobs["post"].log
    (check,) = host.checks
    assert (check["conclusion"], check["output"]["title"]) == ("failure", f"{W1} 0/100")
    assert f"isolation level: {level}" in host.comments[0]["body"]
    assert {note["path"] for note in check["output"]["annotations"]} == {f"{MINE}/app.py"}
    text = everything(public, jobs, host)
    assert_tells_nothing(text, course, public)
    assert "forged" in text  # a public test says what its author raised: as a quotation
    assert "\x1b" not in text
    carried_out = [*commands_in(jobs["grade"].log), *commands_in(jobs["post"].log)]
    assert {name for name, _ in carried_out} == {"error", "notice"}
    assert not [said for _, said in carried_out if said.startswith("forged")]
    for page in (host.comments[0]["body"], check["output"]["summary"], jobs["grade"].summary):
        tags = set(re.findall(r"</?(\w+)", MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(page)))
        assert tags <= {"h2", "h3", "p", "code", "pre", "ul", "li"}, tags


def test_the_runner_would_carry_out_what_the_hostile_one_prints() -> None:
    loud = HOSTILE.split('"""')[1]
    assert [name for name, _ in commands_in(loud)] == ["error", "set-output", "add-mask", "error"]


def test_what_reaches_for_the_course_is_refused_and_nothing_of_it_is_run(
    course: Hosted, host: Host, tmp_path: Path, posix: None
) -> None:
    action = "runs: {using: composite, steps: [{run: 'exit 9', shell: bash}]}"
    places: dict[str, str | bytes] = {
        ".github/workflows/pull-requests.yml": "on: push", ".github/actions/grade/action.yml": action,
        f"exercises/{W1}/exercise.toml": "kind = 'graded'", f"{MINE}/app.py": "raise SystemExit('ran')",
    }  # fmt: skip
    jobs = graded(course, host, tmp_path, places)
    assert [job.result for job in jobs.values()] == ["success", "success"], jobs["grade"].log + jobs["post"].log
    (check,) = host.checks
    assert (check["conclusion"], check["output"]["title"]) == ("failure", "nothing of this pull request was graded")
    for place in [*places][:-1]:
        assert f"`{place}` is not yours to change" in host.comments[0]["body"]
    assert "Grade" not in jobs["grade"].environments
    assert not [path for _, path, _ in host.asked if "/git/" in path]
    assert_tells_nothing(everything(tmp_path, jobs, host), course, tmp_path)


def test_with_a_wrong_key_nothing_is_graded_and_the_student_is_not_to_blame(
    course: Hosted, host: Host, tmp_path: Path, posix: None
) -> None:
    jobs = graded(course, host, tmp_path, {f"{MINE}/app.py": HONEST}, key="another key")
    assert [job.result for job in jobs.values()] == ["failure", "success"]
    assert "Grade" not in jobs["grade"].environments
    (check,) = host.checks
    assert check["conclusion"] == "neutral"
    assert "the fault is the grader's" in host.comments[0]["body"]


def test_with_the_private_half_of_another_course_nothing_is_graded(
    course: Hosted, host: Host, tmp_path: Path, posix: None
) -> None:
    other = tmp_path / "other"
    (other / "tests" / "hidden").mkdir(parents=True)
    head = course.proposed({f"{MINE}/app.py": HONEST})
    jobs = course.runner(tmp_path / "run", host, head, private=other).run(
        course.repository.folder / ".github" / "workflows" / "pull-requests.yml"
    )
    assert [job.result for job in jobs.values()] == ["failure", "success"]
    assert re.search(
        r"the private half has no hidden tests or no reference of w1_greeting; give the job", jobs["grade"].log
    )
    assert "private-half" not in jobs["grade"].log.replace("path: private-half", "")
    assert host.checks[0]["conclusion"] == "neutral"
    assert "/100" not in posted(host)
