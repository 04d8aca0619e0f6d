"""Serving over real HTTP: the submission is reached, and the judge's client is not led anywhere else or held for ever."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from grader.course import load_course
from grader.errors import Unavailable
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation, Outcome, Submission, Verdict
from grader.testing.events import Recorder
from grader.testing.network import Elsewhere, hook
from grader.testing.outcome import observe
from tests.grader.scenarios import SERVED, at_level, runtime_at, serve_for
from tests.grader.test_plain_run import run_pytest

Grade = Callable[[str], Attempt]
RIGHT_FOLDER = Path(__file__).parents[2] / "solutions" / "a1_hello_wsgi"
RIGHT = (RIGHT_FOLDER / "app.py").read_text(encoding="utf-8")


@pytest.fixture
def grade(a_copy: Path, walled: None) -> Iterator[Grade]:
    manifest = a_copy / "exercises" / "a1_hello_wsgi" / "exercise.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("[title]", "[limits]\ntest = 2.0\n[title]", 1), encoding="utf-8")
    grader = Grader(load_course(a_copy), a_copy, Isolation.CONFINED)
    yield lambda source: grader.grade(Submission("a1_hello_wsgi", None, "", {"app.py": source.encode()}))
    grader.close()


def served(attempt: Attempt) -> Verdict:
    assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
    return next(result.verdict for result in attempt.results if result.info.id == "test_served_by_wsgiref")


def replaced(body: str) -> str:
    """Return the right submission with another application."""
    return f"{RIGHT}\n\ndef application(environ, start_response):\n    {body}\n"


def test_a_redirect_leads_the_judge_nowhere(grade: Grade) -> None:
    assert served(grade(RIGHT)) is Verdict.PASSED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        for place in (f"http://127.0.0.1:{listener.getsockname()[1]}/", "http://host.invalid/", "http://[::1]:1/"):
            attempt = grade(replaced(f"start_response('302 Found', [('Location', {place!r})]); return []"))
            assert served(attempt) is Verdict.WRONG
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_an_answer_that_drips_ends_with_the_time_of_the_test(grade: Grade) -> None:
    began = time.monotonic()
    attempt = grade(
        f"{RIGHT}\nimport time\ndef drip(environ, start_response):\n    start_response('200 OK', [])\n"
        "    while True:\n        yield b'x'\n        time.sleep(.3)\n"
        "def application(e, s, right=application): return (drip if 'SERVER_SOFTWARE' in e else right)(e, s)\n"
    )
    assert served(attempt) in (Verdict.WRONG, Verdict.TIMEOUT)
    assert attempt.score
    assert attempt.score.earned == 96
    assert time.monotonic() - began < 10


def test_an_endless_answer_is_cut(grade: Grade) -> None:
    attempt = grade(replaced("start_response('200 OK', []); return (b'x' * 65536 for _ in iter(int, 1))"))
    assert served(attempt) is not Verdict.PASSED


EVERYWHERE = {
    "bind": "EPERM",
    "connect": "EPERM",
    "datagrams": "EPERM",
    "judge": "EPERM",
    "tcp": "EPERM",
    "unix": "EPERM",
}


@pytest.mark.parametrize("server", ["wsgiref", "waitress", "gunicorn"])
def test_real_servers_run_the_submission_on_the_passed_socket_alone(any_level: str, server: str) -> None:
    if sys.platform == "win32" and server == "gunicorn":
        return
    found = at_level(any_level, "serve", server=server)
    assert found["about"]["server"].lower().startswith("wsgiserver" if server == "wsgiref" else server)
    assert found["about"]["body"] == "影"
    assert found["meet"] == [server == "waitress"] * 2, (
        "waitress has threads, the others take one request after another"
    )
    assert found["judge"] == [500, True], "an object of the test in a served app is an error at once"
    assert found["again"], "the submission itself can be called while and after it is served"
    if any_level == "confined":
        assert found["sockets"] == EVERYWHERE
    elif any_level == "full":
        assert found["sockets"]["judge"] == "ECONNREFUSED"


def test_serving_again_ends_the_server_before() -> None:
    with runtime_at("none", SERVED) as runtime:
        submission = runtime.submission("tests")
        start = serve_for(submission, runtime)
        urls = [start(submission.application, server) for server in ("wsgiref", "waitress")]
        assert requests.get(f"{urls[1]}/about", timeout=10).json()["server"] == "waitress"
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{urls[0]}/about", timeout=10)
        start.close()
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{urls[1]}/about", timeout=10)


@pytest.mark.parametrize(
    ("app", "server", "said"),
    [
        (len, "wsgiref", "not builtin_function_or_method: the judge runs no server"),
        (None, "apache", "serve() knows no server 'apache'; it knows wsgiref, waitress, gunicorn"),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_starts(app: object, server: str, said: str) -> None:
    with runtime_at("none", SERVED) as runtime:
        submission = runtime.submission("tests")
        with pytest.raises(TypeError, match=re.escape(said)):
            serve_for(submission, runtime)(app or submission.application, server)


def test_a_server_that_is_not_installed_is_a_fault_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gunicorn", None)
    with runtime_at("none", SERVED) as runtime:
        submission = runtime.submission("tests")
        with pytest.raises(Unavailable, match="this machine lacks the server gunicorn") as lacking:
            serve_for(submission, runtime)(submission.application, "gunicorn")
    assert observe(lacking.value, None, Recorder(), Path()).fault


def test_a_server_that_is_not_installed_is_skipped_in_a_students_own_run(a_copy: Path) -> None:
    public = a_copy / "exercises" / "a1_hello_wsgi" / "test_hello_wsgi.py"
    text = public.read_text(encoding="utf-8").replace('"wsgiref")', '"gunicorn")')
    public.write_text(f"import sys\nsys.modules['gunicorn'] = None\n{text}", encoding="utf-8")
    for language, said in (
        ("en", "this machine lacks the server gunicorn"),
        ("zh-CN", "这台机器没有安装服务器 gunicorn"),
    ):
        words = ("-k", "served", "--submission", RIGHT_FOLDER, "--lang", language)
        done = run_pytest("exercises/a1_hello_wsgi", *words, cwd=a_copy)
        assert "1 skipped" in done.stdout, done.stdout
        assert said in done.stdout


LEAVES = """
def application(environ, start_response):
    import os, threading
    if "SERVER_SOFTWARE" in environ:
        os._exit(0)
    return right(environ, start_response)
