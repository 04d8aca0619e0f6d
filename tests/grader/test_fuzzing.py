"""Everything that reads bytes of students keeps its word: on what was found before, and on some bytes that nobody chose.

``python -m tests.fuzz TARGET`` does the same for as long as one likes. In CI the bytes are the same every time, so that no
change fails by chance; elsewhere they are others in every run.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import course, output, printable
from grader.channel import frames, values
from grader.leaks import guard
from grader.models import Visibility
from grader.testing import events, feedback, outcome
from grader.testing.inner import frameworks
from tests.fuzz.driver import CORPUS, TARGETS, Campaign, Target, kept, load, mutations, smaller
from tests.grader.conftest import IN_CI

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=IN_CI, database=None)
ENOUGH = 20_000
"""Executions within which a broken engine must be found out; it takes a few hundred, of some targets a few thousand."""

each_target = pytest.mark.parametrize("name", TARGETS)


@functools.cache
def target(name: str) -> Target:
    return load(name)


def inputs(name: str) -> tuple[bytes, ...]:
    return (b"", *target(name).seeds, *(path.read_bytes() for path in kept(name)))


@each_target
def test_what_was_found_before_is_mended(name: str) -> None:
    for data in inputs(name):
        target(name).check(data)


@each_target
@EXAMPLES
@given(st.data())
def test_bytes_that_nobody_chose_are_harmless(name: str, data: st.DataObject) -> None:
    beginning = data.draw(st.sampled_from(inputs(name)))
    cut = data.draw(st.integers(0, len(beginning)))
    target(name).check(beginning[:cut] + data.draw(st.binary(max_size=300)))


def test_every_kept_input_belongs_to_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


# -- a broken engine is found out

BREAKS: dict[str, tuple[str, object, str, object]] = {
    "a decoder that takes any header": ("frames", frames, "READER", json.JSONDecoder()),
    "blobs that may stand anywhere": ("frames", frames, "split", lambda payload, _start, _lengths: [payload]),
    "no bound on nesting": ("values", values, "deeper", lambda depth: depth),
    "surrogates that are joined": ("values", values, "pack_text", lambda text: text),
    "any kind of float": ("values", values, "ODD_FLOATS", {"inf": 1.0, "-inf": 1.0, "nan": 1.0}),
    "an exception of any name": ("conversation", outcome, "known_type", lambda _module, name: name),
    "hidden values that are said": ("conversation", feedback, "HIDDEN", "☠"),
    "names of files that are said as they are": ("quoting", feedback, "printable", lambda text, *_: text),
    "details of events that are said": ("quoting", events, "printable", lambda text, _cap: text),
    "text that is shown as it is": ("names", printable, "_shown", lambda character: character),
    "paths of any bytes": ("requests", frameworks, "is_utf8", lambda _text: True),
    "names of files that are not cleaned": ("names", output, "HARMLESS", re.compile(r".*", re.DOTALL)),
    "names of files without a hash": ("names", output, "hashlib", None),
    "names of files with anything in them": ("manifests", course, "ODD", re.compile(r"\Z\A.")),
    "limits without an end": ("manifests", course, "LARGEST_LIMIT", 1 << 4000),
    "a guard that looks at every tenth piece": ("leaks", guard, "STRIDE", guard.STRIDE + 1),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_engine_is_found_out(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module, attribute, broken = BREAKS[case]
    campaign = Campaign(target(name), lambda _line: None)
    monkeypatch.setattr(module, attribute, broken)
    for data in islice(mutations(inputs(name), seed=2), ENOUGH):
        campaign.run(data)
        if campaign.findings:
            break
    assert campaign.findings


# -- the driver


def only(bad: bytes) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if bad in data:
            raise ValueError("bad")

    return check


def test_a_finding_is_made_small_kept_once_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    campaign = Campaign(Target("x", only(b"\x07"), ()), said.append, tmp_path / "x")
    for data in (b"harmless", b"ab\x07cd" * 9, b"\x07\x07"):
        campaign.run(data)
    assert [path.read_bytes() for path in (tmp_path / "x").iterdir()] == [b"\x07"]
    assert len(said) == 1
    assert said[0].startswith("finding: ValueError at test_fuzzing.py:")
    assert "3 executions" in campaign.summary()
    assert "1 findings" in campaign.summary()


def test_what_does_not_end_in_time_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.driver.SLOW", 0.0)
    campaign = Campaign(Target("x", lambda _data: sum(range(100_000)), ()), lambda _line: None)  # type: ignore[arg-type]
    campaign.run(b"")
    assert any("TooSlow" in kind for kind in campaign.findings)


@pytest.mark.parametrize("data", [b"", b"x", b"aaaaaaaaaaxaaaaaaaaaaay", bytes(1000) + b"xy"])
def test_smaller_inputs_are_what_they_were(data: bytes) -> None:
    assert smaller(data, lambda shorter: (b"x" in shorter) == (b"x" in data)) == (b"x" if b"x" in data else b"")


def test_both_kinds_of_tests_are_looked_at() -> None:
    from tests.fuzz.targets import conversation, quoting

    assert {info.visibility for info in (*conversation.INFOS, *quoting.INFOS)} == set(Visibility)


def test_what_is_mutated_was_right_before() -> None:
    from tests.fuzz.targets import manifests

    for data in manifests.SEEDS[:2]:
        path = manifests.place("expected.toml" if data[0] else "exercise.toml")
        path.write_bytes(data[1:])
        (manifests.check_sample(path) if data[0] else manifests.check_exercise(path.parents[2]))
