"""A whole class by the commands that people use: kept, resumed, regraded, exported; nothing lost, nothing graded twice."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli import keeping, main
from grader.store.store import open_store
from tests.grader import postgresql
from tests.grader.conftest import EVERY, IN_CI, skip
from tests.grader.process_tree import below, orphanage, wait_for
from tests.grader.stores import EXERCISE, contents, handed, keep
from tests.grader.test_engine import REFERENCE, write_course

ROOT = Path(__file__).parents[2]
HALF = REFERENCE.replace("number * number", "abs(number * number) if number != 2.5 else 0")
FORMULA = '=HYPERLINK("evil.example","x");+1'
MARKUP = "<script>alert(1)</script>"
CLASS: dict[str, str | None] = {
    "ada": REFERENCE, "bo": HALF, "chiara": "def square(n): return 9\n", "dan": "def square(:\n", "eve": None,
    "-rf": HALF, FORMULA: REFERENCE, MARKUP.replace("/", "∕"): HALF, "\x1b[31mred\n": "", os.fsdecode(b"\xff"): REFERENCE,
}  # fmt: skip
KILLS = 40 if EVERY else 12 if IN_CI else 3


def run(*words: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "160", "LANG": "C.UTF-8"})


def right(*words: object) -> Result:
    """Run a command that succeeds."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def hand_in(tree: Path, student: str, source: str | None) -> Path:
    """Hand in a file, or a folder without one."""
    folder = tree / student / EXERCISE
    folder.mkdir(parents=True, exist_ok=True)
    if source is not None:
        (folder / "square.py").write_text(source, encoding="utf-8")
    return folder / "square.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course, what a class handed in, and a store in which it was graded."""
    if sys.platform == "win32":
        skip("Windows has no such names of students", "run this module on Linux or macOS")
    folder = tmp_path_factory.mktemp("class")
    manifest = write_course(folder / "course") / "exercises" / EXERCISE / "exercise.toml"
    text = manifest.read_text(encoding="utf-8").partition("[limits]")[0]
    manifest.write_text(text + "[limits]\ncall = 10.0\nload = 20.0\ntest = 30.0\n", encoding="utf-8")
    for student, source in CLASS.items():
        hand_in(folder / "submitted", student, source)
    first = right("grade", folder / "submitted", *at(folder), "--workers", 2, "--format", "json")
    (folder / "first.json").write_text(first.stdout, encoding="utf-8")
    (folder / "said").write_text(first.stderr, encoding="utf-8")
    return folder


def at(place: Path, *words: object) -> tuple[object, ...]:
    """Return the options that say which course and store are meant."""
    return ("--course", place / "course", "--store", place / "grades.db", *words)


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(place, tmp_path / "copy")
    return tmp_path / "copy"


def grades(place: Path, *words: object) -> dict[str, dict[str, Any]]:
    """Return what is exported as JSON, by student."""
    found = json.loads(right("export", "--format", "json", *at(place, *words)).stdout)
    return {one["student"]: one for one in found}


