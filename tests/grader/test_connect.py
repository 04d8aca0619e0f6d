"""A test may talk to a server that the submission opened itself; a submission hands out nothing of its own choice."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.channel.remote import StudentGone
from grader.sandbox.loopback import WrongSocket, connected_to, tcp_socket
from grader.testing.finding import Finding, LimitReached
from grader.testing.runtime import Runtime
from tests.grader.conftest import skip
from tests.grader.ordinary import obstacle, readable_copy
from tests.grader.scenarios import OWN_SERVER, PATIENT, at_level, runtime_at

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="boxes hand out sockets on Linux only; run it there")


def test_the_submissions_own_server_is_reached_where_it_has_a_loopback(any_level: str) -> None:
    expected = ["isolation", "isolation"] if any_level == "confined" else ["ONE", "TWO", "-1", "-1"]
    assert at_level(any_level, "connect") == expected


@pytest.fixture(params=["none", "full"])
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    if request.param == "full":
        request.getfixturevalue("full")
    with runtime_at(request.param, OWN_SERVER, replace(PATIENT, test=3.0, load=1.0)) as made:
        yield made


@pytest.mark.parametrize("behaviour", ["drip", "silent"])
def test_a_server_that_does_not_come_to_an_end_is_a_timeout_of_the_test(runtime: Runtime, behaviour: str) -> None:
    submission = runtime.submission("tests")
    client = submission.connect(submission.start(behaviour))
    client.settimeout(30)
    began = time.monotonic()
    with pytest.raises(StudentGone) as gone:
        while client.recv(1):
            pass
    assert (gone.value.verdict, gone.value.detail) == ("timeout", {"phase": "serve"})
    assert time.monotonic() - began < 5
    with pytest.raises(StudentGone):
        submission.closed_port()


def test_a_client_may_be_less_patient_than_the_test(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    client = submission.connect(submission.start("silent"))
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert submission.closed_port()


def test_a_flood_is_cut(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    client = submission.connect(submission.start("flood"))
    with pytest.raises(LimitReached), client.makefile("rb") as file:
        file.read()


def test_a_server_that_hangs_up_at_once_is_no_fault_of_ours(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    port = submission.start("reset")
    for _ in range(5):
        try:
            with submission.connect(port, timeout=0.2) as client:
                said = client.recv(1)
        except (ConnectionResetError, Finding):
            said = b""
        assert said == b""


def test_a_port_on_which_nobody_listens_is_a_finding_after_a_while(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    port = submission.closed_port()
    began = time.monotonic()
    with pytest.raises(Finding, match="nothing answered"):
        submission.connect(port, timeout=0.3)
    assert 0.2 < time.monotonic() - began < 3


@pytest.mark.parametrize("port", [0, -1, 65536, "80", True, None, 80.0])
def test_what_is_no_port_is_a_finding(port: object) -> None:
    with runtime_at("none", OWN_SERVER) as made, pytest.raises(Finding, match="the port of your server"):
        made.submission("tests").connect(port)


def test_a_service_of_the_machine_is_not_reached_from_a_box(full: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as service, runtime_at("full", OWN_SERVER) as made:
        service.setblocking(False)
        with pytest.raises(Finding, match="nothing answered"):
            made.submission("tests").connect(service.getsockname()[1], timeout=0.2)
        with pytest.raises(BlockingIOError):
            service.accept()


# -- what a submission might hand out instead


@on_linux
def test_descriptors_that_a_submission_sends_with_its_answers_are_never_taken(full: None) -> None:
    with runtime_at("full", OWN_SERVER) as made:
        submission = made.submission("tests")
        submission.hand_out()
        before = len(os.listdir("/proc/self/fd"))
        ports = {submission.closed_port() for _ in range(5)}
        assert ports
        assert len(os.listdir("/proc/self/fd")) == before
        client = submission.connect(submission.start("echo"))
        client.sendall(b"still there")
        assert client.recv(100) == b"STILL THERE"


def a_pipe() -> int:
    reader, writer = os.pipe()
    os.close(writer)
    return reader


def a_unix_pair() -> int:
    one, other = socket.socketpair()
    other.close()
    return one.detach()


def a_unix_client() -> int:
    client = socket.socket(socket.AF_UNIX)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/socket")
        listener.listen()
        client.connect(f"{folder}/socket")
    return client.detach()


@on_linux
@pytest.mark.parametrize(
    "make",
    [
        lambda: os.open("/dev/null", os.O_RDONLY),
        lambda: os.open("/", os.O_RDONLY),
        lambda: socket.create_server(("127.0.0.1", 0)).detach(),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach(),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).detach(),
        a_pipe,
        a_unix_pair,
        a_unix_client,
    ],
    ids=["file", "folder", "listening", "datagrams", "IPv6", "pipe", "Unix pair", "Unix client"],
)
def test_what_is_no_tcp_socket_of_a_client_is_refused_and_closed(make: Callable[[], int]) -> None:
    descriptor = make()
    with pytest.raises(WrongSocket):
        tcp_socket(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@on_linux
def test_a_tcp_socket_must_be_connected_to_the_port_that_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as right, socket.create_server(("127.0.0.1", 0)) as other:
        port = right.getsockname()[1]
        with socket.create_connection(right.getsockname()) as client:
            taken = connected_to(port, tcp_socket(os.dup(client.fileno())))
            assert taken
            taken.close()
        with socket.create_connection(other.getsockname()) as client, pytest.raises(WrongSocket):
            connected_to(port, tcp_socket(os.dup(client.fileno())))
        assert connected_to(port, tcp_socket(socket.socket().detach())) is None


# -- a machine without namespaces

MANIFEST = """
kind = "graded"
files = ["app.py"]
entry = "app:start"
title = {en = "Own server", zh-CN = "自己的服务器"}
"""
TEST = '''
from pytest import mark

{mark}@mark.points(3, "correctness", rule="RFC 9110: Methods")
def test_{name}(submission):
    """the {name} one works"""
    assert submission.{call}, "{name}"
'''


def test_without_a_loopback_such_a_test_is_not_run_and_there_is_no_score(tmp_path: Path, walled: None) -> None:
    if os.geteuid() == 0 and (reason := obstacle()):
        skip("this Python cannot be run by other users", reason)
    files = {
        "exercises/o1_own/exercise.toml": MANIFEST,
        "exercises/o1_own/test_public.py": TEST.format(mark="", name="first", call='describe("start")'),
        "tests/hidden/o1_own/test_hidden.py": TEST.format(
            mark="@mark.loopback\n", name="second", call='connect(submission.start("echo"))'
        ),
        "solutions/o1_own/app.py": OWN_SERVER,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with readable_copy() as place:
        poorer = [
            str(place.python),
            str(Path(__file__).with_name("poorer.py")),
            "--no-namespaces",
            "--",
            str(place.python),
        ]
        words = [
            "-m",
            "grader",
            "grade",
            "solutions/o1_own",
            "--course",
            ".",
            "--format",
            "json",
            "--audience",
            "staff",
        ]
        done = subprocess.run([*poorer, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    (attempt,) = json.loads(done.stdout)
    assert done.returncode == 3
    assert (attempt["verdict"], attempt["isolation"], attempt["score"]) == ("sandbox_unavailable", "confined", None)
    assert {test["id"]: test["verdict"] for test in attempt["tests"]} == {
        "test_first": "passed",
        "test_second": "not_run",
    }
    said = attempt["tests"][1]["feedback"]
    assert (
        said["happened"] == "this test was not run: it needs the isolation level full, which this machine does not have"
    )
    assert said["look_at"].startswith("grade on a machine with the isolation level full")
