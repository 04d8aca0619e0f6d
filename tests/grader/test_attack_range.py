"""The attack range finds what is wrong, its table has no holes, and it knows a dud when it sees one."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.models import Attempt, Exercise, Isolation, Verdict
from grader.samples import CONTROLS, Sample, load_samples
from tests.grader.attack_range.__main__ import lines
from tests.grader.attack_range.look import (
    PATIENCE,
    SERVICE,
    Range,
    Seen,
    Service,
    leaks,
    processes_below,
    reference_of,
    unlike,
    wrong,
)
from tests.grader.conftest import ROOT, skip
from tests.grader.leaks import COURSE, disguises, hidden_texts, leak_markers
from tests.grader.unprotected import boxes
from tests.grader.unprotected.control import accepted, base_facts, controls, handed_in, succeeds

EXERCISE: Exercise = COURSE.exercises["a1_hello_wsgi"]
SAMPLES = {sample.name: sample for sample in load_samples(ROOT, EXERCISE)}
ATTACKS = [sample for sample in SAMPLES.values() if sample.kind == "attack"]
EXITS = SAMPLES["attack_exits_at_import"]
RIGHT = replace(SAMPLES["many_chunks"], kind="attack", tries="forge", base="reference", control="gains")
"""Honest work in the clothes of an attack."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    try:
        opened = Service.open()
    except OSError as error:
        skip(f"port {SERVICE[1]} is taken ({error})", "end the program that listens there")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def graders(full: None, service: Service) -> Iterator[Range]:
    made = Range(service)
    yield made
    made.close()


@pytest.fixture(scope="module")
def box() -> None:
    if boxes.obstacle():
        skip("no box for unprotected gradings can be had here", boxes.obstacle())


def seen_of(sample: Sample, **changes: Any) -> Seen:  # noqa: ANN401 - of any field
    """Return what a range might see of a sample; nothing is wrong with it."""
    seen = Seen(sample.name, sample.exercise, "full", 0, 0.1, "graded", [], [], [], 10, 10, 100, [])
    return replace(seen, **changes)


# -- what is wrong is found


def test_nothing_is_wrong_with_an_attack_that_comes_to_what_is_expected(graders: Range) -> None:
    seen, _ = graders.look(EXITS)
    assert seen.wrong == []
    assert (seen.points, seen.verdicts, seen.next, seen.left) == (0, ["exited"], "", {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"failed": ("test_says_hello",)}, "failed: test_accepted_by_validate, "),
        ({"skipped": ("test_says_hello",)}, "skipped: none; expected: test_says_hello"),
        ({"verdicts": frozenset({Verdict.TIMEOUT})}, "verdicts: exited; expected: timeout"),
        ({"verdicts": frozenset()}, "verdicts: exited; expected: none"),
    ],
)
def test_a_wrong_expectation_is_found(graders: Range, change: dict[str, Any], words: str) -> None:
    [found] = graders.look(replace(EXITS, **change))[0].wrong
    assert words in found


def test_a_gain_is_found(graders: Range) -> None:
    seen, _ = graders.look(replace(RIGHT, base="starter"))
    assert seen.gained
    (said,) = seen.wrong
    assert re.fullmatch(r"100 points, \d+ honestly", said)


def test_an_expectation_for_another_level_does_not_count(graders: Range) -> None:
    other = replace(EXITS, levels={Isolation.NONE: {"verdicts": frozenset({Verdict.TIMEOUT})}})
    assert graders.look(other)[0].wrong == []


def test_what_a_grading_leaves_is_found(graders: Range) -> None:
    graders.grade(reference_of(EXERCISE), EXERCISE)
    (graders.temporary / "left").touch()
    try:
        assert graders.left(EXERCISE) == {"files": ["left"]}
    finally:
        (graders.temporary / "left").unlink()
    assert graders.left(EXERCISE) == {}


def test_a_second_grading_that_comes_out_otherwise_is_found(graders: Range) -> None:
    first, second = (graders.grade(path, EXERCISE) for path in (reference_of(EXERCISE), EXERCISE.folder))
    assert unlike(first, first) == unlike(second, second) == ""
    assert "test_says_hello" in unlike(first, second)
    refused = graders.grade(SAMPLES["wrong_file_name"].folder, EXERCISE)
    assert "missing_file" in unlike(first, refused)


def test_a_sample_that_tries_to_be_remembered_is_graded_twice(graders: Range, monkeypatch: pytest.MonkeyPatch) -> None:
    graded: list[str] = []
    once = graders.grade_sample

    def counted(sample: Sample) -> tuple[Attempt, float]:
        graded.append(sample.name)
        return once(sample)

    monkeypatch.setattr(graders, "grade_sample", counted)
    for tries, times in (("persist", 2), ("forge", 1)):
        graded.clear()
        assert graders.look_once(replace(EXITS, tries=tries, base="none"))[0].second == ""
        assert graded.count(EXITS.name) == times


