"""What a test has of a submission: names that do not come and go, copies of the test's own data, bounded output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import load_course
from grader.models import Factory
from grader.sandbox.plain import Plain
from grader.sandbox.process import OUTPUT_KEPT
from grader.testing.app import AppMaker
from grader.testing.events import Recorder
from grader.testing.finding import Finding
from grader.testing.runtime import Runtime
from tests.grader.test_engine import write_course

Make = Callable[[str], Runtime]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make runtimes of source texts, without walls."""
    exercise = load_course(write_course(tmp_path)).exercises["s1_square"]
    made = []

    def runtime(source: str) -> Runtime:
        made.append(Runtime(Plain(exercise.limits), exercise, {"square.py": source.encode()}))
        return made[-1]

    yield runtime
    for one in made:
        one.close()


CHANGING = """
asked = []
def __getattr__(name):
    if name == "square":
        asked.append(name)
        if (len(asked) > 1) is {later}:
            return lambda number: number * number
    raise AttributeError(name)
"""


@pytest.mark.parametrize("later", [True, False])
def test_a_name_that_is_there_in_one_test_and_not_in_another_is_a_finding(make: Make, later: bool) -> None:
    runtime = make(CHANGING.format(later=later))
    assert runtime.submission("test_a").defines("square") is not later
    runtime.end_test()
    submission = runtime.submission("test_a")
    with pytest.raises(Finding, match="in some tests and not in others"):
        submission.defines("square")
    with pytest.raises(Finding, match="in some tests and not in others"):
        _ = submission.square


def test_names_that_stay_are_no_finding_in_whatever_process(make: Make) -> None:
    runtime = make("def square(number): return number * number")
    for fresh in (False, True, False):
        submission = runtime.submission("test_a", fresh=fresh)
        assert (submission.defines("square"), submission.defines("cube")) == (True, False)
        with pytest.raises(Finding, match="defines no"):
            _ = submission.cube
        runtime.end_test()


TAKING = """
def make_app(catalog, extra):
    catalog[0]["title"] = "changed"
    catalog.append("more")
    extra.clear()
    return make_app
def create_app(settings):
    return make_app(settings["CATALOG"], settings["EXTRA"])
"""


@pytest.mark.parametrize("factory", [Factory("make_app", "keywords"), Factory("create_app", "settings")])
def test_a_factory_cannot_change_what_the_test_compares_with(make: Make, factory: Factory) -> None:
    catalog, extra = [{"title": "Amélie"}], {"a": [1]}
    AppMaker(make(TAKING).submission("test_a"), factory, Recorder())(catalog=catalog, extra=extra)
    assert (catalog, extra) == ([{"title": "Amélie"}], {"a": [1]})


def test_what_many_processes_print_is_kept_up_to_a_bound(make: Make) -> None:
    runtime = make(f"print('x' * {OUTPUT_KEPT}, flush=True)\ndef square(number): return number * number")
    for _ in range(3):
        assert runtime.submission("test_a", fresh=True).square(3) == 9
        runtime.end_test()
    assert runtime.output == b"x" * OUTPUT_KEPT
