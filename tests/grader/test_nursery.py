"""A student process that a nursery forks cannot be told from one that was started as a program, but for what is imported."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from grader.channel.remote import StudentGone
from grader.errors import EngineFault
from grader.models import Limits
from grader.sandbox import nursery
from grader.sandbox.plain import Ahead, Plain
from grader.sandbox.process import Student

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a nursery forks; run it where processes can")

SOURCE = b"""
import os, signal, sys, threading
def exits(): os._exit(7)
def raises_exit(): sys.exit(5)
def crashes(): os.kill(os.getpid(), 11)
def kills_itself(): os.kill(os.getpid(), 9)
def parent(): return os.getppid()
def kills_its_parent(): os.kill(os.getppid(), 9)
def stops_its_parent(): os.kill(os.getppid(), signal.SIGSTOP)
def hangs():
    while True: pass
def prints(): print("hello"); print("there", file=sys.stderr)
def about():
    return {
        "home": os.environ["HOME"] == os.getcwd() == os.path.dirname(__file__),
        "variables": sorted(os.environ),
        "leads its session": os.getsid(0) == os.getpid(),
        "threads": threading.active_count(),
        "stdin": sys.stdin.read(),
        "path": sys.path[1:],
        "bytecode": sys.dont_write_bytecode,
        "utf8": sys.flags.utf8_mode,
        "open": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
    }
"""


@pytest.fixture
def spawners() -> Iterator[tuple[Plain, Ahead]]:
    """Return a spawner that starts programs, and one that forks."""
    limits = Limits(call=1.0)
    ahead = Ahead(limits)
    yield Plain(limits), ahead
    ahead.stop()


def ask(student: Student, name: str) -> Any:  # noqa: ANN401 - any value
    """Call a function of the submission."""
    student.process.begin_test()
    student.peer.ask("import", "import", 0, "it")
    return student.peer.ask("read", "find", 0, "it", name)()


def came_to(spawner: Plain, name: str) -> tuple[object, bytes]:
    """Return what a function of the submission returns, or how its process ended, and what was printed."""
    student = Student(spawner.spawn({"it.py": SOURCE}))
    try:
        said = ask(student, name)
    except StudentGone as gone:
        said = (gone.verdict, gone.detail)
    except Exception as error:  # noqa: BLE001 - compared, whatever it is
        said = repr(error)
    finally:
        student.process.discard()
    return said, bytes(student.process.output)


@pytest.mark.parametrize("name", ["about", "exits", "raises_exit", "crashes", "kills_itself", "hangs", "prints"])
def test_a_fork_is_as_a_program_would_be(spawners: tuple[Plain, Ahead], name: str) -> None:
    started, forked = (came_to(spawner, name) for spawner in spawners)
    assert forked == started


def test_a_fork_that_is_discarded_is_gone_with_its_folder(spawners: tuple[Plain, Ahead]) -> None:
    process = spawners[1].spawn({"it.py": SOURCE})
    process.discard()
    assert process.process.wait(0) == -signal.SIGKILL
    assert not os.path.exists(process.folder)


def test_several_forks_live_side_by_side_and_end_each_in_its_way(spawners: tuple[Plain, Ahead]) -> None:
    students = [Student(spawners[1].spawn({"it.py": SOURCE})) for _ in range(3)]
    with pytest.raises(StudentGone) as crashed:
        ask(students[0], "crashes")
    with pytest.raises(StudentGone) as exited:
        ask(students[2], "exits")
    assert ask(students[1], "about")["home"]
    assert (crashed.value.detail["signal"], exited.value.detail["code"]) == ("SIGSEGV", "7")
    for student in students:
        student.process.discard()


def test_a_nursery_that_is_gone_is_a_fault_of_ours(spawners: tuple[Plain, Ahead]) -> None:
    ahead = spawners[1]
    assert ahead.nursery
    ahead.nursery.process.kill()
    ahead.nursery.process.wait()
    with pytest.raises(EngineFault, match="did not start"):
        ahead.spawn({})


def test_a_submission_that_kills_its_nursery_gets_no_further_process(spawners: tuple[Plain, Ahead]) -> None:
    ahead = spawners[1]
    student = Student(ahead.spawn({"it.py": SOURCE}))
    assert ahead.nursery
    assert ask(student, "parent") == ahead.nursery.process.pid
    with contextlib.suppress(StudentGone):
        ask(student, "kills_its_parent")
    ahead.nursery.process.wait(10)
    with pytest.raises(EngineFault, match="did not start"):
        ahead.spawn({})
    student.process.discard()


def test_a_submission_that_stops_its_nursery_holds_nobody_up(
    spawners: tuple[Plain, Ahead], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = spawners[1]
    student = Student(ahead.spawn({"it.py": SOURCE}))
    assert ahead.nursery
    assert ask(student, "parent") == ahead.nursery.process.pid
    ask(student, "stops_its_parent")
    monkeypatch.setattr(nursery, "START", 0.5)
    with pytest.raises(EngineFault, match="does not answer"):
        ahead.spawn({})
    monkeypatch.setattr(nursery, "LEAVE", 0.1)
    ahead.stop()
    assert ahead.nursery.process.poll() == -signal.SIGKILL


def test_what_submissions_import_is_imported_once_for_all() -> None:
    ahead = Ahead(Limits(), ["csv"])
    try:
        loaded = b"import sys\ndef about(): return 'csv' in sys.modules\n"
        student = Student(ahead.spawn({"it.py": loaded}))
        assert ask(student, "about") is True
        student.process.discard()
    finally:
        ahead.stop()
