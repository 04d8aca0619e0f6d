"""Serving over real HTTP: the submission is reached, and the judge's client is not led anywhere else or held for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import load_course
from grader.grading.grade import Grader
from grader.models import Attempt, Isolation, Outcome, Submission, Verdict
from grader.testing.network import Elsewhere, hook

Grade = Callable[[str], Attempt]
RIGHT = (Path(__file__).parents[2] / "solutions" / "a1_hello_wsgi" / "app.py").read_text(encoding="utf-8")


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
    assert served(attempt) is Verdict.WRONG
    assert attempt.score
    assert attempt.score.earned == 96
    assert time.monotonic() - began < 10


def test_an_endless_answer_is_cut(grade: Grade) -> None:
    attempt = grade(replaced("start_response('200 OK', []); return (b'x' * 65536 for _ in iter(int, 1))"))
    assert served(attempt) is not Verdict.PASSED


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
