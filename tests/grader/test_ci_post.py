"""What is posted comes from a folder that nobody believes, and keeps to what GitHub takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import EngineFault
from grader.hosts.api import Api
from grader.hosts.handing_over import Note, write_note
from grader.hosts.posting import MARK, Told, post
from grader.hosts.pull_requests import Obstacle, PullRequest
from tests.grader import github_host
from tests.grader.github_host import COURSE, Host, Repository

HEAD = "b" * 40
OURS = "the fault is the grader's"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with github_host.serving(Repository(tmp_path)) as there:
        yield there


def posted(host: Host, folder: Path, language: str = "en") -> Told:
    return post(Api(host.address, "t"), PullRequest(COURSE, 7, "ada", "a" * 40, HEAD), folder, language)


def handed_over(folder: Path, exercise: str = "w1_greeting", page: str = "## page\n", **changes: object) -> Path:
    """Write what the job that grades hands over."""
    document: dict[str, Any] = {
        "exercise": exercise, "verdict": "graded", "score": {"earned": 40, "possible": 100}, "tests": [], **changes
    }  # fmt: skip
    write_note(folder, Note((exercise,)))
    for name, text in {
        f"documents/{exercise}/submission/{exercise}.json": json.dumps(document),
        f"pages/{exercise}.md": page,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("score", "conclusion", "title"),
    [
        ({"earned": 100, "possible": 100}, "success", "w1_greeting 100/100"),
        ({"earned": 99, "possible": 100}, "failure", "w1_greeting 99/100"),
        (None, "neutral", "w1_greeting –"),
    ],
)
def test_a_check_ends_as_the_points_say(score: object, conclusion: str, title: str, host: Host, tmp_path: Path) -> None:
    told = posted(host, handed_over(tmp_path, score=score))
    assert (told.conclusion, told.title) == (conclusion, title)
    assert host.checks[0]["head_sha"] == HEAD
    assert host.comments[0]["body"].startswith(MARK)


def test_a_long_page_is_cut_where_a_section_ends_and_says_so(host: Host, tmp_path: Path) -> None:
    sections = "".join(f"### ✗ `test_{number}`\n\n~~~text\n{'长' * 700}\n~~~\n\n" for number in range(100))
    posted(host, handed_over(tmp_path, page=f"## `w1`\n\n{sections}"))
    body = host.comments[0]["body"]
    assert len(host.checks[0]["output"]["summary"].encode()) < 61_000
    assert body.count("~~~") % 2 == 0
    assert "the rest is left out, for GitHub takes no more" in body


def test_at_most_fifty_lines_are_annotated(host: Host, tmp_path: Path) -> None:
    place = {"happened": "x\x1b", "look_at": "y", "place": {"file": "app.py", "line": 3}}
    tests = [{"id": f"test_{n}", "verdict": "wrong", "title": "t", "feedback": place} for n in range(80)]
    tests.insert(0, {**tests[0], "feedback": {**place, "place": {"file": "../../x", "line": 1}}})
    posted(host, handed_over(tmp_path, tests=tests))
    notes = host.checks[0]["output"]["annotations"]
    assert len(notes) == 50
    assert notes[0] == {
        "path": "submitted/ada/w1_greeting/app.py", "start_line": 3, "end_line": 3, "annotation_level": "failure",
        "title": "test_0", "message": "t\nx\\x1b\ny",
    }  # fmt: skip


def test_without_a_note_the_fault_is_ours(host: Host, tmp_path: Path) -> None:
    told = posted(host, tmp_path)
    assert told.conclusion == "neutral"
    assert OURS in host.comments[0]["body"]


def test_a_pull_request_about_something_else_is_told_so(host: Host, tmp_path: Path) -> None:
    write_note(tmp_path, Note())
    assert posted(host, tmp_path, "zh-CN").conclusion == "neutral"
    assert "没有提交任何练习" in host.comments[0]["body"]


@pytest.mark.parametrize(
    "change",
    [
        {"score": {"earned": 101, "possible": 100}}, {"score": {"earned": "100", "possible": 100}}, {"score": 100},
        {"exercise": "w2"}, {"verdict": None},
    ],
)  # fmt: skip
def test_a_document_of_another_form_is_not_believed(change: dict[str, object], host: Host, tmp_path: Path) -> None:
    folder = handed_over(tmp_path)
    path = folder / "documents" / "w1_greeting" / "submission" / "w1_greeting.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(EngineFault, match="is not what the job that grades writes"):
        posted(host, folder)
    assert (host.checks[0]["conclusion"], OURS in host.comments[0]["body"]) == ("neutral", True)


@pytest.mark.parametrize(
    "note",
    [
        "[" * 10_000, "[]", '{"exercises": ["../../etc/passwd"], "problems": [3]}', '{"exercises": [3], "problems": []}',
        '{"exercises": [], "problems": [{"key": "you earned {everything}", "values": {"everything": "100"}}]}',
        '{"exercises": ["../../x"], "problems": []}', "{" + " " * (5 << 20) + "}",
    ],
)  # fmt: skip
def test_a_note_of_another_form_is_not_believed(note: str, host: Host, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(note)
    with pytest.raises(EngineFault):
        posted(host, tmp_path)
    assert (host.checks[0]["conclusion"], OURS in host.comments[0]["body"]) == ("neutral", True)


def test_a_link_in_the_folder_is_not_followed(host: Host, tmp_path: Path, posix: None) -> None:
    folder = handed_over(tmp_path / "reports")
    (tmp_path / "secret").write_text("secret")
    (folder / "pages" / "w1_greeting.md").unlink()
    (folder / "pages" / "w1_greeting.md").symlink_to(tmp_path / "secret")
    with pytest.raises(EngineFault, match="not a regular file"):
        posted(host, folder)
    assert "secret" not in host.comments[0]["body"]


def test_problems_are_told_in_the_language_that_is_asked_for(host: Host, tmp_path: Path) -> None:
    write_note(tmp_path, Note((), (Obstacle("{file} is a link; hand in the file itself", {"file": "a`@school|\x1b"}),)))
    posted(host, tmp_path, "zh-CN")
    assert "- ``a`@school|\\x1b`` 是链接；请提交文件本身" in host.comments[0]["body"]


def test_a_comment_far_down_is_found(host: Host, tmp_path: Path) -> None:
    host.comments += [{"id": n, "issue": "7", "body": "x", "user": {"type": "User"}} for n in range(1, 150)]
    host.comments.append({"id": 150, "issue": "7", "body": MARK, "user": {"type": "Bot"}})
    posted(host, handed_over(tmp_path))
    assert len(host.comments) == 150
    assert "## page" in host.comments[-1]["body"]


def test_what_github_refuses_is_said(host: Host, tmp_path: Path) -> None:
    host.lies["check-runs"] = (403, b"{}")
    with pytest.raises(EngineFault, match="permissions of the job"):
        posted(host, handed_over(tmp_path))