def test_a_class_may_be_kept_in_postgresql(
    copy: Path, place: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_STORE", postgresql.new_schema(server, "class"))
    for words in (("grade", copy / "submitted"), ("regrade", "--apply"), ("grade", copy / "submitted")):
        result = right(*words, "--course", copy / "course")
    assert f"{len(CLASS)} of {len(CLASS)} had not changed" in result.stderr
    with open_store(os.environ["GRADER_STORE"], writing=True) as store:
        assert contents(store) == kept(place)
    found, here = (
        right("export", "--format", "moodle", *words).stdout for words in (("--course", copy / "course"), at(copy))
    )
    assert found == here
    assert f"wrote {len(CLASS)} pages" in right("feedback", copy / "pages", "--course", copy / "course").stderr


def kept(place: Path) -> dict[tuple[str, str, str], Any]:
    """Return what the store has, after looking it through."""
    with open_store(str(place / "grades.db"), writing=True) as store:
        return dict(contents(store))


# -- graded, kept, and not graded again


def test_a_class_is_graded_in_order_and_kept(place: Path) -> None:
    found = json.loads((place / "first.json").read_text(encoding="utf-8"))
    assert len(found) == len(CLASS)
    scores = {one["student"]: one["score"]["earned"] for one in found}
    assert (scores["ada"], scores["bo"], scores["chiara"], scores["dan"], scores["eve"]) == (12, 9, 4, 0, 0)
    assert [name for name in scores if name.isalpha()] == ["ada", "bo", "chiara", "dan", "eve"]
    assert len(kept(place)) == len(CLASS)
    assert f"graded {len(CLASS)} of {len(CLASS)}" in (place / "said").read_text(encoding="utf-8")


def test_unchanged_work_is_not_graded_again_and_changed_work_is(copy: Path) -> None:
    before = kept(copy)
    hand_in(copy / "submitted", "bo", REFERENCE)
    hand_in(copy / "submitted", "eve", HALF)
    descriptors, threads = os.listdir("/dev/fd"), threading.active_count()
    result = right("grade", copy / "submitted", *at(copy), "--format", "json", "--out", copy / "out")
    assert f"{len(CLASS) - 2} of {len(CLASS)} had not changed" in result.stderr
    assert (len(os.listdir("/dev/fd")), threading.active_count()) == (len(descriptors), threads)
    scores = {one["student"]: one["score"]["earned"] for one in json.loads(result.stdout)}
    assert (scores["bo"], scores["eve"], scores["chiara"]) == (12, 9, 4)
    assert len(list((copy / "out").glob("*/*.json"))) == len(CLASS)
    after = kept(copy)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 2
    hand_in(copy / "submitted", "bo", HALF)
    again = right("grade", copy / "submitted", *at(copy), "--format", "json")
    assert f"{len(CLASS)} of {len(CLASS)} had not changed" in again.stderr
    assert grades(copy)["bo"]["points"] == 9, "what was handed in last counts, though it was graded first"
    assert len(kept(copy)) == len(after)


def test_another_seed_is_another_grading_and_no_store_keeps_nothing(copy: Path) -> None:
    shutil.rmtree(copy / "submitted")
    hand_in(copy / "submitted", "ada", REFERENCE)
    [one] = json.loads(right("grade", copy / "submitted", *at(copy), "--seed", 5, "--format", "json").stdout)
    assert one["seed"] == 5
    before = (copy / "grades.db").read_bytes()
    result = right("grade", copy / "submitted", *at(copy), "--no-store", "--format", "json", "--seed", 6)
    assert json.loads(result.stdout)[0]["seed"] == 6
    assert (copy / "grades.db").read_bytes() == before


def test_a_single_submission_needs_no_database(place: Path) -> None:
    source = (
        "import sys\nfrom click.testing import CliRunner\nfrom grader.cli import main\n"
        "found = CliRunner().invoke(main, sys.argv[1:])\n"
        "print(found.exit_code, 'sqlalchemy' in sys.modules, '12/12' in found.output)\n"
    )
    words = ["grade", place / "submitted" / "ada" / EXERCISE, "--course", place / "course"]
    done = subprocess.run(
        [sys.executable, "-c", source, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "False", "True"], done
    refused = run(*words, "--store", "x.db")
    assert refused.exit_code == 2
    assert "grade their tree" in refused.output


def test_without_sqlalchemy_a_class_is_graded_and_nothing_is_kept(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "has_database", lambda: False)
    monkeypatch.delenv("GRADER_STORE")
    hand_in(tmp_path, "ada", REFERENCE)
    result = right("grade", tmp_path, "--course", place / "course")
    assert "nothing is kept" in result.stderr
    assert "pip install" in result.stderr
    refused = run("grade", tmp_path, *at(place))
    assert refused.exit_code == 2
    assert "pip install" in refused.output


# -- stopped in the middle


def start(place: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a run of its own."""
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        str(place / "submitted"),
        *map(str, at(place)),
        "--workers",
        "2",
        *words,
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_run_that_is_killed_goes_on_where_it_stopped(
    place: Path, copy: Path, walled: None, database: str, request: pytest.FixtureRequest
) -> None:
    """Any process is killed, the command more often than others, at any moment; in the end all is as if nothing had been."""
    if sys.platform != "linux":
        skip("this test finds processes in /proc", "run it on Linux")
    store = str(copy / "new.db")
    if database == "postgresql":
        store = postgresql.new_schema(request.getfixturevalue("server"), "killed")
    rng = random.Random(11)
    with orphanage() as left:
        for _ in range(KILLS):
            process = start(copy, "--store", store)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.5, 4))
            seen = below(process.pid)
            if seen and rng.random() < 0.4:
                rng.choice(seen).kill()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(rng.uniform(0, 2))
            process.kill()
            process.communicate(timeout=60)
            wait_for(lambda: not left(), 30)
        process = start(copy, "--store", store)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    with open_store(store, writing=True) as opened:
        assert contents(opened) == kept(place)


def test_two_runs_at_once_do_not_meet(copy: Path) -> None:
    hand_in(copy / "submitted", "ada", "import time\ntime.sleep(2)\n" + REFERENCE)
    first = start(copy)
    try:
        wait_for(lambda: f"process {first.pid}," in (copy / "grades.db.lock").read_text(encoding="utf-8"), 60)
        second = start(copy)
        _, said = second.communicate(timeout=60)
    finally:
        _, first_said = first.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 2), (first_said, said)
    assert b"another run has this store" in said
    assert grades(copy)["ada"]["points"] == 12


def test_a_store_that_cannot_be_written_is_found_before_anything_is_graded(copy: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here")
    result = run("grade", copy / "submitted", "--course", copy / "course", "--store", blocked / "grades.db")
    assert result.exit_code == 2
    assert "choose another store" in result.output
    assert "graded" not in result.output


def test_a_disk_that_fills_stops_a_run_and_the_next_one_goes_on(copy: Path, place: Path) -> None:
    if sys.platform != "linux":
        skip("this test mounts a small disk", "run it on Linux")
    from tests.grader.test_faults import on_a_small_disk

    disk = copy / "disk"
    disk.mkdir()
    words = [sys.executable, "-m", "grader", "grade", str(copy / "submitted"), "--course", str(copy / "course")]
    steps = (
        'mkdir "$0/store"; "$@"; echo "first $?"; head -c 9m /dev/zero > "$0/filler"; '
        'echo "# changed" >> "$CHANGED"; "$@"; echo "second $?"; rm "$0/filler"; "$@"; echo "third $?"; cp "$0"/store/* "$COPY"'
    )
    changed = copy / "submitted" / "bo" / EXERCISE / "square.py"
    changed.write_text(HALF + f"# {os.urandom(40_000).hex()}", encoding="utf-8")
    done = subprocess.run(
        on_a_small_disk(disk, ["sh", "-c", steps, str(disk), *words, "--store", str(disk / "store" / "grades.db")]), cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "TMPDIR": str(copy), "CHANGED": str(changed), "COPY": str(copy)},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "first 0" in said, said
    assert "second 3" in said, said
    assert re.search("has no more room on its disk; make some|make sure that there is room", said), said
    assert "third 0" in said, said
    assert f"{len(CLASS) - 1} of {len(CLASS)} had not changed" in said
    assert len(kept(copy)) == len(CLASS) + 1


# -- odd classes, odd clocks


def test_the_same_student_twice_is_said_and_costs_nobody_else_anything(copy: Path) -> None:
    tree = copy / "submitted"
    hand_in(tree, "Ada", REFERENCE)
    shutil.copytree(tree / "bo" / EXERCISE, tree / "bo" / "more" / EXERCISE)
    shutil.make_archive(str(tree / "bo" / EXERCISE), "zip", tree / "ada" / EXERCISE)
    shutil.rmtree(tree / "bo" / EXERCISE)
    shutil.make_archive(str(tree / "bo" / EXERCISE), "gztar", tree / "ada" / EXERCISE)
    result = right("grade", tree, *at(copy), "--format", "json")
    assert "graded as different students: Ada, ada" in result.stderr
    found = {one["student"]: one for one in json.loads(result.stdout)}
    assert found["bo"]["verdict"] == "bad_submission"
    assert (found["Ada"]["score"]["earned"], found["ada"]["score"]["earned"]) == (12, 12)


def test_clocks_that_jump_are_said_and_change_no_order(copy: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    path = hand_in(copy / "submitted", "bo", REFERENCE)
    os.utime(path, (later.timestamp(), later.timestamp()))
    result = right("grade", copy / "submitted", *at(copy))
    assert "1 of 10 have files with times in the future" in result.stderr
    assert datetime.fromisoformat(grades(copy)["bo"]["submitted"]) < datetime.now(UTC) + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patch, open_store(str(copy / "grades.db"), writing=True) as store:
        patch.setattr("grader.store.store.now", later.isoformat)
        keep(store, store.begin_run(), handed("zoe"), "test_one", when=later)
    hand_in(copy / "submitted", "bo", HALF)
    result = right("grade", copy / "submitted", *at(copy))
    assert "the clock of this machine is behind" in result.stderr
    assert grades(copy)["bo"]["points"] == 9


# -- regraded


def lenient(course: Path) -> None:
    """Take an odd number out of a hidden test."""
    path = course / "tests" / "hidden" / EXERCISE / "test_hidden.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[0, 1, 2.5]", "[0, 1]"), encoding="utf-8")


def test_a_changed_test_shows_who_gains_before_it_counts(copy: Path) -> None:
    before = grades(copy)
    lenient(copy / "course")
    right("override", "bo", "s1", "11.5", "--reason", "=spoke with us", *at(copy))
    shutil.rmtree(copy / "submitted")
    result = right("regrade", *at(copy), "--format", "json")
    assert f"regraded {len(CLASS)}: 2 gain points, 0 lose points" in result.stderr
    assert grades(copy)["-rf"] == before["-rf"], "nothing counts yet"
    changes = {one["student"]: one for one in json.loads(result.stdout)}
    assert set(changes) == {"bo", "-rf", MARKUP.replace("/", "∕")}
    assert changes["-rf"]["difference"] == 3
    assert changes["-rf"]["tests"] == [{"id": "test_any", "before": 0, "after": 3}]
    applied = right("regrade", *at(copy), "--apply")
    assert "regraded 0: 2 gain points" in applied.stderr, "what was graded to be shown is not graded again"
    assert re.search(r"-rf +s1 +9/12 +12/12 +\+3 +test_any 0 > 3", applied.stdout)
    after = grades(copy)
    assert (after["-rf"]["points"], after["bo"]["points"], after["bo"]["status"]) == (12, 11.5, "overridden")
    right("override", "bo", "s1", "--withdraw", "--reason", "the test was at fault", *at(copy))
    assert grades(copy)["bo"]["points"] == 12
    assert "regraded 0: 0 gain points" in right("regrade", *at(copy)).stderr


def test_a_regrading_of_tests_that_come_back_counts_again(copy: Path) -> None:
    path = copy / "course" / "tests" / "hidden" / EXERCISE / "test_hidden.py"
    lenient(copy / "course")
    good = path.read_text(encoding="utf-8")
    said = separately(copy, "regrade")
    for text, option in ((good.replace("[0, 1]", "[0, 1, 2.5, 3]"), "--apply"), (good, "--apply")):
        path.write_text(text, encoding="utf-8")
        said = separately(copy, "regrade", option)
    assert f"regraded {len(CLASS)}: 3 gain points" in said, (
        "what was graded before others counted does not count after them"
    )
    assert grades(copy)["-rf"]["points"] == 12


def separately(place: Path, *words: str) -> str:
    """Run a command in a process of its own, which reads the tests anew; return what it says."""
    command = [sys.executable, "-m", "grader", *words, *map(str, at(place))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_regrading_that_fails_changes_nothing(copy: Path, tmp_path: Path) -> None:
    words = ("--course", copy / "course", "--store", tmp_path / "grades.db")
    with open_store(str(tmp_path / "grades.db"), writing=True) as store:
        keep(store, store.begin_run(), handed("ada", REFERENCE.encode()), "test_one")
    before = right("export", "--format", "json", *words).stdout
    (copy / "course" / "solutions" / EXERCISE / "square.py").write_text("def square(n): return 9\n")
    result = run("regrade", *words, "--apply")
    assert result.exit_code == 3
    assert "1 could not be graded" in result.stderr
    assert "the reference is not full marks" in result.stderr
    assert "not applied" in result.stderr
    assert right("export", "--format", "json", *words).stdout == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("override", "ada", "s1", "7"), "--reason"),
        (("override", "ada", "s1", "--reason", "why"), "POINTS, or --withdraw"),
        (("override", "ada", "s1", "-1e3", "--reason", "why"), "No such option"),
        (("override", "ada", "s1", "nan", "--reason", "why"), "a number from 0 to 10000"),
        (("override", "ada", "s1", "1.005", "--reason", "why"), "at most two decimals"),
        (("override", "ad", "s1", "1", "--reason", "why"), "did you mean 'ada'?"),
        (("override", "ada", "s1", "--withdraw", "--reason", "why"), "nothing to withdraw"),
        (("override", "ada", "s9", "1", "--reason", "why"), "no exercise 's9'"),
        (("export", "--grading", "nowhere.toml"), "no such file"),
        (("export", "--exercise", "s9"), "no exercise 's9'"),
        (("feedback", "out", "--student", "nobody"), "no such student"),
    ],
)
def test_wrong_usage_says_what_is_right(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(words[0], *at(place), *words[1:])
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("command", ["export", "feedback", "regrade"])
def test_commands_that_need_a_store_say_how_to_make_one(place: Path, tmp_path: Path, command: str) -> None:
    words = [tmp_path / "out"] if command == "feedback" else []
    result = run(command, *words, "--course", place / "course", "--store", tmp_path / "nowhere.db")
    if command == "regrade":
        assert "regraded 0" in result.output
    else:
        assert result.exit_code == 2
        assert "grader grade with a tree of students makes it" in result.output


# -- policies


POLICY = """
[grading]
counts = "last"
late = {per_day = 10, most = 50, days = 7, grace_minutes = 10}
[grading.exercises.s1]
deadline = 2020-01-01T00:00:00+08:00
[grading.students.bo]
deadlines = {s1 = 2999-01-01T00:00:00Z}
language = "zh-CN"
"""


def test_deadlines_and_late_policies_change_grades_and_no_attempt(copy: Path) -> None:
    before = kept(copy)
    (copy / "course" / "course.toml").write_text(POLICY, encoding="utf-8")
    found = grades(copy)
    assert (found["ada"]["points"], found["ada"]["status"], found["ada"]["penalty_percent"]) == (0, "late", 100)
    assert (found["bo"]["points"], found["bo"]["status"], found["bo"]["days_late"]) == (9, "graded", 0)
    other = copy / "other.toml"
    other.write_text(POLICY.replace("days = 7, ", "").replace('"last"', '"best"'), encoding="utf-8")
    assert grades(copy, "--grading", other)["ada"]["points"] == 6
    other.write_text(POLICY.replace('"last"', '"deadline"'), encoding="utf-8")
    assert grades(copy, "--grading", other)["ada"] == {**found["ada"], "points": None, "possible": None, "earned": None,
        "status": "not_in_time", "days_late": 0, "penalty_percent": 0, "submitted": None, "verdict": None, "attempt": None,
    }  # fmt: skip
    assert kept(copy) == before


def test_a_class_that_is_late_as_a_whole_may_have_been_copied(copy: Path) -> None:
    course_toml = copy / "course" / "course.toml"
    course_toml.write_text(POLICY, encoding="utf-8")
    said = "came after the deadline by the times of their files"
    assert said not in right("grade", copy / "submitted", *at(copy)).stderr, "bo has more time than the others"
    course_toml.write_text(POLICY.replace("deadlines =", "#"), encoding="utf-8")
    assert f"all {len(CLASS)} {said}" in right("grade", copy / "submitted", *at(copy)).stderr
    assert said not in right("grade", copy / "submitted", *at(copy), "--no-store").stderr
    path = copy / "submitted" / "ada" / EXERCISE / "square.py"
    os.utime(path, (1e9, 1e9))
    assert said not in right("grade", copy / "submitted", *at(copy)).stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[grading]", "[gradin]", "unknown key 'gradin'; did you mean 'grading'?"),
        ("counts =", "count =", "unknown key 'count'; did you mean 'counts'?"),
        ('"last"', '"first"', "counts = 'first' is not of the form last, best, deadline"),
        ("per_day = 10", "per_day = -1", "per_day must be a whole number from 0 to 100"),
        ("per_day = 10", "per_day = true", "per_day must be a whole number"),
        ("+08:00", "", "its distance from UTC"),
        ("2020-01-01T00:00:00+08:00", "2020-01-01", "a date with a time"),
        ("2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "must be a date"),
        ("exercises.s1", "exercises.s7", "there is no exercise 's7'"),
        ('"zh-CN"', '"fr"', "language = 'fr'"),
        ("[grading]", "[grading", "not a TOML file"),
    ],
)
def test_a_mistake_in_a_policy_is_named_with_its_remedy(
    place: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in POLICY
    path = tmp_path / "grading.toml"
    path.write_text(POLICY.replace(old, new, 1), encoding="utf-8")
    result = run("export", *at(place), "--grading", path)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())
    assert "grading.toml" in result.output


# -- what goes out


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_of_an_export_is_a_formula(place: Path, tmp_path: Path, form: str) -> None:
    right("export", tmp_path / "grades.csv", "--format", form, *at(place))
    data = (tmp_path / "grades.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(data.splitlines()))
    assert len({len(row) for row in rows}) == 1
    students = {row[0]: row for row in rows}
    assert len(students) == len(rows) == len(CLASS) + (2 if form == "canvas" else 1)
    assert "'-rf" in students
    assert "'" + FORMULA.replace(";+", ";'+") in students
    for row in rows:
        for text in row:
            assert text.isprintable()
            assert not re.match(r"\s*[=+\-@＝＋－＠]", text)
            assert all(not re.match(r"\s*[=+\-@]", part) for part in text.split(";"))
    assert (place / "grades.db").exists()


def test_canvas_and_moodle_get_the_columns_that_they_import(place: Path) -> None:
    canvas = list(csv.reader(right("export", "--format", "canvas", *at(place)).stdout.splitlines()))
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "s1 Square"]
    assert canvas[1] == ["    Points Possible", "", "", "", "", "12"]
    assert ["ada", "", "ada", "ada", "", "12"] in canvas, "the SIS id or the login, as the roster of Canvas had it"
    moodle = list(csv.reader(right("export", "--format", "moodle", *at(place)).stdout.splitlines()))
    assert moodle[0] == ["username", "s1 Square"]
    assert ["bo", "9"] in moodle


def test_every_student_gets_a_page_in_the_right_language(copy: Path) -> None:
    (copy / "course" / "course.toml").write_text(POLICY, encoding="utf-8")
    right("override", "chiara", "s1", 8, "--reason", f"read {MARKUP}", *at(copy))
    result = right("feedback", copy / "pages", "--lang", "en", *at(copy))
    assert f"wrote {len(CLASS)} pages" in result.stderr
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (copy / "pages").iterdir()}
    assert len(pages) == len(CLASS)
    assert '<html lang="zh-CN">' in pages["bo"]
    assert "得分：9，满分 12" in pages["bo"]
    assert '<html lang="en">' in pages["ada"]
    assert "points: 0 of 12" in pages["ada"]
    assert "of the points that were earned 100 % are lost" in pages["ada"]
    assert "given by hand: read &lt;script&gt;" in pages["chiara"]
    for page in pages.values():
        assert "<script" not in page
        assert "\x1b" not in page
        assert "12321" not in page, "what a hidden test expects"
        assert page.count("<html") == page.count("</html>") == 1


def test_a_page_that_would_tell_of_hidden_tests_is_not_written(copy: Path) -> None:
    path = copy / "course" / "tests" / "hidden" / EXERCISE / "test_hidden.py"
    marker = 'LEAK_MARKER = "leak-marker-0123456789ab"\n'
    path.write_text(path.read_text(encoding="utf-8") + marker, encoding="utf-8")
    right("override", "bo", "s1", 8, "--reason", "see leak-marker-0123456789ab", *at(copy))
    result = run("feedback", copy / "pages", *at(copy))
    assert result.exit_code == 3
    assert "bo: the report is withheld" in result.stderr
    assert "leak-marker-0123456789ab" not in result.output
    assert len(list((copy / "pages").iterdir())) == len(CLASS) - 1
    assert not (copy / "pages" / "bo.html").exists()


def test_ctrl_c_stops_every_lane_at_once(copy: Path) -> None:
    if sys.platform != "linux":
        skip("this test finds processes in /proc", "run it on Linux")
    for student in CLASS:
        hand_in(copy / "submitted", student, "import time\ntime.sleep(15)\n")
    with orphanage() as left:
        process = start(copy)
        wait_for(lambda: len([one for one in below(process.pid) if one.alive()]) > 4, 60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        wait_for(lambda: not left(), 30)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert time.monotonic() - began < 14
