"""The commands of a student's day, one by one: what they write, what they keep, and what they say of what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader.archives import named
from grader.course import load_course
from grader.discovery import find_submissions
from grader.errors import UsageError
from grader.hashing import content_hash
from grader.models import LANGUAGES
from grader.student.hints import rungs, sections
from grader.student.place import Place
from grader.student.starters import starter
from grader.student.state import Check, State, load_state
from tests.grader.conftest import ROOT
from tests.grader.student_folders import grader, solve, student_folder

COURSE = load_course(ROOT)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return student_folder(tmp_path / "course", *(exercise.short for exercise in COURSE.exercises.values()))


def app(place: Place, short: str) -> Path:
    exercise = place.find(short)
    return exercise.folder / exercise.files[0]


def backups(place: Place) -> list[bytes]:
    return [path.read_bytes() for path in sorted(place.folder.glob(".grader/backups/*/*/**/*.py"))]


# -- start


def test_every_start_names_an_earlier_exercise_of_the_course_and_files_of_it() -> None:
    names = list(COURSE.exercises)
    starts = {exercise.name: exercise.start for exercise in COURSE.exercises.values() if exercise.start}
    assert set(starts) >= {COURSE.find(short).name for short in ("a3", "a4", "a5", "d2", "d3")}
    for name, start in starts.items():
        earlier = COURSE.find(start.exercise)
        assert names.index(earlier.name) < names.index(name)
        assert set(start.files) <= set(earlier.files)


def test_a3_gets_the_own_file_of_a2_and_the_starter_stays_at_hand(place: Place) -> None:
    solve(place, "a2")
    done = grader(place, "start", "a3")
    assert done.exit_code == 0
    assert "Your own work of a2 is in a3 now: app.py." in done.output
    assert "exercises/a3_query_and_encoding/.starter/" in done.output
    assert app(place, "a3").read_bytes() == app(place, "a2").read_bytes()
    assert "is here already" in grader(place, "start", "a3").output


def test_a_starter_is_no_work_to_be_brought_along(place: Place) -> None:
    before = app(place, "a3").read_bytes()
    assert "still as it was handed out" in grader(place, "start", "a3").output
    assert app(place, "a3").read_bytes() == before


def test_an_exercise_whose_forerunner_was_not_handed_out_begins_with_its_starter(tmp_path: Path) -> None:
    alone = student_folder(tmp_path / "course", "a3")
    before = app(alone, "a3").read_bytes()
    for lang, said in (("en", "a2 is not among the exercises here"), ("zh-CN", "这里没有 a2")):
        done = grader(alone, "start", "a3", lang=lang)
        assert (done.exit_code, said in done.output) == (0, True), done.output
        assert "exercises/a3_query_and_encoding/app.py" in done.output
    assert app(alone, "a3").read_bytes() == before


def test_work_is_never_written_over_without_a_backup(place: Place) -> None:
    solve(place, "a2")
    app(place, "a3").write_text("mine = 1\n", encoding="utf-8")
    done = grader(place, "start", "a3")
    assert "your work stays as it is: app.py" in done.output
    assert app(place, "a3").read_text(encoding="utf-8") == "mine = 1\n"
    assert backups(place) == []
    assert "is kept in .grader/backups/a3_query_and_encoding/" in grader(place, "start", "a3", "--force").output
    assert app(place, "a3").read_bytes() == app(place, "a2").read_bytes()
    assert backups(place) == [b"mine = 1\n"]


def test_a_package_brings_what_its_manifest_says(place: Place) -> None:
    solve(place, "b1")
    assert grader(place, "start", "d2").exit_code == 0
    package = place.find("d2").folder / "watchlist"
    assert (package / "middleware.py").read_bytes() == app(place, "b1").read_bytes()
    solve(place, "d2")
    own = place.find("d3").folder / "watchlist"
    before = (own / "__init__.py").read_bytes(), (own / "db.py").read_bytes()
    done = grader(place, "start", "d3")
    assert "Your own work of d2 is in d3 now" in done.output
    assert ((own / "__init__.py").read_bytes(), (own / "db.py").read_bytes()) == before
    brought = {path.relative_to(package) for path in package.rglob("*.html")}
    assert brought
    assert brought <= {path.relative_to(own) for path in own.rglob("*.html")}


def test_a_reference_that_was_given_out_can_be_taken(place: Place) -> None:
    refused = grader(place, "start", "a3", "--from-reference")
    assert refused.exit_code == 2
    assert "no folder references/a2_routes_and_methods/" in refused.output
    given = place.folder / "references" / "a2_routes_and_methods" / "app.py"
    given.parent.mkdir(parents=True)
    given.write_text("theirs = 1\n", encoding="utf-8")
    assert "The course's reference of a2 is in a3 now" in grader(place, "start", "a3", "--from-reference").output
    assert app(place, "a3").read_text(encoding="utf-8") == "theirs = 1\n"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("starts_from = 1", "starts_from must be an exercise"),
        ('starts_from = "first"', "'first' is not of the form a2"),
        ('starts_from = {exercise = "a2", flies = {}}', "unknown key 'flies'; did you mean 'files'?"),
        ('starts_from = {exercise = "a2", but = ["../app.py"]}', "'../app.py' is no path of a file"),
        ('starts_from = {exercise = "a2", files = {"app.py" = "/etc/x"}}', "'/etc/x' is no path of a file"),
    ],
)
def test_a_wrong_start_in_a_manifest_is_refused(place: Place, line: str, complaint: str) -> None:
    manifest = place.find("a3").folder / "exercise.toml"
    text = manifest.read_text(encoding="utf-8").replace('starts_from = "a2"', line)
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint.replace("?", r"\?").replace(".", r"\.")):
        place.load("a3_query_and_encoding")


# -- reset


def test_reset_restores_the_starter_and_keeps_what_was_there(place: Place) -> None:
    exercise = place.find("d2")
    extra = exercise.folder / "watchlist" / "mine.py"
    extra.write_text("own = 1\n", encoding="utf-8")
    (exercise.folder / "watchlist" / "api.py").unlink()
    assert "d2 is as it was handed out." in grader(place, "reset", "d2").output
    assert not extra.exists()
    assert (exercise.folder / "watchlist" / "api.py").read_bytes() == starter(exercise)["watchlist/api.py"]  # type: ignore[index]
    assert b"own = 1\n" in backups(place)


def test_without_starters_git_knows_them_and_without_git_it_is_said(place: Place) -> None:
    import shutil

    kept = place.find("a1").folder / ".starter"
    pristine = (kept / "app.py").read_bytes()
    shutil.rmtree(kept)
    app(place, "a1").write_text("mine = 1\n", encoding="utf-8")
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(place.folder.parent)}
    refused = grader(place, "reset", "a1")
    assert refused.exit_code == 2
    assert "the starter of a1 is not to be had" in refused.output
    assert app(place, "a1").read_text(encoding="utf-8") == "mine = 1\n"
    app(place, "a1").write_bytes(pristine)
    own = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        subprocess.run([*own, *arguments], cwd=place.folder, env=environment, check=True, timeout=60)
    app(place, "a1").write_text("mine = 1\n", encoding="utf-8")
    assert grader(place, "reset", "a1").exit_code == 0
    assert app(place, "a1").read_bytes() == pristine
    assert backups(place) == [b"mine = 1\n"]


# -- hints


@pytest.mark.parametrize("name", list(COURSE.exercises))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_exercise_has_its_rungs_in_both_languages(name: str, lang: str) -> None:
    exercise = COURSE.exercises[name]
    ladder = rungs(exercise, lang)
    assert len(ladder) == len(rungs(exercise, "en"))
    assert all(rung.text for rung in ladder)
    assert exercise.kind == "diagnostic" or [rung.title for rung in ladder] == ["1", "2", "3"]


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    assert [rung.title for rung in sections("# All\n\n## 1\n\n```python\n## no\n```\n\n## 2\n\nx\n")] == ["1", "2"]


def test_hints_come_one_by_one_and_the_third_wants_a_sentence(place: Place) -> None:
    assert "Hint 1 of 3" in grader(place, "hint", "a1").output
    assert "Hint 2 of 3" in grader(place, "hint", "a1").output
    refused = grader(place, "hint", "a1")
    assert refused.exit_code == 2
    assert "say it with --because" in refused.output
    assert grader(place, "hint", "a1", "--because", "  ").exit_code == 2
    third = grader(place, "hint", "a1", "--because", "bytes, not characters \x1b[31m")
    assert "Hint 3 of 3" in third.output
    assert "def announce(start_response):" in third.output
    assert "You have taken all 3 hints" in grader(place, "hint", "a1").output
    again = grader(place, "hint", "a1", "--again").output
    assert [f"Hint {number} of 3" in again for number in (1, 2, 3)] == [True] * 3
    assert r"You wrote: bytes, not characters \x1b[31m" in again
    assert "taken no hint" in grader(place, "hint", "a2", "--again").output


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hints_fit_into_eighty_columns(place: Place, lang: str) -> None:
    for short in ("a1", "a3", "p0"):
        for _ in range(2):
            lines = grader(place, "hint", short, lang=lang).output.splitlines()
            assert max(map(cell_len, lines)) <= 80


# -- state and progress


def test_progress_tells_points_changes_and_what_comes_next(place: Place) -> None:
    files = {"app.py": app(place, "a1").read_bytes()}
    check = Check(
        content_hash(files), "2026-03-01T10:00:00+00:00", 7, 7, 40, 40, {"correctness": (36, 36), "protocol": (4, 4)}
    )
    state = load_state(place)
    state.records["a1_hello_wsgi"] = state.of("a1_hello_wsgi").__class__(check)
    state.save()
    said = grader(place, "progress").output
    assert "36/36" in said
    assert "40/40 ✓" in said
    assert "next: A2 · Routes and methods (grader start a2)" in said
    assert "run at grading; nothing here counts them" in said.replace("\n", " ")
    assert max(map(cell_len, said.splitlines())) <= 80
    app(place, "a1").write_text("changed = 1\n", encoding="utf-8")
    assert "* changed since the last check: a1" in grader(place, "progress").output
    assert max(map(cell_len, grader(place, "progress", lang="zh-CN").output.splitlines())) <= 80


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"version": 0}', '{"version": 1, "exercises": {"a1": 3}}', "[" * 100_000,
     '{"version": 1, "exercises": {"a1": {"check": null, "rungs": -1, "sentences": []}}}'],
)  # fmt: skip
def test_a_damaged_state_is_put_aside_and_never_fatal(place: Place, damage: str) -> None:
    path = place.own / "student.json"
    path.parent.mkdir()
    path.write_text(damage, encoding="utf-8")
    done = grader(place, "hint", "a1")
    assert done.exit_code == 0
    assert "What was remembered of your work could not be read" in done.output
    (aside,) = place.own.glob("student.damaged-*.json")
    assert aside.read_text(encoding="utf-8") == damage
    assert load_state(place).of("a1_hello_wsgi").rungs == 1


def test_a_state_keeps_everything_it_is_given(tmp_path: Path) -> None:
    place = Place(tmp_path)
    state = State(place.own / "student.json")
    record = state.of("a1").__class__(Check("f", "w", 1, 2, 3, 4, {"design": (1, 2)}), 2, ())
    state.records["a1"] = record
    state.save()
    assert load_state(place).records == {"a1": record}
    assert [path.name for path in place.own.iterdir()] == ["student.json"]


def test_a_folder_that_cannot_be_written_costs_no_verdict(place: Place) -> None:
    place.own.write_text("a file stands where the folder should be", encoding="utf-8")
    done = grader(place, "hint", "a1")
    assert done.exit_code == 0
    assert "This was not remembered" in done.output
    assert "Hint 1 of 3" in done.output
    app(place, "a1").write_text("mine = 1\n", encoding="utf-8")
    refused = grader(place, "reset", "a1")
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output
    assert app(place, "a1").read_text(encoding="utf-8") == "mine = 1\n"


# -- submit


def test_an_archive_is_the_same_for_the_same_files_and_time(place: Place) -> None:
    solve(place, "a1")
    contents = []
    for _ in range(2):
        assert grader(place, "submit", "a1", "--time", "2026-03-01T18:00+08:00").exit_code == 0
        (path,) = place.folder.glob("handed_in/*.zip")
        contents.append(path.read_bytes())
        app(place, "a1").touch()
    assert contents[0] == contents[1]
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("submission.json"))
        assert archive.namelist() == ["submission.json", "app.py"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert manifest["files"] == {"app.py": hashlib.sha256(archive.read("app.py")).hexdigest()}
    assert (manifest["exercise"], manifest["time"]) == ("a1_hello_wsgi", "2026-03-01T18:00:00+08:00")


def test_a_starter_or_nothing_is_refused_kindly(place: Place) -> None:
    done = grader(place, "submit", "a2")
    assert done.exit_code == 1
    assert "nothing was packed" in done.output
    assert not (place.folder / "handed_in").exists()
    assert "packed because you said so" in grader(place, "submit", "a2", "--force").output
    app(place, "a1").write_text("  \n", encoding="utf-8")
    assert grader(place, "submit", "a1").exit_code == 1
    app(place, "a1").rename(app(place, "a1").with_name("my_app.py"))
    missing = grader(place, "submit", "a1")
    assert missing.exit_code == 2
    assert (
        "app.py is missing in exercises/a1_hello_wsgi/; a1 asks for it. Is it one of these: my_app.py?"
        in missing.output
    )


@pytest.mark.parametrize(("arguments", "word"), [(["--time", "soon"], "soon is no time"), ([], "Name it, as in")])
def test_a_wrong_submit_says_what_is_right(place: Place, arguments: list[str], word: str) -> None:
    solve(place, "a1")
    done = grader(place, "submit", *(["a1", *arguments] if arguments else []))
    assert done.exit_code == 2
    assert word in done.output


def test_archives_are_found_by_the_names_that_submit_gives(place: Place) -> None:
    solve(place, "a1")
    solve(place, "d2")
    for short in ("a1", "d2"):
        assert grader(place, "submit", short).exit_code == 0
    class_folder = place.folder.parent / "submitted" / "ada"
    class_folder.mkdir(parents=True)
    for path in place.folder.glob("handed_in/*.zip"):
        (found,) = find_submissions(path, COURSE, None)
        assert path.name.startswith(f"{found.exercise.name}-")
        path.rename(class_folder / path.name)
    assert [(one.student, one.exercise.short) for one in find_submissions(class_folder.parent, COURSE, None)] == [
        ("ada", "a1"), ("ada", "d2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a1_x-0123abcd.zip", "a1_x"), ("a1_x.zip", "a1_x"), ("a1_x-0123abcd.tar.gz", "a1_x"), ("a1_x-0123abcd", "a1_x-0123abcd"),
        ("a1_x-0123ABCD.zip", "a1_x-0123ABCD"), ("ada-0123abcd.zip", "ada-0123abcd"), ("a1_x-0123abc.zip", "a1_x-0123abc"),
    ],
)  # fmt: skip
def test_eight_digits_of_a_hash_are_no_part_of_a_name(name: str, wanted: str) -> None:
    assert named(name, {"a1_x"}) == wanted


# -- what is wrong


@pytest.mark.parametrize("command", ["check", "start", "hint", "reset", "submit", "watch"])
def test_an_exercise_that_is_none_gets_the_nearest_name_in_the_own_language(place: Place, command: str) -> None:
    done = grader(place, command, "a1_helo_wsgi", lang="zh-CN")
    assert done.exit_code == 2
    assert "没有叫 a1_helo_wsgi 的练习；是不是 a1_hello_wsgi？" in done.output


@pytest.mark.parametrize("command", ["check", "start a1", "hint a1", "reset a1", "submit a1", "watch a1", "progress"])
def test_outside_of_a_course_it_is_said_where_to_go(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", *command.split(), "--lang", "zh-CN"], cwd=tmp_path, capture_output=True, timeout=60,
        encoding="utf-8", env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "都没有课程：请进入含有 exercises/ 的文件夹" in done.stderr


def test_a_path_and_capitals_are_as_good_as_a_name(place: Place) -> None:
    assert place.find("exercises/a1_hello_wsgi/").short == place.find("A1").short == "a1"


def test_watch_without_watchfiles_says_what_to_install(place: Place) -> None:
    script = "import sys; sys.modules['watchfiles'] = None\nfrom grader.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script, "watch", "a1", "--course", str(place.folder)], capture_output=True, timeout=60,
        encoding="utf-8", env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'pip install "watchfiles>=1.0"' in done.stderr
