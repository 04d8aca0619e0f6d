"""Tests that are run in several lanes come to what one lane alone reports, whatever a submission does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.course import load_course
from grader.grading.workers import Worker
from grader.models import Exercise
from tests.grader.conftest import skip
from tests.grader.process_tree import Process, orphanage, wait_for
from tests.grader.terminals import surroundings
from tests.grader.test_engine import write_course

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="lanes are forks; run it where processes can fork")

LANES = 3
MANY = "".join(
    f'''
@mark.points(1, "correctness", statement="promise")
def test_{number}(submission):
    """the number is squared"""
    assert submission.square({number}) == {number * number}, "multiply the number by itself"
'''
    for number in range(9)
)
NAP = 0.3


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Exercise:
    """Return an exercise with nine tests, each with a process of its own."""
    folder = write_course(tmp_path_factory.mktemp("course"))
    manifest = folder / "exercises/s1_square/exercise.toml"
    manifest.write_text("fresh = true\n" + manifest.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "exercises/s1_square/test_public.py").write_text("from pytest import mark\n" + MANY, encoding="utf-8")
    return load_course(folder, folder / "nowhere").exercises["s1_square"]


@pytest.fixture(scope="module")
def workers(exercise: Exercise) -> Iterator[tuple[Worker, Worker]]:
    """Return a worker with one lane, and one that has opened all of its lanes: naps overlap."""
    alone, side_by_side = (Worker(exercise, Path("nowhere"), lanes=lanes) for lanes in (1, LANES))
    try:
        slow = f"import time\ndef square(number):\n    time.sleep({NAP})\n    return number * number\n"
        deadline = time.monotonic() + 120
        took = 9 * NAP
        while took > 9 * NAP * 0.6:
            assert time.monotonic() < deadline, f"nine naps of {NAP} s take {took} s: no lane was opened"
            began = time.monotonic()
            report(side_by_side, slow)
            took = time.monotonic() - began
            time.sleep(0.3)  # a worker opens a lane when it has had nothing to do for a moment
        yield alone, side_by_side
    finally:
        alone.stop()
        side_by_side.stop()


def report(worker: Worker, source: str) -> dict[str, Any]:
    """Return the report of a source text."""
    return worker.grade({"square.py": textwrap.dedent(source).encode()}, 1, hidden=False)


def timeless(report: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return each test of a report in order with all that was found out, but for the time it took and addresses in memory."""
    return [
        (name, {**test, "seconds": 0, "staff": re.sub("0x[0-9a-f]+|Object [0-9]+", "", test["staff"])})
        for name, test in report["tests"].items()
    ]


SUBMISSIONS = {
    "right": "def square(number): return number * number",
    "wrong here and there": "def square(number): return number * (number if number % 3 else 2)",
    "does not come to an end in one test": """
        def square(number):
            while number == 4:
                pass
            return number * number
        """,
    "kills itself in one test": """
        import os, signal
        def square(number):
            if number == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return number * number
        """,
    "dies once too often in the middle": """
        import os
        def square(number):
            if number in (1, 2, 4, 7):
                os._exit(number)
            return number * number
        """,
    "dies once too often at once": "import os\ndef square(number): os._exit(3)",
    "dies at import": "import os\nos._exit(3)",
    "cannot be imported": "def square(number) return number",
    "defines nothing": "",
}


