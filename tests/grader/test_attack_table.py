"""The program of the attack range: a line for each attack, a table without holes, exit codes that say what was found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from grader.models import Exercise
from grader.samples import TRIES, Sample, load_samples
from tests.grader.attack_range.__main__ import verdict
from tests.grader.attack_range.look import Seen
from tests.grader.attack_range.settings import SETTINGS, CannotBeHad, Launcher
from tests.grader.attack_range.table import COLUMNS, CONTROL, NOT_WANTED, Results, may_run, summary, text_table
from tests.grader.conftest import ROOT
from tests.grader.leaks import COURSE

EXERCISE: Exercise = COURSE.exercises["a1_hello_wsgi"]
SAMPLES = {sample.name: sample for sample in load_samples(ROOT, EXERCISE)}
ATTACKS = [sample for sample in SAMPLES.values() if sample.kind == "attack"]
EXITS = SAMPLES["attack_exits_at_import"]


def seen_of(sample: Sample, **changes: Any) -> Seen:  # noqa: ANN401 - of any field
    """Return what a range might see of a sample; nothing is wrong with it."""
    seen = Seen(sample.name, sample.exercise, "full", 0, 0.1, "graded", [], [], [], 10, 10, 100, [])
    return replace(seen, **changes)


def test_the_program_prints_a_line_of_json_for_each_attack(full: None) -> None:
    names = ["attack_exits_at_import", "attack_skips_the_tests"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.grader.attack_range", *names], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert [Seen(**json.loads(line)).sample for line in done.stdout.splitlines()] == names


# -- the table


def full_results() -> Results:
    """Return results with everything seen and nothing wrong."""
    results = Results(ATTACKS)
    for setting in SETTINGS:
        results.seen.update({(setting.name, s.name): seen_of(s) for s in ATTACKS if may_run(s, setting)})
    results.controls = {sample.name: "15 passed, 0 honestly" for sample in ATTACKS}
    return results


def test_every_attack_has_a_row_and_no_cell_is_empty() -> None:
    rows = full_results().rows()
    assert rows[0] == ["tries", "attack", *COLUMNS]
    assert sorted(row[1] for row in rows[1:]) == sorted(sample.name.removeprefix("attack_") for sample in ATTACKS)
    assert {row[0] for row in rows[1:]} == set(TRIES)
    assert all(cell.strip() for row in rows for cell in row)
    assert {len(row) for row in rows} == {len(COLUMNS) + 2}


def test_harmful_attacks_are_not_run_without_walls() -> None:
    rows = full_results().rows()
    none = rows[0].index("none")
    said = {row[1]: row[none] for row in rows[1:]}
    assert {name for name, cell in said.items() if cell == "not run (harm)"} == {
        sample.name.removeprefix("attack_") for sample in ATTACKS if sample.harm
    }


def test_nothing_is_wrong_with_full_results() -> None:
    assert full_results().wrong() == []
    assert verdict(full_results()) == 0


def test_an_attack_that_was_not_graded_is_wrong() -> None:
    results = full_results()
    del results.seen["full/root", EXITS.name]
    assert results.wrong() == [f"{EXITS.name} at full/root: was not graded"]
    assert results.cell(EXITS, "full/root") == "WRONG: was not graded"
    assert verdict(results) == 1


def test_a_dud_is_wrong() -> None:
    results = full_results()
    results.controls[EXITS.name] = "!it does not do what its control says"
    assert results.wrong() == [f"{EXITS.name}: it does not do what its control says"]
    assert results.cell(EXITS, CONTROL).startswith("DUD")
    del results.controls[EXITS.name]
    assert results.wrong() == [f"{EXITS.name}: no control was tried"]


def test_what_is_wrong_stands_in_its_cell_and_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    results = full_results()
    results.seen["none", EXITS.name] = seen_of(EXITS, points=100, wrong=["100 points, 10 honestly"])
    assert "WRONG: 100 points" in results.cell(EXITS, "none")
    assert verdict(results) == 1
    assert f"WRONG: {EXITS.name} at none: 100 points, 10 honestly" in capsys.readouterr().out


def test_a_setting_that_cannot_be_had_is_said_and_fails_where_everything_must_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = full_results()
    results.obstacles["confined/root"] = "the level is none: no Landlock"
    assert results.cell(EXITS, "confined/root") == "not to be had here"
    assert "confined/root: the level is none: no Landlock" in summary(results)
    monkeypatch.setenv("GRADER_CI", "1")
    assert verdict(results) == 3
    monkeypatch.delenv("GRADER_CI")
    assert verdict(results) == 0


def test_a_setting_that_nobody_asked_for_has_no_column(monkeypatch: pytest.MonkeyPatch) -> None:
    results = full_results()
    results.obstacles["none"] = NOT_WANTED
    assert "none" not in results.rows()[0]
    monkeypatch.setenv("GRADER_CI", "1")
    assert verdict(results) == 0


def test_attacks_that_are_spread_are_graded_at_one_setting_each() -> None:
    names = ["full/root", "full/ordinary"]
    results = Results(ATTACKS)
    results.obstacles = dict.fromkeys((*(s.name for s in SETTINGS if s.name not in names), CONTROL), NOT_WANTED)
    results.spread(names)
    due = {setting.name: results.due(setting) for setting in SETTINGS if setting.name in names}
    assert sorted(sample.name for samples in due.values() for sample in samples) == sorted(s.name for s in ATTACKS)
    assert all(due.values())
    assert {results.cell(ATTACKS[0], name) for name in names} == {"WRONG: was not graded", "at another setting"}
    assert len(results.wrong()) == len(ATTACKS)


def test_a_table_is_laid_out_in_columns() -> None:
    assert text_table([["a", "bc"], ["def", "g"]]) == "a   | bc\n----+---\ndef | g"


def test_an_ordinary_user_has_no_setting_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with ExitStack() as stack:
        launcher = Launcher(stack)
        with pytest.raises(CannotBeHad, match="only root"):
            launcher.run(SETTINGS[0], [], print)
