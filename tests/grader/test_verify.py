"""A course proves itself: each check is shown by a small course in which one thing is broken, and by what it then says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.course import load_course
from grader.errors import UsageError
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import Complaint, Verification, Visibility
from grader.models import TestInfo as Info
from grader.proving import agreement, promises, schedule, secrecy, update
from grader.proving.verify import Wishes, of_course, of_exercise, verify
from grader.reports import proof
from grader.samples import load_samples
from tests.grader.conftest import ROOT, skip
from tests.grader.two_exercises import APP, FILES, W1, W2, app, expected, write

E1, E2 = f"exercises/{W1}", f"exercises/{W2}"
S1, S2 = f"tests/submissions/{W1}", f"tests/submissions/{W2}"
H1 = f"tests/hidden/{W1}"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """The small course, whole."""
    return write(tmp_path / "small")


def said(complaints: Iterator[Complaint] | tuple[Complaint, ...], base: Path) -> list[str]:
    """Return complaints as one reads them, each in a line."""
    return [f"{proof.shown(one.path, base)}: {proof.place(one)}{one.text}" for one in complaints]


def read(folder: Path) -> list[str]:
    """Return what reading a course finds."""
    course = load_course(folder)
    public = secrecy.runs_of(secrecy.public_files(course))
    guard = Guard(secrets_of(folder, folder))
    found = said(of_course(course, folder, guard), folder)
    return found + [
        line for one in course.exercises.values() for line in said(of_exercise(one, folder, public), folder)
    ]


def graded(folder: Path, *names: str, **wishes: bool) -> list[Verification]:
    """Return what grading finds in some exercises of a course."""
    course = load_course(folder)
    chosen = [course.find(name) for name in names]
    return verify(course, folder, chosen, Wishes(**wishes), lambda _done, _total: None)[1:]


def lines(found: list[Verification], folder: Path) -> list[str]:
    """Return the complaints of some exercises."""
    return [line for one in found for line in said(one.complaints, folder)]


def run(folder: Path, *words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["verify", "--course", str(folder), *words], env={"COLUMNS": "200"})


# -- what reading tells


def test_a_course_that_keeps_its_promises_has_no_complaint(course: Path) -> None:
    assert read(course) == []


def test_this_course_keeps_what_reading_can_tell() -> None:
    assert read(ROOT) == []


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return what replaces a text in a file."""

    def act(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return act


def add(name: str, text: str = "") -> Callable[[Path], None]:
    """Return what adds a file."""

    def act(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return act


def remove(name: str) -> Callable[[Path], None]:
    """Return what removes a file or a folder."""

    def act(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return act


BROKEN = {
    "a folder without an exercise": (
        add("solutions/w3_unknown/app.py"),
        "solutions/w3_unknown: there is no exercise of this name: add",
    ),
    "a name that is none": (
        add("tests/hidden/Greeting/test_a.py", "LEAK_MARKER = 'leak-marker-00aa11bb22'\n"),
        "tests/hidden/Greeting: no name for an exercise; rename the folder in every tree: a letter, digits",
    ),
    "a stray file in a tree": (
        add("tests/submissions/notes.txt"),
        "tests/submissions/notes.txt: a stray file: tests/sub",
    ),
    "a stray file in an exercise": (add(f"{E1}/todo.txt"), f"{E1}/todo.txt: a stray file: no part of an exercise"),
    "a stray file beside hidden tests": (
        add(f"{H1}/old.json"),
        f"{H1}/old.json: a stray file: no test, and no test names it",
    ),
    "a stray file in a solution": (
        add(f"solutions/{W1}/notes.md"),
        f"solutions/{W1}/notes.md: a stray file: 'files' in exercise.toml does not name it; remove it, or name it there",
    ),
    "no reference": (
        remove(f"solutions/{W1}"),
        f"solutions/{W1}: there is no reference solution: write app.py there",
    ),
    "no hidden tests": (remove(f"{H1}/test_length.py"), f"{H1}: there are no hidden tests: write test_….py"),
    "no public tests": (remove(f"{E1}/test_greeting.py"), f"{E1}: there are no public tests: write test_….py"),
    "no Chinese statement": (
        remove(f"{E1}/README.zh-CN.md"),
        f"{E1}/README.zh-CN.md: missing; every exercise has one; write it",
    ),
    "no hints": (remove(f"{E1}/hints.md"), f"{E1}/hints.md: missing; every exercise has one; write it"),
    "a sample without expectation": (
        remove(f"{S1}/no_length/expected.toml"),
        f"{S1}/no_length: no sample, for it has no expected.toml: write one, or remove the folder",
    ),
    "a sample that hands in nothing": (
        remove(f"{S1}/no_length/app.py"),
        f"{S1}/no_length: nothing is handed in: write",
    ),
    "feedback of a right solution": (
        add(f"{S1}/lower_case/feedback.en.txt"),
        f"{S1}/lower_case/feedback.en.txt: feedback is kept for misconception, do-nothing, broken only; remove it",
    ),
    "another anchor": (
        change(f"{E1}/README.zh-CN.md", 'id="length"', 'id="size"'),
        f"{E1}/README.zh-CN.md: line 4: anchors: 'size' here, 'length' in line 4 of README.md; both have the same ones",
    ),
    "another section": (
        change(f"{E1}/README.zh-CN.md", "## 分值", "### 分值"),
        f"{E1}/README.zh-CN.md: line 6: sections: 'a heading ###' here, 'a heading ##' in line 6 of README.md",
    ),
    "another code block": (
        change(f"{E1}/README.zh-CN.md", 'print("hello")', 'print("你好")'),
        f'{E1}/README.zh-CN.md: line 8: code blocks: \'```python\\nprint("你好")\\n```\' here, \'```python\\nprint("hello")',
    ),
    "other points": (
        change(f"{E1}/README.zh-CN.md", "共 40 分", "共 60 分"),
        f"{E1}/README.zh-CN.md: line 12: points: '60' here, '40' in line 12 of README.md",
    ),
    "a level of hints less": (
        change(f"{E1}/hints.zh-CN.md", "## 2\n\n字节。\n", ""),
        f"{E1}/hints.zh-CN.md: sections: nothing more here, 'a heading ##' in line 7 of hints.md",
    ),
    "a text without translation": (
        change(f"{H1}/messages.zh-CN.po", 'msgid "how many bytes are in the body?"\nmsgstr "响应体有多少个字节？"', ""),
        f"{H1}/messages.zh-CN.po: not translated: 'how many bytes are in the body?', from test_length.py; add an entry",
    ),
    "a translation that nothing needs": (
        change(f"{E1}/messages.zh-CN.po", 'msgid "which bytes', 'msgid "old"\nmsgstr "旧"\n\nmsgid "which bytes'),
        f"{E1}/messages.zh-CN.po: line 10: no test says 'old' any more; remove the entry",
    ),
    "no catalogue": (
        remove(f"{E1}/messages.zh-CN.po"),
        f"{E1}/messages.zh-CN.po: missing: 2 texts of the tests beside it have no translation; write it",
    ),
    "a translation that is badly written": (
        change(f"{E1}/messages.zh-CN.po", "响应体里是哪些字节？", "body 里是哪些bytes?"),
        f"{E1}/messages.zh-CN.po: line 10: 'body 里是哪些bytes?' lacks a blank between Chinese and Latin",
    ),
    "no leak marker": (
        change(f"{H1}/test_length.py", 'LEAK_MARKER = "leak-marker-3f9a61c7-w1"', ""),
        f"{H1}/test_length.py: has no leak marker; add LEAK_MARKER",
    ),
    "a leak marker in public": (
        change(f"{E1}/README.md", "# A greeting", "# A greeting leak-marker-3f9a61c7-w1"),
        "exercises: tells something of the private half: ",
    ),
    "an answer in the hints": (
        change(f"{E1}/hints.md", "Bytes.\n", "Bytes.\n\n" + app('("Content-Length", str(len(body)))')),
        f"solutions/{W1}/app.py: line 1: 3 lines in a row stand in hints.md:11 too ('def application(environ, start_r",
    ),
    "a hidden test in public": (
        change(f"{E2}/hints.md", "One header more.\n", FILES[f"{H1}/test_length.py"].partition("@")[2]),
        f"{H1}/test_length.py: line 7: 3 lines in a row stand in hints.md:",
    ),
}


@pytest.mark.parametrize(("broken", "says"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_said_with_place_and_remedy(course: Path, broken: Callable[[Path], None], says: str) -> None:
    broken(course)
    assert [line for line in read(course) if line.startswith(says)], read(course)


def test_a_starter_may_share_lines_with_the_reference_and_data_with_everybody(course: Path) -> None:
    rows = 'FILMS = [\n    ("one", 1),\n    ("two", 2),\n]\n'
    for path in (f"solutions/{W1}/app.py", f"{E2}/app.py"):
        (course / path).write_text(rows + (course / path).read_text(encoding="utf-8"), encoding="utf-8")
    (course / E1 / "app.py").write_text(APP.format(body="b''", headers=""), encoding="utf-8")
    assert read(course) == []


# -- the rubric


def rows(*points: int) -> list[Info]:
    """Return public tests with points."""
    title = {"en": "a", "zh-CN": "一"}
    return [Info(f"test_{n}", Visibility.PUBLIC, "design", worth, title) for n, worth in enumerate(points)]


def test_points_that_do_not_sum_up_are_told_test_by_test(course: Path) -> None:
    found = said(promises.totals(load_course(course).find("w1"), rows(30, 8)), course)
    assert f"{E1}: the public tests are worth 38 points, not 40: test_0 30, test_1 8; change points(n, …)" in found
    assert any(line.startswith(f"{H1}: the hidden tests are worth 0 points, not 60") for line in found)


def test_tests_without_their_promises_are_all_told_at_once(course: Path, walled: None) -> None:
    text = (course / H1 / "test_length.py").read_text(encoding="utf-8")
    text += "\n\ndef test_a():\n    '''a'''\n\n\n"
    text += "@mark.points(1, 'beauty', statement='length')\ndef test_b():\n    '''b'''\n\n\n"
    text += "@mark.points(1, 'design', statement='nowhere')\ndef test_c():\n    '''c'''\n\n\n"
    text += "@mark.points(1, 'design')\ndef test_d():\n    '''d'''\n"
    (course / H1 / "test_length.py").write_text(text, encoding="utf-8")
    found = lines(graded(course, "w1"), course)
    place = f"{H1}/test_length.py: line "
    wanted = [
        f"{place}14: the test has no points; mark it with @mark.points(n, category, …)",
        f"{place}18: points(n, category): n a whole number, category one of correctness, protocol, robustness, design",
        f"{place}23: the statement has no anchor 'nowhere' in every language; it has: greeting, length",
        f"{place}28: the test cites neither a rule nor a sentence of the statement",
    ]
    assert [line for line in found if line in wanted] == wanted, found


def test_texts_that_are_no_constants_are_all_told_at_once(course: Path) -> None:
    text = (course / H1 / "test_length.py").read_text(encoding="utf-8")
    text = text.replace('"which bytes are in the body?"', 'f"{seen}"').replace(
        ', "how many bytes are in the body?"', ""
    )
    (course / H1 / "test_length.py").write_text(text, encoding="utf-8")
    found = read(course)
    for line in (10, 11):
        message = f"{H1}/test_length.py: line {line}: the assert has no constant message; write one, without f-string"
        assert message in found


# -- what grading tells


def test_both_exercises_are_proven_and_feedback_is_recorded_once(course: Path, walled: None) -> None:
    first = run(course, "--json")
    assert first.exit_code == 1, first.output
    found = {one["exercise"]: one for one in json.loads(first.stdout)}
    assert found[None]["complaints"] == []
    missing = (
        "missing: nobody has looked at what a student reads; if this is how it shall read, run grader verify --record"
    )
    assert {one["text"].partition(" and review")[0] for name in (W1, W2) for one in found[name]["complaints"]} == {
        missing
    }
    assert [(found[name]["hidden_tests"], found[name]["samples"]) for name in (W1, W2)] == [(1, 3), (2, 3)]
    second = run(course, "--record", "--workers", "2")
    assert second.exit_code == 0, second.output
    assert f"{S2}/not_found/feedback.zh-CN.txt" in second.stdout
    page = (course / S1 / "no_length" / "feedback.en.txt").read_text(encoding="utf-8")
    assert "✗ test_says_how_long  0/60  protocol · hidden test · wrong\n" in page
    assert "  LOOK AT            how many bytes are in the body?\n" in page
    third = run(course)
    assert (third.exit_code, "Complaints" in third.stdout) == (0, False), third.output
    assert third.stdout.count("proven") == 2
    assert "verifying: 8 of 8" in third.stderr


def test_samples_that_come_to_something_else_are_told_by_file_and_key(course: Path, walled: None) -> None:
    add(f"{S1}/lower_case/app.py", app())(course)
    add(f"{S1}/no_length/app.py", FILES[f"solutions/{W1}/app.py"])(course)
    add(f"{S1}/not_found/app.py", app())(course)
    add(f"{S1}/two/app.py", app(body="b''"))(course)
    add(f"{S1}/two/expected.toml", expected("misconception", "Two.", "test_greets", "test_says_how_long"))(course)
    add(f"{E1}/app.py", app())(course)
    change(f"{E1}/exercise.toml", "points = 60", "points = 50")(course)
    change(f"{E1}/exercise.toml", "how long", "when")(course)
    found = [line for line in lines(graded(course, "w1"), course) if "feedback" not in line]
    assert sorted(line.partition(";")[0] for line in found) == sorted([
        f"{E1}/exercise.toml: [[hidden]]: test_says_how_long: points is 50 here, 60 in the tests",
        f"{E1}/exercise.toml: [[hidden]]: test_says_how_long: title is {{'en': 'the answer says when its body is', "
        "'zh-CN': '响应说明响应体有多长'} here, {'en': 'the answer says how long its body is', "
        "'zh-CN': '响应说明响应体有多长'} in the tests",
        f"{E1}: the starter earns 40 points, at most 10 are right: test_greets 40",
        f"{S1}/lower_case/expected.toml: failed: failed: test_says_how_long",
        f"{S1}/no_length/expected.toml: failed: failed: none",
        f"{S1}/not_found/expected.toml: failed: failed: test_says_how_long",
        f"{S1}/not_found/expected.toml: doing nothing earns 40 points, at most 10 are right: test_greets 40",
        f"{S1}/two/expected.toml: [reasons]: one mistake fails test_greets, test_says_how_long: say in [reasons] of all but "
        "one why it does",
    ])  # fmt: skip


def test_a_hidden_test_that_no_misconception_fails_is_told(course: Path, walled: None) -> None:
    shutil.rmtree(course / S1 / "no_length")
    shutil.rmtree(course / S2 / "one_path")
    remedy = "no sample of a misconception fails it, so nobody knows that it finds one; add such a sample"
    found = lines(graded(course, "w1", "w2"), course)
    assert [line for line in found if "feedback" not in line] == [
        f"{H1}: test_says_how_long: {remedy}",
        f"tests/hidden/{W2}: test_polite_everywhere: {remedy}",
    ]


def test_a_reference_that_is_not_full_marks_is_told_and_nothing_is_graded(course: Path, walled: None) -> None:
    add(f"solutions/{W1}/app.py", app())(course)
    (one,) = graded(course, "w1")
    (line,) = said(one.complaints, course)
    assert line.startswith(
        f"solutions/{W1}: the reference is not full marks, so nothing is graded: test_says_how_long: Asser"
    )
    assert one.hidden_tests == 0


def test_feedback_that_reads_otherwise_is_told_by_its_line(course: Path, walled: None) -> None:
    graded(course, "w1", record=True)
    change(f"{S1}/no_length/feedback.en.txt", "LOOK AT            how many", "LOOK AT            which")(course)
    assert lines(graded(course, "w1"), course) == [
        f"{S1}/no_length/feedback.en.txt: line 11: a student reads 'LOOK AT            how many bytes are in the body?', not "
        "'LOOK AT            which bytes are in the body?'; if this is how it shall read, run grader verify --record and "
        "review the diff"
    ]


# -- what is written


def test_record_rewrites_lists_and_keeps_the_rest_but_never_the_kind(course: Path, walled: None) -> None:
    add(
        f"{S1}/no_length/expected.toml",
        expected("misconception", "No length.", "test_greets", more="\n[reasons]\n# why\n"),
    )(course)
    add(f"{S1}/lower_case/app.py", app())(course)
    add(f"{S1}/right/app.py", FILES[f"solutions/{W1}/app.py"])(course)
    add(f"{S1}/right/expected.toml", expected("misconception", "Is right.", "test_says_how_long"))(course)
    before = (course / S1 / "lower_case" / "expected.toml").read_bytes()
    (one,) = graded(course, "w1", record=True)
    now = (course / S1 / "no_length" / "expected.toml").read_text(encoding="utf-8")
    assert now == expected("misconception", "No length.", "test_says_how_long", more="\n[reasons]\n# why\n")
    assert (course / S1 / "lower_case" / "expected.toml").read_bytes() == before
    refused = [line.partition(";")[0] for line in said(one.complaints, course) if "not recorded" in line]
    assert refused == [
        f"{S1}/lower_case/expected.toml: kind: not recorded: an alternative that is no longer full marks: it fails "
        "test_says_how_long",
        f"{S1}/right/expected.toml: kind: not recorded: a sample of the kind misconception that has full marks",
    ]
    assert not (course / S1 / "right" / "feedback.en.txt").exists()


def test_update_rewrites_the_list_and_keeps_what_stands_above_byte_for_byte(course: Path, walled: None) -> None:
    path = course / E1 / "exercise.toml"
    right = path.read_bytes()
    change(f"{E1}/exercise.toml", "points = 60", "points = 1")(course)
    (one,) = graded(course, "w1", update=True)
    assert path.read_bytes() == right
    assert one.written == (path,)
    assert [line for line in said(one.complaints, course) if "feedback" not in line] == []


@pytest.mark.parametrize("kept", ["a = 1\r\n", "a = 1 # odd\n\n[limits]\ncall = 1.5\n", "a = '''\n[[hidden]'''\n"])
def test_the_list_goes_below_everything_else(kept: str, tmp_path: Path) -> None:
    section = update.hidden_section([Info("test_a", Visibility.HIDDEN, "design", 8, {"en": 'a "b"\\', "zh-CN": "一"})])
    once = update.with_section(kept, section, tmp_path)
    assert once.startswith(kept.rstrip("\n"))
    assert update.with_section(once, section, tmp_path) == once
    assert once.endswith(
        '\n[[hidden]]\nid = "test_a"\ncategory = "design"\npoints = 8\n[hidden.title]\nen = "a \\"b\\"\\\\"\nzh-CN = "一"\n'
    )


def test_a_table_below_the_list_is_refused_and_not_lost(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"exercise.toml:4: \[limits\] stands below the list of hidden tests; move it above"
    ):
        update.with_section('a = 1\n[[hidden]]\nid = "test_a"\n[limits]\n', "", tmp_path / "exercise.toml")


# -- diagnostics and predictions

P0 = "p0_html_and_python"
SP0 = f"tests/submissions/{P0}"


@pytest.fixture
def warm_up(tmp_path: Path) -> Path:
    """A course with the diagnostic alone."""
    for tree in ("exercises", "solutions", "tests/submissions"):
        shutil.copytree(ROOT / tree / P0, tmp_path / tree / P0, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_samples_of_a_diagnostic_are_graded_too(warm_up: Path, walled: None) -> None:
    (whole,) = graded(warm_up, "p0")
    assert lines([whole], warm_up) == []
    assert whole.samples == len(load_samples(warm_up, load_course(warm_up).find("p0"))) > 0
    solution = (warm_up / "solutions" / P0 / "warmup.py").read_text(encoding="utf-8")
    wrong = (warm_up / SP0 / "counter_from_zero" / "warmup.py").read_text(encoding="utf-8")
    for act in (
        remove(f"{SP0}/numbers_for_bytes"),
        remove(f"{SP0}/generator_of_the_module"),
        add(f"{SP0}/bound_next/warmup.py", wrong),
        add(f"{SP0}/missing_cell/warmup.py", solution),
        add(f"exercises/{P0}/warmup.py", solution),
        add(f"{SP0}/notes.txt"),
        change(f"{SP0}/counter_from_zero/feedback.en.txt", "[0, 1, 2]", "[0, 0, 0]"),
        change(f"{SP0}/table_is_text/expected.toml", '"test_table_is_bytes"', '"test_table_is_utf8"'),
    ):
        act(warm_up)
    found = sorted(line.partition(";")[0] for line in lines(graded(warm_up, "p0"), warm_up))
    begins = [
        f"exercises/{P0}: test_chunks_are_bytes: no sample of a misconception fails it, so nobody knows that it finds one",
        f"exercises/{P0}: test_chunks_begins_anew: no sample of a misconception fails it, so nobody knows",
        f"exercises/{P0}: the starter answers 100 %, at most 10 are right: test_esc_in_a_text, test_esc_in_an_attribute, ",
        f"{SP0}/bound_next/expected.toml: failed: failed: test_counter_counts",
        f"{SP0}/bound_next/expected.toml: skipped: skipped: test_counters_are_independent",
        f"{SP0}/counter_from_zero/feedback.en.txt: line 7: a student reads 'WHAT HAPPENED      the result was not the promised",
        f"{SP0}/missing_cell/expected.toml: failed: failed: none",
        f"{SP0}/notes.txt: a stray file: each sample is a folder",
        f"{SP0}/table_is_text/expected.toml: failed: failed: test_table_is_bytes",
    ]
    assert len(found) == len(begins), "\n".join(found)
    assert all(line.startswith(begin) for line, begin in zip(found, begins, strict=True)), "\n".join(found)


def test_record_keeps_what_samples_of_a_diagnostic_come_to_but_never_makes_one_kind_of_another(
    warm_up: Path, walled: None
) -> None:
    right = (warm_up / SP0 / "table_is_text" / "expected.toml").read_bytes()
    manifest = (warm_up / "exercises" / P0 / "exercise.toml").read_bytes()
    add(f"{SP0}/missing_cell/warmup.py", (warm_up / "solutions" / P0 / "warmup.py").read_text(encoding="utf-8"))(
        warm_up
    )
    add(f"{SP0}/bound_next/warmup.py", "")(warm_up)
    change(f"{SP0}/table_is_text/expected.toml", '"test_table_is_bytes"', '"test_table_is_utf8"')(warm_up)
    remove(f"{SP0}/none/feedback.zh-CN.txt")(warm_up)
    (one,) = graded(warm_up, "p0", record=True, update=True)
    assert [path.relative_to(warm_up / SP0).as_posix() for path in one.written] == [
        "none/feedback.zh-CN.txt",
        "table_is_text/expected.toml",
    ]
    assert (warm_up / SP0 / "table_is_text" / "expected.toml").read_bytes() == right
    assert (warm_up / "exercises" / P0 / "exercise.toml").read_bytes() == manifest
    refused = [line.partition(":")[0] for line in lines([one], warm_up) if "not recorded" in line]
    assert refused == [f"{SP0}/bound_next/expected.toml", f"{SP0}/missing_cell/expected.toml"]


A1 = "exercises/a1_hello_wsgi"
RIGHT = "called > start_response('200 OK', 2 headers) > returned list"
DISAGREEING = {
    "a question": (
        change(f"{A1}/README.zh-CN.md", "2. 最后一行是 `return []`。", "2. 最后一行没有了。"),
        f"{A1}/README.zh-CN.md: asks ['最后一行不是 `return [body]`，而是 `yield body`。', '最后一行没有了。', ",
    ),
    "the program": (
        change(f"{A1}/README.md", "    return [body]\n```", "    return [body, b'']\n```"),
        f"{A1}/README.md: its first program is not the one of predictions.toml",
    ),
    "a trace": (
        change(f"{A1}/README.md", "returned list > yield bytes[13]", "returned list > yield bytes[12]"),
        f"{A1}/README.md: line 39: shows \"called > start_response('200 OK', 2 headers) > returned list > yield bytes[12]\", ",
    ),
    "the command": (
        change(f"{A1}/README.md", "`grader predict a1`", "`grader predict`"),
        f"{A1}/README.md: does not say that `grader predict a1` asks its predictions; add a sentence",
    ),
    "a wrong choice": (
        change(f"{A1}/predictions.toml", 'is = "called > returned list"', f'is = "{RIGHT}"'),
        f"{A1}/predictions.toml: question 2: {RIGHT!r} stands among the wrong choices, and it is what really happens; change",
    ),
    "a key": (
        change(f"{A1}/predictions.toml", "change = [", "chance = ["),
        f"{A1}/predictions.toml: question 1: unknown key 'chance'; did you mean 'change'?",
    ),
}


@pytest.mark.parametrize(("broken", "says"), DISAGREEING.values(), ids=DISAGREEING)
def test_predictions_that_are_not_those_of_the_statement_are_told(
    tmp_path: Path, broken: Callable[[Path], None], says: str
) -> None:
    shutil.copytree(ROOT / A1, tmp_path / A1, ignore=shutil.ignore_patterns("__pycache__"))
    exercise = load_course(tmp_path).find("a1")
    assert said(agreement.of_predictions(exercise), tmp_path) == []
    broken(tmp_path)
    (line,) = said(agreement.of_predictions(exercise), tmp_path)
    assert line.startswith(says), line


def test_a_proof_asks_the_predictions_if_there_are_any(course: Path, walled: None) -> None:
    found = lines(graded(course, "w1"), course)
    assert not [line for line in found if "predict" in line]
    shutil.copy(ROOT / A1 / "predictions.toml", course / E1)
    found = lines(graded(course, "w1"), course)
    assert f"{E1}/README.md: its first program is not the one of predictions.toml" in found
    assert f"{E1}/README.zh-CN.md: does not say that `grader predict w1` asks its predictions; add a sentence" in found


# -- what cannot be tried here


def test_a_sample_that_needs_what_is_not_here_is_skipped_and_fails_only_where_everything_must_run(
    course: Path, walled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded(course, "w1", record=True)
    text = expected("alternative", "The name is in lower case.", more='needs = ["no_such_library"]\n')
    add(f"{S1}/lower_case/expected.toml", text)(course)
    monkeypatch.delenv("GRADER_CI", raising=False)
    here = run(course, "w1")
    assert here.exit_code == 0, here.output
    assert "Not tried here" in here.stdout
    assert "needs no_such_library; uv sync adds the developers' libraries" in here.stdout
    monkeypatch.setenv("GRADER_CI", "1")
    assert run(course, "w1").exit_code == 1


@pytest.mark.usefixtures("no_walls")
def test_without_walls_no_sample_is_run_and_nothing_is_called_proven(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRADER_CI", raising=False)
    result = run(course, "w1")
    assert result.exit_code == 0, result.output
    assert "not all tried" in result.stdout
    assert f"{E1}\n  needs better walls than there are here" in result.stdout
    for sample in load_samples(course, load_course(course).find("w1")):
        line = f"{S1}/{sample.name}\n  isolation level confined is not to be had here; grader doctor says what to do"
        assert line in result.stdout


def test_ctrl_c_ends_a_proof_without_a_traceback_and_without_leftovers(course: Path, walled: None) -> None:
    if sys.platform == "win32":
        skip("this test sends SIGINT", "run it on Linux or macOS")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "verify", "--workers", "1", "--course", str(course)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task")
    deadline = time.monotonic() + 60
    workers: list[str] = []
    while not workers and time.monotonic() < deadline:
        workers = [pid for path in children.glob("*/children") for pid in path.read_text().split()]
    assert workers
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_an_exercise_that_is_not_there_is_wrong_usage(course: Path) -> None:
    result = run(course, "w9")
    assert result.exit_code == 2
    assert "there is no exercise 'w9'" in result.output


# -- the schedule


def test_a_grader_stays_with_its_exercise_and_helps_elsewhere_only_if_that_is_worth_a_worker() -> None:
    plan: schedule.Schedule[int] = schedule.Schedule()
    plan.add("a", range(2))
    plan.add("b", range(schedule.WORTH + 1))
    first: set[str] = set()
    second: set[str] = set()
    third: set[str] = set()
    assert plan.take(first) == ("a", 0)
    assert plan.take(second) == ("b", 0)
    assert plan.take(first) == ("a", 1)
    assert plan.take(first) == ("b", 1)
    assert plan.take(third) is None
    plan.drop("b")
    assert plan.take(second) is None


def test_hands_that_break_stop_the_others() -> None:
    stopped = []

    def work() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        schedule.side_by_side(2, work, lambda: stopped.append(1))
    assert stopped == [1]
