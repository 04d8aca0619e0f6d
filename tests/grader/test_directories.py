"""A whole directory is handed in: every file of it counts, there is an end to how many, and nothing in it reaches the judge."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import hashing
from grader.archives import TOGETHER, Unbelievable, checked
from grader.course import Course, load_course
from grader.directories import DEEPEST, LONGEST, MOST_FILES, MOST_SEEN, PROBLEMS
from grader.discovery import find_submissions
from grader.errors import UsageError
from grader.models import Exercise
from grader.sandbox.inside.unpacking import unpack as unpack_here
from grader.submissions import read_submission
from tests.grader.conftest import ROOT
from tests.grader.package_course import NAME, RIGHT, of_count, put, tarred, write, zipped

MIB = 1 << 20
ONE = replace(load_course(ROOT).exercises["a1_hello_wsgi"], files=("watchlist/",), entry="watchlist:application")
"""An exercise that asks for nothing but a directory."""
Read = Callable[[Path, dict[str, bytes], Exercise], tuple[dict[str, bytes], str, list[str]]]
"""Reads what was handed in: its files, the problem, and what is ignored."""


def as_folder(path: Path, files: dict[str, bytes], exercise: Exercise) -> tuple[dict[str, bytes], str, list[str]]:
    found = read_submission(put(path / "work", files), exercise)
    return dict(found.files), found.problem.get("problem", "").format_map(found.problem), list(found.ignored)


def as_archive(_path: Path, files: dict[str, bytes], exercise: Exercise) -> tuple[dict[str, bytes], str, list[str]]:
    said = unpack_here(zipped(files), exercise.files, exercise.limits.file_size)
    found = checked(said, exercise.files, exercise.limits.file_size)
    return dict(found.files), found.problem.get("problem", "").format_map(found.problem), list(found.ignored)


@pytest.fixture(params=[as_folder, as_archive])
def reading(request: pytest.FixtureRequest) -> Read:
    """Both ways in which a directory comes."""
    way: Read = request.param
    return way


# -- what counts


def test_every_file_counts_whatever_is_in_it(tmp_path: Path, reading: Read) -> None:
    files = {
        "watchlist/__init__.py": b"",
        "watchlist/a/b/x.html": b"\xff\0",
        "watchlist/影.css": b"",
        "watchlist/LICENSE": b"",
    }
    assert reading(tmp_path, {**files, "notes.txt": b"", "other/x.py": b""}, ONE) == (files, "", ["notes.txt", "other"])


def test_what_tools_and_runs_leave_behind_is_passed_over(tmp_path: Path, reading: Read) -> None:
    junk = ("__pycache__/x.cpython-311.pyc", "a/__pycache__/b", "x.pyc", ".DS_Store", "._x")
    named = (".env", ".git/config", "a/films.db", "films.sqlite3", "films.sqlite3-wal", "films.db-journal")
    files = {f"watchlist/{name}": b"x" * 3 * MIB for name in (*junk, *named)}
    right = {"watchlist/__init__.py": b"", "watchlist/db.py": b""}
    found, problem, ignored = reading(tmp_path, {**files, **right}, ONE)
    assert (found, problem) == (right, "")
    assert ignored == sorted("watchlist/" + name.replace("/config", "") for name in named)


def test_a_directory_without_files_or_that_is_a_file_is_missing(tmp_path: Path, reading: Read) -> None:
    for number, files in enumerate(({}, {"watchlist": b""}, {"watchlist/__pycache__/x.pyc": b""}, {"Watch/x.py": b""})):
        assert reading(tmp_path / str(number), files, ONE)[:2] == ({}, "")
    (tmp_path / "empty" / "watchlist" / "templates").mkdir(parents=True)
    assert read_submission(tmp_path / "empty", ONE).missing == ("watchlist/",)


def test_files_and_directories_may_be_asked_for_together(tmp_path: Path, reading: Read) -> None:
    both = replace(ONE, files=("README.txt", "watchlist/"))
    files = {"README.txt": b"", "watchlist/x.py": b""}
    assert reading(tmp_path, {**files, "x.py": b""}, both) == (files, "", ["x.py"])
    assert read_submission(put(tmp_path / "part", {"watchlist/x.py": b""}), both).missing == ("README.txt",)


def test_a_directory_around_one_of_its_name_is_a_wrapper(tmp_path: Path, reading: Read) -> None:
    right = {"watchlist/x.py": b"", "watchlist/templates/watchlist/x.html": b""}
    assert reading(tmp_path / "1", right, ONE)[0] == right
    wrapped = {f"watchlist/{name}": content for name, content in right.items()}
    assert reading(tmp_path / "2", wrapped, ONE)[0] == right
    found, problem, _ = reading(tmp_path / "3", {**wrapped, "watchlist/y.py": b""}, ONE)
    assert not found
    assert "watchlist/" in problem
    assert "more than once" in problem or "several folders" in problem


# -- what bounds it


BAD: dict[str, tuple[dict[str, bytes], str]] = {
    "too many": (of_count(MOST_FILES + 1), "watchlist/ holds more than 200 files"),
    "too deep": ({f"watchlist/{'a/' * (DEEPEST - 1)}x.py": b""}, "lies more than 9 folders deep"),
    "too long": ({f"watchlist/{'影' * (LONGEST // 3 + 1)}": b""}, "a name is longer than 100 bytes"),
    "too large": ({"watchlist/a/x.py": b"#" * (MIB + 1)}, "watchlist/a/x.py is larger than 1048576 bytes"),
    "too large together": (
        {f"watchlist/{n}.py": b"#" * (TOGETHER // 3 + 1) for n in range(3)}, "larger than 2097152 bytes together",
    ),
    "a device": ({"watchlist/templates/Aux.html": b""}, "not every system can hold"),
    "a blank at the end": ({"watchlist/x.py ": b""}, "not every system can hold"),
    "a question": ({"watchlist/what?.py": b""}, "not every system can hold"),
    "other case": ({"watchlist/Db.py": b"", "watchlist/db.py": b""}, "are one name for some systems"),
    "other case of a folder": ({"watchlist/A/x.py": b"", "watchlist/a/y.py": b""}, "are one name for some systems"),
    "other form": ({"watchlist/\u00e9.py": b"", "watchlist/e\u0301.py": b""}, "are one name for some systems"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_over_a_bound_nothing_is_taken_and_the_bound_is_said(tmp_path: Path, reading: Read, name: str) -> None:
    files, words = BAD[name]
    found, problem, _ = reading(tmp_path, {**files, "watchlist/right.py": b""}, ONE)
    assert words in problem
    assert not found


def test_a_bound_is_the_last_that_is_allowed(tmp_path: Path, reading: Read) -> None:
    deep = {f"watchlist/{'a/' * (DEEPEST - 2)}x.py": b"", f"watchlist/{'x' * LONGEST}": b""}
    whole = {
        **of_count(MOST_FILES - 4),
        **deep,
        "watchlist/large": b"#" * MIB,
        "watchlist/more": b"#" * (TOGETHER - MIB),
    }
    assert reading(tmp_path, whole, ONE) == (whole, "", [])


def test_a_thousand_files_that_do_not_count_have_an_end_too(tmp_path: Path) -> None:
    folder = put(tmp_path, {"watchlist/x.py": b""}) / "watchlist"
    for number in range(MOST_SEEN):
        (folder / f".{number}").touch()
    assert read_submission(tmp_path, ONE).problem["problem"] == PROBLEMS["many"]


@pytest.mark.parametrize("name", ["a\nb.py", "a\\b.py", "\udcff.py"])
def test_names_that_no_archive_may_hold_are_refused_in_a_folder_too(tmp_path: Path, name: str, posix: None) -> None:
    (tmp_path / "watchlist").mkdir()
    try:
        (tmp_path / "watchlist" / name).touch()
    except OSError:
        pytest.skip("this file system does not hold such a name; run it on Linux")
    assert read_submission(tmp_path, ONE).problem["problem"] == PROBLEMS["odd"]


def moved_behind_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def test_links_pipes_and_what_cannot_be_read_are_refused(tmp_path: Path, posix: None) -> None:
    secret = put(tmp_path, {"secret/key.py": b"secret"}) / "secret"
    makers: list[tuple[Callable[[Path], object], str]] = [
        (lambda path: (path / "x.py").symlink_to(secret / "key.py"), "watchlist/x.py is not a regular file"),
        (lambda path: (path / "sub").symlink_to(secret), "watchlist/sub is not a regular file"),
        (lambda path: (path / "loop").symlink_to(path), "watchlist/loop is not a regular file"),
        (lambda path: os.mkfifo(path / "pipe"), "watchlist/pipe is not a regular file"),
        (moved_behind_a_link, "behind a link"),
    ]
    for number, (make, words) in enumerate(makers):
        work = put(tmp_path / str(number), {"watchlist/right.py": b""})
        make(work / "watchlist")
        found = read_submission(work, ONE)
        assert words in found.problem["problem"].format_map(found.problem)
        assert not found.files


def test_a_hostile_archive_of_a_directory_comes_to_a_reason() -> None:
    right = {"watchlist/x.py": b""}
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(right, "watchlist/x.py")
    for data, reason in (
        (twice, "twice"),
        (zipped(right, "watchlist/x.py/"), "special"),
        (zipped(right, "watchlist/x.py/y"), "special"),
        (zipped(right, "Watchlist/y.py"), "alike"),
        (zipped(right, "hw/watchlist/y.py"), "several"),
        (zipped(right, "watchlist/../y.py"), "climbs"),
    ):
        assert unpack_here(data, ONE.files, MIB).get("refused") == reason


@pytest.mark.parametrize(
    "files", [of_count(201), {"watchlist/../x": b""}, {"watchlist//x": b""}, {"watchlist/": b""}, {"other/x": b""}]
)
def test_a_box_that_says_more_than_a_directory_may_hold_is_not_believed(files: dict[str, bytes]) -> None:
    with pytest.raises(Unbelievable):
        checked({"files": files, "ignored": []}, ONE.files, MIB)


PARTS = st.sampled_from([
    "watchlist", "Watchlist", "a", "A", "x.py", "\u00e9", "e\u0301", "aux.py", ".git", "__pycache__", "x.db", "..", ".", "", "hw",
])  # fmt: skip
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(bool)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(PATHS, max_size=6, unique=True))
def test_any_names_come_to_files_that_are_believed_or_to_a_reason(names: list[str]) -> None:
    found = checked(unpack_here(zipped(dict.fromkeys(names, b"")), ONE.files, MIB), ONE.files, MIB)
    assert not (found.files and found.problem)
    assert all(name.startswith("watchlist/") and ".." not in name for name in found.files)
    assert not {".git", "__pycache__", "x.db", "aux.py"} & {part for name in found.files for part in name.split("/")}


# -- what a manifest says


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"README.txt"', '"watchlist/x.py"', "'watchlist/x.py' is handed in with 'watchlist/' already"),
        ('"README.txt"', '"watchlist"', "'watchlist' is handed in with 'watchlist/' already"),
        ('"watchlist/"', '"watchlist//"', "'watchlist//' is not a relative path"),
        ("create_app()", "make()", "calls another function than [factory] name = 'create_app'"),
        ("create_app()", "create_app", "settings are for an entry that is called"),
        ("testing = true", "testing = []", "'testing' must be a name with a plain value"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_refused_by_name(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = write(tmp_path).exercises[NAME].folder / "exercise.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_course(tmp_path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


# -- where it is found


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return write(tmp_path_factory.mktemp("course"))


def found(path: Path, course: Course, wanted: str = "") -> dict[str | None, list[str]]:
    """Return the files of each student that is found."""
    subs = [one.read() for one in find_submissions(path, course, course.exercises[wanted] if wanted else None)]
    return {one.student: sorted(one.files) if one.archive is None else ["archive"] for one in subs}


def test_the_directory_itself_its_folder_a_class_and_a_tree_are_found(course: Course, tmp_path: Path) -> None:
    whole = sorted(RIGHT)
    work = put(tmp_path / "work" / NAME, RIGHT)
    assert found(work, course) == found(work / "watchlist", course) == {None: whole}
    assert found(work / "watchlist", course, NAME) == {None: whole}
    put(tmp_path / "class" / "ada", RIGHT)
    put(tmp_path / "class", {"bo.zip": zipped(RIGHT)})
    assert found(tmp_path / "class", course, NAME) == {"ada": whole, "bo": ["archive"]}
    put(tmp_path / "tree" / "ada" / NAME, RIGHT)
    put(tmp_path / "tree" / "bo", {f"{NAME}.tar.gz": tarred(RIGHT)})
    assert found(tmp_path / "tree", course) == {"ada": whole, "bo": ["archive"]}


def test_one_stands_in_the_directory_and_names_the_dot(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(put(tmp_path, RIGHT) / "watchlist")
    assert found(Path(), course, NAME) == {None: sorted(RIGHT)}


def test_one_file_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"asks for the directory watchlist/; name it"):
        read_submission(put(tmp_path, {"x.py": b""}) / "x.py", ONE)


def test_the_starter_is_no_part_of_the_tests_and_every_file_is_of_the_submission(tmp_path: Path) -> None:
    exercise = write(tmp_path).exercises[NAME]
    before = hashing.exercise_hash(exercise)
    put(exercise.folder, {"watchlist/more.py": "", "README.txt": "", "watchlist/a/b.json": "{}"})
    assert hashing.exercise_hash(exercise) == before
    put(exercise.folder, {"data.json": "{}"})
    assert hashing.exercise_hash(exercise) != before
    assert hashing.content_hash(RIGHT) != hashing.content_hash({**RIGHT, "watchlist/static/site.css": b""})
