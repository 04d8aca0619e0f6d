"""Processes of a test's own are copies of one that has imported the submission: as good as new, and as easy to tell apart."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.channel.remote import StudentError, StudentGone
from grader.course import load_course
from grader.models import Exercise, Visibility
from grader.sandbox.box import Box
from grader.sandbox.inside.custody import descendants
from grader.sandbox.plain import Plain
from grader.testing.runtime import Runtime
from tests.grader.process_tree import stat
from tests.grader.test_engine import write_course

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only; run it there")

Make = Callable[[str], Runtime]


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    """Return an exercise of which each test gets a process of its own."""
    found = load_course(write_course(tmp_path)).exercises["s1_square"]
    return replace(
        found, fresh=frozenset(Visibility), limits=replace(found.limits, cpu=1, call=30.0, test=30.0, deaths=9)
    )


@pytest.fixture
def make(exercise: Exercise) -> Iterator[Make]:
    """Make runtimes of source texts, without walls."""
    made = []

    def runtime(source: str) -> Runtime:
        made.append(Runtime(Plain(exercise.limits), exercise, {"square.py": source.encode()}))
        return made[-1]

    yield runtime
    for one in made:
        one.close()


@pytest.fixture
def boxed(full: None, exercise: Exercise) -> Iterator[Make]:
    """Make runtimes of source texts, in a box."""
    box = Box(exercise.limits)
    made = []

    def runtime(source: str) -> Runtime:
        made.append(Runtime(box, exercise, {"square.py": source.encode()}))
        return made[-1]

    yield runtime
    for one in made:
        one.close()
    box.stop()


def asked(runtime: Runtime, name: str = "answer", module: str = "test_a") -> Any:  # noqa: ANN401 - any value
    """Return what a function of the submission says in a test of its own."""
    try:
        return getattr(runtime.submission(module, fresh=True), name)()
    finally:
        runtime.end_test()


STATE = """
import os
seen = []
imported_in = os.getpid()
def answer():
    seen.append(1)
    return len(seen), os.getpid(), imported_in
"""


def test_each_test_finds_what_the_import_left_and_nothing_of_other_tests(make: Make) -> None:
    runtime = make(STATE)
    said = [asked(runtime, module=module) for module in ("test_a", "test_a", "test_b")]
    counts, processes, imports = zip(*said, strict=True)
    assert counts == (1, 1, 1)
    assert (len(set(processes)), len(set(imports))) == (3, 1)


def test_another_process_beside_the_own_one_is_imported_anew(make: Make) -> None:
    runtime = make(STATE)
    submission = runtime.submission("test_a", fresh=True)
    one, other = submission.answer(), submission.fresh().answer()
    assert (one[0], other[0]) == (1, 1)
    assert one[2] != other[2]
    runtime.end_test()
    assert asked(runtime) != one


FILES = """
import os, pathlib, tempfile
here = pathlib.Path(__file__).parent
(here / "kept.txt").write_text("from the import")
def listing():
    return sorted(os.listdir(here)), sorted(os.listdir(tempfile.gettempdir())), (here / "kept.txt").read_text(), os.getcwd()
def answer():
    found = listing()
    (here / "sub").mkdir()
    (here / "sub" / "new.txt").write_text("new")
    (here / "link").symlink_to("/etc")
    pathlib.Path(os.environ["HOME"], "home.txt").write_text("x")
    os.chdir("/")
    return found
def change():
    found = listing()
    (here / "kept.txt").write_text("changed by a test")
    return found
"""


def test_files_that_a_test_made_are_gone_in_the_next_one(make: Make) -> None:
    runtime = make(FILES)
    first = asked(runtime)
    assert [asked(runtime), asked(runtime)] == [first, first]


def test_after_a_change_that_cannot_be_undone_there_is_a_new_process(make: Make) -> None:
    runtime = make(FILES)
    texts = [asked(runtime, "change")[2] for _ in range(6)]
    assert texts == ["from the import"] * 6


LEFT = """
import os, threading, time
{at_import}
def answer():
    {in_test}
    return os.getpid()
def quiet():
    return None
"""
BACKGROUND = "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
ORPHAN = """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    os.wait()
"""


@pytest.mark.parametrize(("at_import", "in_test"), [(BACKGROUND, ""), ("", BACKGROUND)])
def test_threads_do_not_stand_in_the_way(make: Make, at_import: str, in_test: str) -> None:
    runtime = make(LEFT.format(at_import=at_import, in_test=in_test))
    assert len({asked(runtime) for _ in range(5)}) == 5


def test_what_a_test_left_running_is_not_there_in_the_next_one(boxed: Make) -> None:
    runtime = boxed(LEFT.format(at_import="", in_test=ORPHAN))
    assert isinstance(runtime.spawner, Box)
    zygote = runtime.spawner.process.pid
    empty = running_below(zygote)
    for _ in range(4):
        asked(runtime)
        asked(runtime, "quiet")
        deadline = time.monotonic() + 10
        while running_below(zygote) > empty + 1:  # more than an original
            assert time.monotonic() < deadline
            time.sleep(0.01)


def running_below(top: int) -> int:
    """Count the processes below one that run."""
    return sum((stat(pid) or "Z")[0] != "Z" for pid in descendants(top))


ENDS = """
import os, signal, time
def answer(): return 1
def exits(): os._exit(7)
def ends_as_if_done(): os._exit(0)
def crashes(): os.kill(os.getpid(), signal.SIGSEGV)
def killed(): os.kill(os.getpid(), signal.SIGKILL)
def spins():
    while True: pass
"""


@pytest.mark.parametrize(
    ("name", "verdict", "detail"),
    [
        ("exits", "exited", {"code": "7"}),
        ("ends_as_if_done", "exited", {"code": "0"}),
        ("crashes", "crashed", {"signal": "SIGSEGV"}),
        ("killed", "crashed", {"signal": "SIGKILL"}),
        ("spins", "cpu_limit", {}),
    ],
)
def test_a_copy_ends_as_a_process_of_its_own_would(
    boxed: Make, name: str, verdict: str, detail: dict[str, str]
) -> None:
    runtime = boxed(ENDS)
    assert asked(runtime) == 1
    with pytest.raises(StudentGone) as gone:
        asked(runtime, name)
    assert (gone.value.verdict, gone.value.detail) == (verdict, {**detail, "phase": "call"})
    assert asked(runtime) == 1
    assert runtime.deaths == 1


def test_an_import_that_fails_fails_in_each_test(make: Make) -> None:
    runtime = make("raise KeyError('now')\n")
    for _ in range(3):
        with pytest.raises(StudentError, match="KeyError"):
            asked(runtime)


LIES = {
    "is its own copy": "import os\nos.fork = lambda: 0\n",
    "never forks": "import os\nos.fork = lambda: 1 / 0\n",
    "denies": "import threading\nthreading.active_count = lambda: 2\n",
    "keeps its files": "import os\nos.scandir = lambda *_: 1 / 0\n",
}


@pytest.mark.parametrize("lie", LIES)
def test_whoever_interferes_harms_himself_alone(make: Make, lie: str) -> None:
    runtime = make(LIES[lie] + "def answer(): return 1\n")
    came_to: list[object] = []
    for _ in range(4):
        try:
            came_to.append(asked(runtime))
        except (StudentError, StudentGone) as error:
            came_to.append(type(error))
    assert set(came_to) <= {1, StudentError, StudentGone}
    assert came_to[0] in (1, StudentGone)
