"""The benchmarks work: they find what they are to measure. No time is compared with another one here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the benchmarks read /proc; run them on Linux", allow_module_level=True)

from grader.course import Course
from tests.bench import compare, endurance, meter, profile, tables
from tests.bench.checks import names_of
from tests.bench.compare import Comparison
from tests.bench.contestants import Ours
from tests.bench.endurance import Count
from tests.bench.handed_in import EVERY_EIGHT, hand_in
from tests.bench.meter import Cost
from tests.grader.conftest import ROOT

ORPHAN = """
import subprocess, sys
burn = "import time; [0 for _ in iter(lambda: time.process_time() < 0.3, False)]"
subprocess.Popen([sys.executable, "-c", burn])
"""
EVERY = """
import sys
from pathlib import Path
from tests.bench.checks import Checks

checks = Checks("a1", Path(sys.argv[1]))
for name in checks.functions:
    checks.run(name)
    print(name)
"""


@pytest.fixture
def one_processor() -> Iterator[None]:
    """Have the contestants use one processor, for the start of each grader costs more than what is graded here."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    yield
    os.sched_setaffinity(0, usual)


def test_our_engine_and_pytest_are_compared_in_one_run(full: None, one_processor: None, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    compare.main(["--quick", "--peers", "full,pytest", "--json", str(file)])
    found = json.loads(file.read_text())
    assert list(found["costs"]) == ["full", "pytest"]
    assert all(cost["user"] > 0 < cost["memory"] for sizes in found["costs"].values() for cost in sizes["2"])
    assert found["passed"]["full"] == found["passed"]["pytest"]
    assert len(set(found["passed"]["full"].values())) == 2, "one of the two submissions is wrong"
    assert not found["left_out"]


def test_the_cpu_of_orphans_is_counted(tmp_path: Path) -> None:
    command = meter.Command((sys.executable, "-c", ORPHAN), str(tmp_path), dict(os.environ))
    cost = meter.measure([command], 1, 60)
    assert cost.codes == (0,)
    assert cost.cpu >= 0.3


def test_what_does_not_end_is_ended(tmp_path: Path) -> None:
    command = meter.Command(("sleep", "600"), str(tmp_path), dict(os.environ))
    cost = meter.measure([command], 1, 0.1)
    assert cost.late
    assert cost.codes == (-9,)


def test_a_class_is_a_mixture_without_copies(course: Course) -> None:
    class_ = hand_in(course.find("a1"), 80)
    assert len(set(class_.files.values())) == 80
    assert class_.files["s00000"].startswith((ROOT / "solutions/a1_hello_wsgi/app.py").read_bytes())
    assert Counter(EVERY_EIGHT) == {"right": 4, "wrong": 3, "broken": 1}


def test_the_reference_passes_every_test_as_a_plain_function(course: Course) -> None:
    exercise = course.find("a1")
    assert exercise.reference_folder
    assert {row.id for row in exercise.hidden} < set(names_of(exercise))
    words = [sys.executable, "-P", "-c", EVERY, str(exercise.reference_folder / "app.py")]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.split() == names_of(exercise), done.stderr


def test_a_size_over_the_budget_is_left_out_and_named(course: Course, tmp_path: Path) -> None:
    full = Ours("full")
    run = Comparison(course.find("a1"), [full], tmp_path, 2, 300.0, print)
    run.results.costs["full"] = {10: [Cost(seconds, 1.0, 1.0, 1, 1, (0,), 0, False) for seconds in (4.0, 5.0, 900.0)]}
    assert [run.affordable(full, size) for size in (100, 600, 1000, 1000)] == [True, True, False, False]
    assert run.results.left_out == ["full: 1000 submissions, about 500 s by 10 of them, over 300 s"]


def test_contestants_take_turns_there_and_back_again(course: Course, tmp_path: Path) -> None:
    one, other = Ours("full"), Ours("none")
    run = Comparison(course.find("a1"), [one, other], tmp_path, 2, 300.0, print)
    assert list(run.turns(3)) == [one, other, other, one, one, other]
    turns = run.turns(2)
    next(turns)
    run.drop(other, "it cannot be had")
    assert list(turns) == [one]


def test_who_found_other_numbers_is_said() -> None:
    passed = {"full": {"s0": 15, "s1": 8}, "pytest": {"s0": 15, "s1": 7}, "otter": {"s0": 15}}
    assert compare.differing(passed) == {"s1": {"full": 8, "pytest": 7}}
    assert tables.differing(compare.differing(passed)) == ["passed tests of s1: full 8, pytest 7"]


def test_what_grew_or_stayed_is_said() -> None:
    first, end = Count(20, 25, 3, 2, 60 << 20, 40.0), Count(0, 6, 0, 0, 0, 0.0)
    assert endurance.complaints(first, [Count(1000, 25, 3, 2, 61 << 20, 41.0), end]) == []
    for things in ((26, 3, 2), (25, 4, 2), (25, 3, 3)):
        assert len(endurance.complaints(first, [Count(1000, *things, 60 << 20, 40.0), end])) == 1
    assert len(endurance.complaints(first, [Count(0, 6, 0, 1, 0, 0.0)])) == 1


def test_what_belongs_to_nobody_belongs_to_its_caller() -> None:
    frames, send = ("/x/grader/channel/frames.py", 10, "encode"), ("~", 0, "<built-in send>")
    hook, helper = ("/x/_pytest/runner.py", 5, "call"), ("/x/threading.py", 7, "wait")
    stats = {
        frames: (2, 2, 0.5, 1.0, {}), hook: (1, 1, 0.25, 0.5, {}), helper: (1, 1, 8.0, 8.125, {hook: (1, 1, 8.0, 8.125)}),
        send: (4, 4, 0.875, 0.875, {frames: (2, 2, 0.5, 0.5), hook: (1, 1, 0.25, 0.25), helper: (1, 1, 0.125, 0.125)}),
    }  # fmt: skip
    seconds = profile.grouped(stats)
    assert seconds == {
        "the channel: frames and values": 1.0, "pytest: hooks, fixtures, reports": 8.625, profile.REST: 0.0,
    }  # fmt: skip
    assert profile.calls(stats) == {"frames sent": 2}
