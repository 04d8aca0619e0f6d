"""A student's day on a real terminal: start, check, edit, watch, hint, hand in, and be graded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader.student.place import Place
from grader.student.state import load_state
from tests.grader.conftest import ROOT
from tests.grader.student_folders import solve, student_folder

pytestmark = pytest.mark.usefixtures("posix")
if sys.platform != "win32":
    from tests.grader.terminals import ESCAPES, surroundings, terminal

HIDDEN = {"en": "8 hidden tests worth 60 points run at grading", "zh-CN": "评分时还会运行 8 个隐藏测试，共 60 分"}
PUBLIC = {"en": "a1: public {}/40 points", "zh-CN": "a1：公开测试得分 {}/40"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return student_folder(tmp_path / "course", "a1", "a2", "a3")


def run(place: Place, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``grader`` without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *arguments], cwd=place.folder, env=surroundings(environment), capture_output=True,
        encoding="utf-8", timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_a_whole_day(place: Place, lang: str, tmp_path: Path) -> None:
    app = place.find("a1").folder / "app.py"
    with terminal(place.folder, "start", "a1", GRADER_LANG=lang) as screen:
        screen.until("exercises/a1_hello_wsgi/app.py")
        assert screen.end() == 0
    with terminal(place.folder, "check", GRADER_LANG=lang) as screen:
        page = screen.until(HIDDEN[lang][-6:])
        assert screen.end() == 1
        assert PUBLIC[lang].format(4) in page
        assert max(map(cell_len, page.splitlines())) <= 80
    with terminal(place.folder, "watch", GRADER_LANG=lang) as screen:
        screen.until("[q]")
        before = screen.type("h")
        assert "`print`" in screen.until("[q]", before)
        solve(place, "a1")
        page = screen.until(PUBLIC[lang].format(40), before)
        assert HIDDEN[lang] in page.replace("\n", " ")
        for number in (2, 3):
            before = screen.type("h")
            if number == 3:
                screen.until("> ", before)
                before = screen.type("我数的是字符\n")
            screen.until("[q]", before)
        before = screen.type("n")
        screen.until("A2 ·", before)
        screen.until("[q]", before)
        screen.type("q")
        assert screen.end() == 0
    record = load_state(place).of("a1_hello_wsgi")
    assert (record.rungs, [sentence.text for sentence in record.sentences]) == (3, ["我数的是字符"])
    assert record.check
    assert record.check.earned == 40
    with terminal(place.folder, "submit", "a1", GRADER_LANG=lang) as screen:
        screen.until("handed_in/a1_hello_wsgi-")
        assert screen.end() == 0
    (archive,) = place.folder.glob("handed_in/*.zip")
    graded = subprocess.run(
        [sys.executable, "-m", "grader", "grade", archive, "--course", ROOT, "--format", "json", "--no-store",
         "--min-isolation", "none"], cwd=tmp_path, env=surroundings({}), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    (document,) = json.loads(graded.stdout)
    assert (document["exercise"], document["verdict"]) == ("a1_hello_wsgi", "graded"), graded.stderr
    assert (document["score"]["earned"], document["ignored"]) == (100, ["submission.json"])
    assert app.read_bytes() == (ROOT / "solutions/a1_hello_wsgi/app.py").read_bytes()


def test_watching_bears_what_happens_to_files(place: Place) -> None:
    solve(place, "a1")
    app = place.find("a1").folder / "app.py"
    good = app.read_text(encoding="utf-8")
    with terminal(place.folder, "watch", "a1") as screen:
        screen.until("[q]")
        before = screen.type("")
        app.write_text("def application(:\n", encoding="utf-8")
        assert 'SyntaxError: "invalid syntax (app.py, line 1)"' in " ".join(screen.until("[q]", before).split())
        before = screen.type("")
        app.unlink()
        assert "app.py of a1 is gone" in screen.until("[q]", before)
        before = screen.type("")
        app.write_text("while True: pass\n", encoding="utf-8")
        screen.until("code that does not come to an end is stopped", before)
        time.sleep(2.2)  # what hangs for longer than a call may gives way to the next save
        app.write_text("", encoding="utf-8")
        app.write_text(good, encoding="utf-8")
        screen.until("public 40/40 points", before)
        before = screen.type("")
        app.write_text(good, encoding="utf-8")  # nothing has changed: no second verdict
        app.with_name("notes.txt").write_text("not handed in", encoding="utf-8")
        (place.find("a2").folder / "app.py").write_text("1/0\n", encoding="utf-8")
        page = screen.until("ZeroDivisionError", before)
        assert "A2 ·" in page
        assert "A1 ·" not in ESCAPES.sub("", screen.seen[before:])
        screen.type("\x1b[A")  # an arrow is no key of ours
        screen.type("q")
        assert screen.end() == 0
        assert "stopped watching" in screen.page


def test_an_endless_loop_is_named_and_the_watch_goes_on(place: Place) -> None:
    exercise = place.find("a1")
    manifest = exercise.folder / "exercise.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n[limits]\nload = 1.0\ndeaths = 1\n", encoding="utf-8")
    (exercise.folder / "app.py").write_text("while True: pass\n", encoding="utf-8")
    with terminal(place.folder, "watch", "a1") as screen:
        page = screen.until("[q]")
        assert "your code did not come to an end while it was imported" in page
        solve(place, "a1")
        screen.until("public 40/40 points")
        screen.type("q")
        assert screen.end() == 0


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", ("socket bytes out", "the server calls close()")), ("zh-CN", ("套接字发出的字节", "服务器调用 close()"))],
)
def test_a_key_traces_a_request_of_what_was_saved(place: Place, lang: str, said: tuple[str, str]) -> None:
    app = place.find("a1").folder / "app.py"
    solve(place, "a1")
    with terminal(place.folder, "watch", "a1", GRADER_LANG=lang) as screen:
        screen.until("[t]")
        before = screen.type("t")
        page = screen.until("[q]", before)
        assert "GET / HTTP/1.1" in page
        assert said[0] in page
        assert "Content-Length: 18" in page
        assert max(map(cell_len, page.splitlines())) <= 80
        before = screen.type("")
        app.write_text(app.read_text(encoding="utf-8").replace("return [] if", "yield from [] if"), encoding="utf-8")
        screen.until("[q]", before)
        before = screen.type("t")
        assert said[1] in screen.until("[q]", before)
        before = screen.type("")
        app.write_text("1/0\n", encoding="utf-8")
        screen.until("[q]", before)
        before = screen.type("t")
        assert "ZeroDivisionError" in screen.until("[q]", before)
        before = screen.type("")
        solve(place, "a1")
        screen.until(PUBLIC[lang].format(40), before)
        screen.type("q")
        assert screen.end() == 0


def test_a_trace_that_cannot_be_had_is_said_and_the_watch_goes_on(tmp_path: Path) -> None:
    place = student_folder(tmp_path / "course", "p0", "a1")
    with terminal(place.folder, "watch", "p0") as screen:
        screen.until("[t]")
        before = screen.type("t")
        assert "p0 has no application that answers requests" in " ".join(screen.until("[q]", before).split())
        before = screen.type("n")
        screen.until("A1 ·", before)
        screen.type("q")
        assert screen.end() == 0


def test_the_terminal_is_as_before_when_the_watch_is_killed_kindly(place: Place) -> None:
    import termios

    with terminal(place.folder, "watch", "a1") as screen:
        before = termios.tcgetattr(screen.master)
        screen.until("[q]")
        assert termios.tcgetattr(screen.master) != before
        screen.process.terminate()
        assert screen.end() == 143
        assert termios.tcgetattr(screen.master) == before


def test_the_terminal_is_as_before_when_ctrl_c_is_pressed_again_and_again(place: Place, tmp_path: Path) -> None:
    import termios

    (folder := tmp_path / "temporary").mkdir()
    with terminal(place.folder, "watch", TMPDIR=str(folder)) as screen:
        before = termios.tcgetattr(screen.master)
        screen.until("[q]")
        assert termios.tcgetattr(screen.master) != before
        while not screen.ended:
            os.kill(screen.process.pid, signal.SIGINT)
            screen.read(0.02)
        assert screen.end() == 0
        assert termios.tcgetattr(screen.master) == before
        assert "stopped watching" in screen.page
        assert "Traceback" not in screen.page
    assert not list(folder.iterdir())


def test_without_a_terminal_there_are_no_keys_and_no_colours(place: Place) -> None:
    solve(place, "a1")
    watching = subprocess.Popen(
        [sys.executable, "-m", "grader", "watch", "a1"], cwd=place.folder, env=surroundings({}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert watching.stdout
        lines: list[str] = []
        while not lines or "checked at" not in lines[-1]:
            lines.append(watching.stdout.readline().decode())
            assert lines[-1], b"".join(watching.stderr or [])
    finally:
        watching.terminate()
        watching.communicate()
    text = "".join(lines)
    assert "public 40/40" in text
    assert "\x1b" not in text
    assert "[q]" not in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_plain_terminal_gets_words_only(place: Place, environment: dict[str, str]) -> None:
    solve(place, "a1")
    with terminal(place.folder, "check", "a1", **environment) as screen:
        page = screen.until("design 8")
        assert screen.end() == 0
    assert "✓ correctness: 6 of 6 public tests passed, 36 of 36 points" in page
    assert "\x1b[3" not in screen.seen


@pytest.mark.parametrize(
    ("encoding", "wanted"),
    [("ascii", "+ correctness: 6 of 6"), ("gbk", "+ 正确性：6 个公开测试"), ("utf-8", "✓ 正确性：6 个公开测试")],
)
def test_a_terminal_of_another_encoding_is_spoken_to_in_its_characters(
    place: Place, encoding: str, wanted: str
) -> None:
    solve(place, "a1")
    done = subprocess.run(
        [sys.executable, "-W", "error::EncodingWarning", "-X", "warn_default_encoding", "-m", "grader", "check", "a1"],
        cwd=place.folder, env=surroundings({"GRADER_LANG": "zh-CN", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}),
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert wanted in done.stdout.decode(encoding)