@pytest.mark.parametrize("source", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_lanes_report_what_one_lane_reports(workers: tuple[Worker, Worker], source: str) -> None:
    alone, side_by_side = (report(worker, source) for worker in workers)
    assert len(alone["tests"]) == 9
    assert timeless(side_by_side) == timeless(alone)
    assert (side_by_side["killed"], side_by_side["fault"]) == (alone["killed"], alone["fault"])


def test_an_endless_loop_in_one_lane_leaves_the_other_lanes_alone(workers: tuple[Worker, Worker]) -> None:
    found = report(workers[1], SUBMISSIONS["does not come to an end in one test"])["tests"]
    assert [test["verdict"] for test in found.values()] == [*["passed"] * 4, "timeout", *["passed"] * 4]


def test_after_three_deaths_nothing_counts_that_another_lane_found_out(workers: tuple[Worker, Worker]) -> None:
    found = report(workers[1], SUBMISSIONS["dies once too often in the middle"])["tests"]
    expected = ["passed", "exited", "exited", "passed", "exited", *["not_run"] * 4]
    assert [test["verdict"] for test in found.values()] == expected


# -- the same in a check, which is a process of its own


def checked(exercise: Exercise, source: str, processors: set[int]) -> subprocess.Popen[str]:
    """Start a check of a source text on some processors of this machine."""
    (exercise.folder / "square.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "grader", "check", "s1"], cwd=exercise.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=surroundings({"TMPDIR": str(exercise.folder.parents[1])}), text=True, start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )  # fmt: skip


@pytest.fixture
def orphans() -> Iterator[Callable[[], list[Process]]]:
    """Return what tells which processes have lost their parents in a test, and live."""
    with orphanage() as found:
        yield found


@pytest.fixture
def every() -> set[int]:
    """Return the processors of this machine, two at least."""
    found = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(found) < 2:
        skip("no second processor that a lane could use", "run it on a machine with more of them")
    return found


@pytest.mark.parametrize("source", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_a_check_in_lanes_says_what_one_lane_says(exercise: Exercise, every: set[int], source: str) -> None:
    alone, side_by_side = (checked(exercise, source, chosen).communicate()[0] for chosen in ({min(every)}, every))
    assert "of 9 public tests passed" in alone
    assert side_by_side == alone
    assert not list(exercise.folder.parents[1].glob("*-*")), "folders for temporary files are left"


def test_a_check_that_is_interrupted_leaves_nothing_behind(
    exercise: Exercise, every: set[int], orphans: Callable[[], list[Process]]
) -> None:
    process = checked(exercise, "def square(number):\n    while True: pass", every)
    top = exercise.folder.parents[1]
    wait_for(lambda: len(list(top.glob("check-*/submission-*"))) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    wait_for(lambda: not orphans())
    assert not list(top.glob("*-*"))


def test_ctrl_c_in_the_middle_of_a_fork_is_not_lost() -> None:
    """What a handler raises in a callback around a fork, Python prints and forgets."""
    program = """
        import os, signal, time
        from grader.grading.forks import Fork, held
        from grader.grading.lanes import Turns

        lanes = [lambda: {"ignored": signal.getsignal(signal.SIGINT) == signal.SIG_IGN}] * 2
        assert [Fork(lane).report(time.monotonic() + 60, None) for lane in lanes] == [{"ignored": True}] * 2
        with held(signal.SIGINT):
            assert Fork(lambda: {"held": signal.SIGINT in signal.pthread_sigmask(0, [])}).report(time.monotonic() + 60, None) == {
                "held": False
            }
        os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
        try:
            Turns([[]]).run([lambda: time.sleep(600)], time.monotonic() + 60, 3)
        except KeyboardInterrupt:
            try:
                print(os.waitpid(-1, 0))
            except ChildProcessError:
                print("interrupted, and nobody is left")
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=surroundings({}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.stdout, ended.stderr) == ("interrupted, and nobody is left\n", "")


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "stopped; what was finished before is kept"), ("zh-CN", "已停止；此前完成的内容都已保留")],
)
def test_ctrl_c_while_tests_are_collected_ends_a_check(tmp_path: Path, lang: str, said: str) -> None:
    """Pytest catches it there."""
    folder = write_course(tmp_path) / "exercises/s1_square"
    (folder / "square.py").write_text("def square(number): return number * number", encoding="utf-8")
    module = folder / "test_public.py"
    interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    module.write_text(interrupt + module.read_text(encoding="utf-8"), encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-m", "grader", "check", "s1"],
        cwd=folder, env=surroundings({"GRADER_LANG": lang}), encoding="utf-8", timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.returncode == 130, process.stdout
    assert process.stdout == f"Error: {said}\n"
