"""``grader serve``: an app for the browser, started again at each save, gone when it is told to stop."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from rich.console import Console

from grader.cli import main
from grader.course import load_course
from grader.errors import Misuse
from grader.models import Exercise, Limits
from grader.student.reporting import Session
from grader.student.serving import Serving, check_server, listen
from grader.student.speaking import Voice
from grader.testing.serve import SERVERS
from tests.grader.conftest import ROOT
from tests.grader.process_tree import below
from tests.grader.terminals import Terminal, surroundings

COURSE = load_course(ROOT)
A1 = COURSE.find("a1")
APP = """
def application(environ, start_response):
    print("asked for", environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return ["{0}".encode()]
"""
KEYS = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "grader", *sys.argv[1:]])
"""
"""Makes the terminal the one whose keys count: Ctrl-C is a signal then."""
TEXTS = {"heading": "heading", "advice": "advice"}
PATIENCE = 60.0
SERVED = [("d1", "/movies"), ("d3", "/movies"), ("b1", "/"), ("b4", "/"), ("a5", "/export.csv")]


def get(url: str, wanted: Callable[[requests.Response], bool] = lambda _: True) -> requests.Response:
    """Ask until the answer is as wanted; nobody may be turned away meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with requests.Session() as client:
            client.trust_env = False
            answer = client.get(url, timeout=PATIENCE)
        if wanted(answer):
            return answer
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[Terminal]:
    """Run the command on a terminal whose Ctrl-C works, on any free port."""
    command = [sys.executable, "-c", KEYS, "serve", *arguments, "--port", "0"]
    running = Terminal(command, ROOT, surroundings({}))
    try:
        yield running
    finally:
        running.close()


def address(shown: Terminal) -> str:
    """Return where the app is served."""
    shown.until("Ctrl-C")
    found = re.search(r"http://127\.0\.0\.1:\d+/", shown.page)
    assert found, shown.page
    return found[0]


@contextlib.contextmanager
def session(exercise: Exercise, folder: Path, server: str = "wsgiref") -> Iterator[tuple[Session, str, io.StringIO]]:
    """Serve in this process, without a terminal: the session is driven by `ask`."""
    said = io.StringIO()
    with listen(0) as listener:
        voice = Voice("en")
        voice.console = Console(file=said, width=200)
        found = Session(Serving(exercise, folder, server, listener, str(folder), TEXTS), voice)
        found.serving.start()
        try:
            yield found, f"http://127.0.0.1:{listener.getsockname()[1]}", said
        finally:
            found.serving.stop()


def turn_until(found: Session, condition: Callable[[], object]) -> None:
    """Let a session go on until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        found.turn()


@pytest.mark.parametrize(
    ("server", "lang", "saved", "broken", "over"),
    [
        ("wsgiref", "en", "app.py was saved", "your code could not be loaded: SyntaxError", "stopped"),
        ("waitress", "zh-CN", "app.py 已保存", "你的代码无法加载：SyntaxError", "已停止"),
        ("gunicorn", "en", "app.py was saved", "your code could not be loaded: SyntaxError", "stopped"),
    ],
)
def test_a_save_is_served_at_once_and_ctrl_c_leaves_nothing(
    posix: None, tmp_path: Path, server: str, lang: str, saved: str, broken: str, over: str
) -> None:
    file = tmp_path / "app.py"
    file.write_text(APP.format("一"), encoding="utf-8")
    with served("a1", "--file", str(tmp_path), "--server", server, "--lang", lang) as shown:
        url = address(shown)
        assert get(f"{url}霸?q=1").text == "一"
        shown.until("GET /霸?q=1")
        assert re.search(r"200 +3 B +\d+\.\d ms  GET /霸\?q=1", shown.page), shown.page
        file.write_text(APP.format("one more"), encoding="utf-8")
        assert get(url, lambda answer: answer.text == "one more").status_code == 200
        shown.until(saved)
        file.write_text(APP.format("half") + "def (", encoding="utf-8")
        answer = get(url, lambda answer: answer.status_code == 500)
        assert "SyntaxError" in answer.text
        assert "(app.py:6)" in answer.text
        shown.until(broken)
        file.write_text(APP.format("back"), encoding="utf-8")
        assert get(url, lambda answer: answer.text == "back").status_code == 200
        children = below(shown.process.pid)
        assert children
        shown.type("\x03")
        shown.until(over)
        assert shown.end() == 0
        assert not [child for child in children if child.alive()]
    assert "Traceback" not in shown.seen


def test_the_app_goes_when_whoever_started_it_is_killed(posix: None, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.format("x"), encoding="utf-8")
    with served("a1", "--file", str(tmp_path)) as shown:
        get(address(shown))
        children = below(shown.process.pid)
        os.kill(shown.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while any(child.alive() for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert children


def test_what_a_request_and_the_code_say_cannot_drive_the_terminal(tmp_path: Path) -> None:
    source = APP.format("x").replace('"asked for"', r'"\x1b[2Jasked\u202e"')
    (tmp_path / "app.py").write_text(source, encoding="utf-8")
    with session(A1, tmp_path) as (found, url, said):
        get(f"{url}/%1b[2J[red]x")
        turn_until(found, lambda: "GET" in said.getvalue() and "asked" in said.getvalue())
    assert "\x1b" not in said.getvalue()
    assert r"GET /\x1b[2J[red]x" in said.getvalue()
    assert r"\x1b[2Jasked\u202e" in said.getvalue()


def test_code_that_never_ends_at_import_gives_way_to_a_page_and_the_next_save(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("while True: pass", encoding="utf-8")
    with session(replace(A1, limits=Limits(load=1.0)), tmp_path) as (found, url, said):
        turn_until(found, lambda: "did not come to an end while it was imported" in said.getvalue())
        assert "did not come to an end" in get(url).text
        found.serving.exercise = A1
        (tmp_path / "app.py").write_text(APP.format("mended"), encoding="utf-8")
        turn_until(found, lambda: found.serving.run == 3 and found.serving.ready)
        assert get(url).text == "mended"


def test_a_request_that_never_ends_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.student.reporting.SLOW", 0.5)
    (tmp_path / "app.py").write_text("def application(e, s):\n    while True: pass\n", encoding="utf-8")
    with session(A1, tmp_path) as (found, url, said):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /loop HTTP/1.0\r\n\r\n")
            turn_until(found, lambda: "GET /loop has not come to an end" in said.getvalue())
    assert "a loop without end?" in said.getvalue()


def test_code_that_ends_its_process_is_named_and_served_as_such(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\ndef application(e, s): os._exit(3)\n", encoding="utf-8")
    with session(A1, tmp_path) as (found, url, said):
        with contextlib.suppress(requests.ConnectionError):
            get(url)
        turn_until(found, lambda: "ended its Python process (exit code 3)" in said.getvalue())
        assert "exit code 3" in get(url).text


@pytest.mark.parametrize(
    ("name", "path"), [("d1", "/movies"), ("d3", "/movies"), ("b1", "/"), ("b4", "/"), ("a5", "/export.csv")]
)
def test_every_kind_of_exercise_can_be_served(name: str, path: str, tmp_path: Path) -> None:
    exercise = COURSE.find(name)
    folder = shutil.copytree(ROOT / "solutions" / exercise.name, tmp_path / "work")
    with session(exercise, Path(folder)) as (found, url, said):
        answer = get(f"{url}{path}")
        turn_until(found, lambda: "GET" in said.getvalue())
    assert answer.status_code == 200, said.getvalue()
    assert len(answer.content) > 20
    assert bool(answer.headers.get("X-Request-ID")) == (name in ("b1", "d3"))


def test_a_port_in_use_names_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for lang, said in (("en", f"port {port} is in use"), ("zh-CN", f"端口 {port} 已被占用")):
            words = [
                "serve",
                "a1",
                "--file",
                str(A1.reference_folder),
                "--port",
                str(port),
                "--course",
                str(ROOT),
                "--lang",
                lang,
            ]
            result = CliRunner().invoke(main, words)
            assert result.exit_code == 2
            assert said in result.output
            (free,) = re.findall(r"--port (\d+)", result.output)
            assert int(free) != port
            with listen(int(free)):
                pass


def test_only_this_machine_can_reach_it() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("z9",), "there is no exercise 'z9'"), (("p0",), "p0 has no application"),
        (("a1", "--file", "nowhere"), "is no folder"), (("a2", "--file", "."), "app.py is missing"),
        (("a1", "--port", "70000"), "70000"), (("a1", "--server", "apache"), "apache"),
    ],
)  # fmt: skip
def test_wrong_usage_says_what_to_do(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["serve", *words, "--course", str(ROOT), "--lang", "en"])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_a_server_that_is_not_to_be_had_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVERS, "waitress", "no_such_package")
    with pytest.raises(Misuse, match="this machine lacks the server waitress"):
        check_server("waitress")
    monkeypatch.delattr(os, "fork", raising=False)
    with pytest.raises(Misuse, match="gunicorn does not run on this system"):
        check_server("gunicorn")


def test_only_files_of_the_application_count_as_saved(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "solutions" / COURSE.find("d3").name, tmp_path / "d3")
    with listen(0) as listener:
        found = Serving(COURSE.find("d3"), tmp_path / "d3", "wsgiref", listener, "", TEXTS)
        (tmp_path / "d3" / "films.sqlite3").write_bytes(b"x")
        (tmp_path / "d3" / "watchlist" / "notes.md").write_bytes(b"x")
        assert found.saved() == ""
        template = next((tmp_path / "d3" / "watchlist").rglob("*.html"))
        template.write_text("x", encoding="utf-8")
        assert Path(found.saved()) == template.relative_to(tmp_path / "d3")
        template.unlink()
        assert Path(found.saved()) == template.relative_to(tmp_path / "d3")
        assert found.saved() == ""


def test_ctrl_c_while_the_app_is_started_ends_serving_like_any_other() -> None:
    program = """
        import signal, sys, threading

        def interrupt(frame, event, _):
            called, caller = frame.f_code, frame.f_back and frame.f_back.f_code.co_filename or ""
            thread = (event, called.co_name, called.co_filename) == ("call", "start", threading.__file__)
            if thread and caller.endswith("serving.py"):
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)

        sys.setprofile(interrupt)
        sys.argv = ["grader", "serve", "a1", "--port", "0"]
        from grader.cli import run
        run()
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT, env=surroundings({}), encoding="utf-8", capture_output=True, timeout=60,
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.endswith("\nstopped\n")
