"""Commands of a test run where the submission is, behind the same walls, and end with the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.testing.feedback import WORDS
from grader.testing.finding import LimitReached
from grader.testing.runtime import Runtime
from tests.grader.scenarios import COMMANDED, PATIENT, at_level, runtime_at


def test_a_command_has_the_folder_the_user_and_the_walls_of_the_submission(any_level: str) -> None:
    found = at_level(any_level, "run")
    about = found["about"]
    assert about["cwd"] == found["before"] == ["app.py"]
    assert about["user"] == found["user"]
    assert (about["given"], about["variable"], about["left"]) == ("影", "Léon", False)
    assert (found["code"], found["aside"]) == (7, "aside")
    assert found["killed"] == -9
    assert found["made"] == [0, "made 影\n"]
    assert found["after"] == ["app.py", "made.db"]
    assert found["left"] == [0, True], "a process that stays in the background holds nobody up"
    if any_level != "none":
        assert about["user"] != 0
        assert (about["network"], about["secret"]) == (True, True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks; run it where processes can fork")
def test_flask_is_the_same_in_a_fork_and_as_a_program(any_level: str) -> None:
    """What it sees, how it ends and what it leaves; that it has read Flask already is all that tells the two apart."""
    found = at_level(any_level, "flask")
    forked, program = found["both"]
    assert (forked["told"].pop(0), program["told"].pop(0)) == (True, False)
    assert forked == program
    assert forked["told"][0] == ["--app", "app", "tell"]
    assert forked["told"][4]["FILM"] == "Léon"
    ends = {how: code for how, (code, _, _) in forked["ends"].items()}
    assert ends == {"text": 1, "3": 3, "256": 0, "raise": 1, "hook": 1, "leave": 9, "kill": -9, "full": 120, "late": 0,
                    "leaves": 0, "unknown": 0, "": ends[""]}  # fmt: skip
    assert forked["ends"]["late"][1] == "begun and a thread\nat the very end\n"
    assert forked["ends"]["hook"][2] == ["KeyError was hooked"]
    assert "output of a command" in found["much"]
    before, kept, after = found["kept"]
    assert (before, kept, after) == (["app.py"], 0, ["app.py", "kept.db"])
    assert found["processes"] == 4 + len(ends), "each fork has a process beside that of the test"


def runs(word: str) -> bool:
    """Tell whether a command with a word still runs, after a moment to end; only POSIX systems list them so."""
    deadline = time.monotonic() + (5 if os.name == "posix" else 0)
    while time.monotonic() < deadline:
        shown = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        if word not in shown:
            return False
        time.sleep(0.05)
    return os.name == "posix"


@pytest.fixture(params=["none", "full"])
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    if request.param == "full":
        request.getfixturevalue("full")
    with runtime_at(request.param, COMMANDED, replace(PATIENT, test=3.0, call=0.5)) as made:
        yield made


def test_a_command_that_does_not_end_is_a_timeout_of_the_test(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    began = time.monotonic()
    with pytest.raises(StudentGone) as gone:
        submission.run(["python", "-c", "import time; time.sleep(60) # the last of its kind"])
    assert not runs("the last of its kind")
    assert (gone.value.verdict, gone.value.detail) == ("timeout", {"phase": "run"})
    assert "run" in WORDS
    assert 2 < time.monotonic() - began < 20
    with pytest.raises(StudentGone):
        submission.files()


def test_a_command_may_have_less_time_than_the_test(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    began = time.monotonic()
    with pytest.raises(StudentGone):
        submission.run(["python", "-c", "import time; time.sleep(60)"], timeout=0.3)
    assert time.monotonic() - began < 2.5


def test_a_command_that_prints_without_end_is_ended(runtime: Runtime) -> None:
    submission = runtime.submission("tests")
    with pytest.raises(LimitReached):
        submission.run(["python", "-c", "while True: print('x' * 10000)"])
    assert submission.files() == ["app.py"]
    much = submission.run(["python", "-c", "print('x' * 100000)"])
    assert much.stdout.split() == [b"x" * 100000]


def test_a_command_that_is_not_there_is_said(runtime: Runtime) -> None:
    with pytest.raises(StudentError) as raised:
        runtime.submission("tests").run(["no-such-command"])
    assert (raised.value.type, raised.value.phase) == ("FileNotFoundError", "run")


@pytest.mark.parametrize("words", [[], [1], ["python", None], [b"python"]])
def test_what_is_no_command_is_the_authors_mistake(runtime: Runtime, words: list[str]) -> None:
    with pytest.raises(TypeError, match=re.escape("run() takes a list of words")):
        runtime.submission("tests").run(words)


@pytest.mark.parametrize(
    "said", ["0", "(0, b'')", "(0, 'x', b'')", "(True, b'', b'')", "('0', b'', b'')", "[0, b'', b'']"]
)
def test_lies_about_a_command_that_cannot_be_are_a_violation(said: str) -> None:
    source = (
        "import gc\n"
        "def lie():\n"
        "    for found in gc.get_objects():\n"
        "        if type(found) is dict and 'outline' in found and 'run' in found:\n"
        f"            found['run'] = lambda *words: {said}\n"
    )
    with runtime_at("none", source) as runtime:
        submission = runtime.submission("tests")
        submission.lie()
        with pytest.raises(StudentGone) as gone:
            submission.run([sys.executable, "-c", "print(1)"])
    assert gone.value.verdict == "protocol_violation"