"""
NEVER_STARTS = """
import socketserver, time
def wait(*args): time.sleep(60)
socketserver.BaseServer.__init__ = wait
"""


@pytest.mark.parametrize(
    ("source", "verdict"),
    [(f"{RIGHT}\nright = application\n{LEAVES}", Verdict.WRONG), (f"{RIGHT}\n{NEVER_STARTS}", Verdict.TIMEOUT)],
    ids=["the app ends its server", "the server never starts"],
)
def test_a_server_in_hostile_hands_costs_its_own_test(grade: Grade, source: str, verdict: Verdict) -> None:
    began = time.monotonic()
    attempt = grade(source)
    assert served(attempt) is verdict
    assert [result.info.id for result in attempt.results if not result.earned] == ["test_served_by_wsgiref"]
    assert time.monotonic() - began < 20


def test_the_guard_lets_only_the_own_ports_through() -> None:
    refuse = hook({8000})
    refuse("socket.connect", (None, ("127.0.0.1", 8000)))
    refuse("socket.connect", (None, "/a/unix/socket"))
    refuse("socket.getaddrinfo", ("127.0.0.1", 8000))
    refuse("open", ("anything",))
    for event, arguments in (
        ("socket.connect", (None, ("127.0.0.1", 8001))),
        ("socket.connect", (None, ("192.0.2.1", 8000))),
        ("socket.getaddrinfo", ("host.invalid", 80)),
    ):
        with pytest.raises(Elsewhere):
            refuse(event, arguments)
