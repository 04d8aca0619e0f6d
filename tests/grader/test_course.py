"""Manifests and expectations: what cannot be meant is refused by file and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import UsageError
from grader.grading.workers import Worker
from grader.models import Exercise, Visibility
from grader.output import safe_name
from grader.samples import load_sample
from grader.statement import readings

ROOT = Path(__file__).parents[2]
ALL = list(load_course(ROOT).exercises.values())
EXERCISES = [exercise for exercise in ALL if exercise.kind == "graded"]
DIAGNOSTICS = [exercise for exercise in ALL if exercise.kind == "diagnostic"]


@pytest.mark.parametrize("exercise", DIAGNOSTICS, ids=lambda exercise: exercise.name)
def test_every_question_of_a_diagnostic_names_what_to_read_and_has_no_points(exercise: Exercise) -> None:
    worker = Worker(exercise, ROOT)
    worker.stop()
    rows = worker.ready.rows
    assert rows
    assert {(row.visibility, row.points) for row in rows} == {(Visibility.PUBLIC, 0)}
    assert {row.reading for row in rows} == set(readings(exercise))


MANIFEST = """
kind = "graded"
files = ["app.py"]
entry = "app:application"
[title]
en = "A"
zh-CN = "A"
[limits]
call = 1
[[hidden]]
id = "test_a"
category = "design"
points = 8
title = {en = "a", zh-CN = "b"}
"""


def load(folder: Path, text: str) -> Exercise:
    """Load an exercise with this manifest."""
    home = folder / "exercises" / "a1_x"
    home.mkdir(parents=True)
    (home / "exercise.toml").write_text(text, encoding="utf-8")
    return load_course(folder).find("a1")


def test_a_small_manifest_is_an_exercise(tmp_path: Path) -> None:
    exercise = load(tmp_path, MANIFEST)
    assert (exercise.files, exercise.limits.call, exercise.hidden[0].id) == (("app.py",), 1, "test_a")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("call = 1", "call = nan", "[limits] call must be a positive number up to 2**40"),
        ("call = 1", "call = inf", "[limits] call must be a positive number"),
        ("call = 1", "call = 0", "[limits] call must be a positive number"),
        ("call = 1", "memory = 0x" + "f" * 5000, "[limits] memory must be a positive whole number"),
        ("call = 1", "memory = 1.5", "[limits] memory must be a positive whole number"),
        ("call = 1", "deaths = true", "[limits] deaths must be a positive whole number"),
        ("points = 8", "points = 0", "[[hidden]] points must be from 1 to 100"),
        ("points = 8", "points = 0x" + "f" * 5000, "[[hidden]] points must be from 1 to 100"),
        ("test_a", "a", "id = 'a' is not of the form test_name"),
        ('"app.py"', '"a\\u0000b"', "'a\\x00b' is not a relative path"),
        ('"app.py"', '"a//b"', "'a//b' is not a relative path"),
        ('"app.py"', '"./a"', "'./a' is not a relative path"),
        ('"app.py"', '"C:a"', "'C:a' is not a relative path"),
        ('"app.py"', '""', "'' is not a relative path"),
        ('"app.py"', "1", "1 is not a relative path"),
        ('"app.py"', '"a", "a"', "files must name at least one file, and each of them once"),
        ("call = 1", "call = " + "[" * 5000, "not a TOML file"),
        ('"graded"', '"diagnostic"', "a diagnostic has no points and no hidden tests"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in MANIFEST
    with pytest.raises(UsageError) as caught:
        load(tmp_path, MANIFEST.replace(old, new, 1))
    assert said in str(caught.value)
    assert "exercise.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("failed = [1]", "'failed' must hold names of tests"),
        ("skipped = [[]]", "'skipped' must hold names of tests"),
        ("reasons = {a = 1}", "'reasons' must hold names of tests"),
        ("failed = " + "[" * 5000, "not a TOML file"),
        ("failed = 'a'", "'failed' is unknown or of the wrong type"),
    ],
)
def test_an_expectation_that_cannot_be_meant_is_refused_by_file_and_key(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(f'kind = "attack"\nabout = "x"\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_sample(path, EXERCISES[0])
    assert said in str(caught.value)
    assert "expected.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["ada", "Ada-Lovelace_3.b", "-rf", "a" * 100])
def test_a_harmless_name_stays_what_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".ada",
        "ada.",
        "a/b",
        "CON",
        "nul.txt",
        "Com1.x.y",
        "影",
        "\ud800",
        "a b",
        "a" * 101,
        safe_name("a/b"),
    ],
    ids=ascii,
)
def test_any_other_name_gets_a_hash_and_is_one_everywhere(name: str) -> None:
    made = safe_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*-[0-9a-f]{16}", made)
    assert not re.match(r"(con|nul|com1)(\.|$)", made, re.IGNORECASE)