def test_a_process_that_is_left_is_found(graders: Range) -> None:
    if os.geteuid() != 0:
        return  # then the box has no user of its own, and what is below the worker is all there is to see
    worker = graders.grader.worker(EXERCISE).process.pid
    [user] = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_below(worker)} - {0}
    process = subprocess.Popen(["setpriv", f"--reuid={user}", "--clear-groups", "sleep", "60"])
    try:
        assert graders.left(EXERCISE) == {"processes": ["sleep"]}
    finally:
        process.kill()
        process.wait()


def test_visitors_of_the_service_are_counted(service: Service) -> None:
    service.visitors()
    with socket.create_connection(SERVICE), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"?", SERVICE)
        assert service.visitors() == 2
    assert service.visitors() == 0


@pytest.fixture(scope="module")
def wrong_attempt(graders: Range) -> Attempt:
    """An attempt with failed tests, hidden ones among them."""
    return graders.look(EXITS)[1]


def test_nothing_leaks_from_an_attempt_as_it_is(wrong_attempt: Attempt) -> None:
    assert leaks(wrong_attempt, EXERCISE) == []


@pytest.mark.parametrize("form", range(6))
def test_a_marker_that_leaks_in_disguise_is_found(wrong_attempt: Attempt, form: int) -> None:
    secret = disguises(min(leak_markers()))[form]
    assert any("a leak marker" in found for found in leaks(telling(wrong_attempt, f"it was {secret}"), EXERCISE))


def test_a_hidden_text_that_leaks_is_found(wrong_attempt: Attempt) -> None:
    found = leaks(telling(wrong_attempt, min(hidden_texts(EXERCISE.name))), EXERCISE)
    assert any("of a hidden test" in one for one in found)


def telling(attempt: Attempt, text: str) -> Attempt:
    """Return an attempt that tells students a text."""
    return replace(attempt, detail={"message": text})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"points": 11}, "11 points, 10 honestly"),
        ({"seconds": PATIENCE + 1}, "took 21.0 s"),
        ({"next": "test_says_hello wrong"}, "the next honest submission"),
        ({"second": "test_says_hello wrong, before: passed"}, "the second grading"),
        ({"leaks": ["a leak marker (en)"]}, "leaks a leak marker"),
        ({"left": {"processes": ["sleep"]}}, "leaves processes: sleep"),
        ({"visitors": 1}, "1 visitors"),
        ({"differences": ["verdicts: timeout; expected: crashed"]}, "expected: crashed"),
    ],
)
def test_each_thing_that_must_not_be_is_wrong(change: dict[str, Any], word: str) -> None:
    [found] = wrong(seen_of(EXITS, **change), walls=True)
    assert word in found
    assert wrong(seen_of(EXITS), walls=True) == []


def test_without_walls_an_attack_may_do_what_walls_prevent_but_gain_nothing() -> None:
    seen = seen_of(EXITS, leaks=["x"], left={"files": ["x"]}, visitors=2, points=20)
    assert wrong(seen, walls=False) == ["20 points, 10 honestly"]


# -- the program


def test_the_program_says_that_something_is_wrong(
    full: None, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines([replace(EXITS, verdicts=frozenset())], None, service) == 1
    assert "expected: none" in capsys.readouterr().out


def test_a_level_that_is_not_there_is_said(full: None, service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines([EXITS], "none", service) == 3
    assert json.loads(capsys.readouterr().out)["obstacle"].startswith("the level is full")


# -- positive controls


@pytest.fixture(scope="module")
def honest_run(box: None) -> boxes.Facts:
    """What is seen of honest work where nothing protects the grading."""
    with handed_in(RIGHT) as path:
        return boxes.run(path, EXERCISE)


@pytest.mark.parametrize("control", CONTROLS)
def test_honest_work_is_a_dud_in_every_way(honest_run: boxes.Facts, control: str) -> None:
    assert controls(honest_run, base_facts("reference", EXERCISE), EXERCISE)[control] == ""


def test_reading_honest_work_is_no_success(box: None) -> None:
    with handed_in(RIGHT) as path:
        assert accepted(boxes.run(path, EXERCISE, naive=True), EXERCISE) == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("attack_skips_the_tests", "exit code 0"),
        ("attack_reads_the_tests", "planted environment"),
        ("attack_leaves_traces", "watch-list-was-here"),
        ("attack_execs_a_program", "no junit.xml"),
    ],
)
def test_an_attack_succeeds_where_nothing_protects_the_grading(box: None, name: str, words: str) -> None:
    """One for some of the ways; the table of the range tries every attack."""
    assert words in succeeds(SAMPLES[name], EXERCISE)[0]
