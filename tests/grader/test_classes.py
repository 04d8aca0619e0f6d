"""A class is graded at once from what platforms give out: everybody's work is found, or named with what to do about it."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.bulk import download
from grader.bulk.classes import Class, find_class
from grader.bulk.metadata import entries
from grader.bulk.names import Owner, canvas, latest, moodle, resubmitted
from grader.cli import main
from grader.course import Course
from grader.errors import UsageError
from grader.handed_in import handed_in as when
from grader.models import Exercise, Submission
from grader.roster import Roster, read_roster
from grader.sandbox.inside.unpacking import unpack
from tests.grader.archive_recipes import APP, written_zip
from tests.grader.class_downloads import (
    CANVAS,
    CANVAS_GRADEBOOK,
    GRADESCOPE,
    GRADESCOPE_ROSTER,
    METADATA,
    MOODLE,
    MOODLE_FLAT,
    MOODLE_GRADEBOOK,
    MOODLE_WORKSHEET,
    OWN,
    STUDENTS,
    hostile_zip,
    laid,
    zipped,
)

ROOT = Path(__file__).parents[2]
NAME = "a1_hello_wsgi"
FORMS: Mapping[str, Callable[[Path, Mapping[str, bytes]], Path]] = {
    "folder": lambda path, files: laid(path / "class", files),
    "zip": lambda path, files: zipped(path / "class.zip", files),
}
each_form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def exercise(course: Course) -> Exercise:
    return course.exercises[NAME]


def roster_of(tmp_path: Path, text: str) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def handed_in(found: Class) -> dict[str | None, str]:
    """Return of each student what there is to grade."""
    assert len({one.student for one in found.found}) == len(found.found)
    return {one.student: short(one.read()) for one in found.found}


def short(work: Submission) -> str:
    """Return what there is in one word."""
    if work.problem:
        return work.problem["problem"]
    return "archive" if work.archive else "missing" if work.missing else "+".join(sorted(work.files))


# -- what platforms give out


@each_form
@pytest.mark.parametrize(
    ("system", "files", "students"),
    [
        ("canvas", CANVAS, {"lovelaceada_101", "wangxiaoming_102", "bohan_103", "anon_a1B2c", "dicy_104"}),
        ("moodle", MOODLE, {"Ada Lovelace", "王小明", "Bo O'Han", "Di Cy"}),
        ("moodle", MOODLE_FLAT, {"Ada Lovelace", "Bo O'Han", "Di Cy"}),
        ("gradescope", GRADESCOPE, {"1101", "1102", "bo@example.edu"}),
    ],
)
def test_a_download_gives_everybody_their_own_work(
    form: str,
    system: str,
    files: Mapping[str, bytes],
    students: set[str],
    course: Course,
    exercise: Exercise,
    tmp_path: Path,
) -> None:
    path = FORMS[form](tmp_path, files)
    found = find_class(path, course, exercise, system if form == "zip" else None)
    work = handed_in(found)
    assert set(work) == students
    assert (found.system, found.unassigned, found.notes) == (system, (), ())
    only_text = {"dicy_104", "Di Cy"} & students
    assert {student for student, what in work.items() if what == "missing"} == only_text
    assert all(work[student] in ("app.py", "archive") for student in students - only_text)


def test_a_zip_of_students_is_a_class_as_its_folder_is(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    path = zipped(tmp_path / "class.zip", STUDENTS)
    assert handed_in(find_class(path, course, exercise, "students")) == dict.fromkeys(("ada", "bo", "cy"), "archive")
    wrapped = zipped(tmp_path / "wrapped.zip", {f"submitted/{name}": content for name, content in STUDENTS.items()})
    assert set(handed_in(find_class(wrapped, course, exercise, "students"))) == {"ada", "bo", "cy"}
    one = zipped(tmp_path / "one.zip", {"ada/app.py": APP, "ada/more/x": b""})
    assert set(handed_in(find_class(one, course, exercise, "students"))) == {"ada"}


def test_an_archive_is_the_work_of_one_student_until_somebody_says_otherwise(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "ada.zip", CANVAS)
    [alone] = find_class(path, course, exercise).found
    assert alone.student is None
    assert alone.read().archive == path.read_bytes()
    (tmp_path / "roster.csv").write_text(CANVAS_GRADEBOOK, encoding="utf-8")
    assert len(find_class(path, course, exercise, None, read_roster(tmp_path / "roster.csv")).found) == 4


def test_the_file_of_metadata_cannot_be_forged_by_what_a_program_prints(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    assert ":sid: '6666'" in METADATA
    found = find_class(laid(tmp_path / "class", GRADESCOPE), course, exercise)
    assert "6666" not in handed_in(found)


@each_form
def test_gradescope_says_when_something_was_handed_in(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    """The times of files are those of the download; where the platform says nothing they are all that there is."""
    path = FORMS[form](tmp_path, GRADESCOPE)
    found = {one.student: one for one in find_class(path, course, exercise, "gradescope" if form == "zip" else None).found}
    said = datetime(2026, 1, 20, 5, 13, 21, 424312, UTC)
    assert {student: one.time for student, one in found.items()} == {"1101": said, "1102": None, "bo@example.edu": None}
    assert when(found["1101"]) == (said, False)
    assert abs(when(found["1102"])[0] - datetime.now(UTC)) < timedelta(hours=1)
    assert when(replace(found["1101"], time=datetime(9999, 12, 31, tzinfo=UTC)))[1], "from the future: now"
    assert when(replace(found["1101"], time=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))))[0].year == 1970


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-20 05:13:21.424312999 Z", "2026-01-20T05:13:21.424312+00:00"),
        ("2026-01-20 05:13:21 -08:00", "2026-01-20T05:13:21-08:00"),
        ("2026-01-20T05:13:21.4+08:00", "2026-01-20T05:13:21.400000+08:00"),
        ("2026-13-20 05:13:21 Z", None),
        ("2026-01-20 05:13:21", None),
        ("２０２６-01-20 05:13:21 Z", None),
        ("yesterday", None),
        ("9" * 10_000, None),
        ("~", None),
    ],
)
def test_a_time_of_gradescope_has_a_zone_or_is_none(text: str, time: str | None) -> None:
    data = f"submission_1:\n  :history:\n  - :created_at: 2020-01-01 00:00:00 Z\n  :created_at: {text}\n".encode()
    assert entries(Path("submission_metadata.yml"), data)["submission_1"].time == (time and datetime.fromisoformat(time))


@pytest.mark.parametrize(
    "text",
    [
        "submission_1: [",
        "{a: {b: {" * 200,
        "? {a: b}\n: {:submitters: []}",
        "submission_1: &a [*a]",
        "\x00",
        "- " * 50_000,
        "&a " * 9,
    ],
)
def test_metadata_that_is_something_else_is_said_to_be(
    text: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {"submission_1/app.py": APP, "submission_metadata.yml": text.encode()}
    with pytest.raises(UsageError) as error:
        find_class(laid(tmp_path / "class", files), course, exercise)
    assert "submission_metadata.yml" in str(error.value)
    assert "again" in str(error.value)


def test_a_bomb_of_aliases_in_the_metadata_is_not_set_off(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    levels = "".join(f"  :l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
    text = f"submission_1:\n  :l0: &l0 [x]\n{levels}  :submitters:\n  - :sid: '1'\n    :name: *l9\n"
    files = {"submission_1/app.py": APP, "submission_metadata.yml": text.encode()}
    began = time.process_time()
    assert handed_in(find_class(laid(tmp_path / "class", files), course, exercise)) == {"1": "app.py"}
    assert time.process_time() - began < 5


# -- names


def test_names_of_canvas_are_read_as_it_makes_them() -> None:
    [late] = canvas("o_haraann_LATE_12_34_my_app.py")
    assert late.owner == Owner("canvas", "12", "o_haraann")
    assert late.rest == "my_app.py"
    assert [one.owner.number for one in canvas("lovelace_12_34_1_app.py")] == ["12", "34"]
    assert [one.owner.number for one in canvas("lovelace_12_34_x_77_88_app.py")] == ["12"]
    for name in ("app.py", "lovelace_12_app.py", "_12_34_app.py", "lovelace_1x_34_app.py", "x" * 2000 + "_1_2_a"):
        assert canvas(name) == []


def test_a_student_whose_name_ends_in_a_number_is_not_taken_for_another(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {"ada_77_9001_app.py": APP, "ada_77_123_9002_app-9.py": b"forged = 1\n"}
    for form, make in FORMS.items():
        found = find_class(make(tmp_path, files), course, exercise, "canvas")
        assert set(handed_in(found)) == {"ada_77"}, form
        [forged] = found.unassigned
        assert forged.name == "ada_77_123_9002_app-9.py"
        assert "77 or 123" in forged.why


def test_names_of_moodle_are_read_as_it_makes_them() -> None:
    reading = moodle("Gruppe A-Ada Lovelace_12_assignsubmission_file_my_app.py")
    assert reading is not None
    assert (reading.owner, reading.rest) == (Owner("moodle", "12", "Gruppe A-Ada Lovelace"), "my_app.py")
    assert moodle("Ada_Lovelace_12_assignsubmission_file_") is None
    trap = moodle("Mal_1_assignsubmission_file_Ada_2_assignsubmission_file_app.py")
    assert trap is not None
    assert trap.owner.number == "1"


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("app-1.py", ("app.py", 1)), ("app-12.py", ("app.py", 12)), ("app.py", ("app.py", 0)), ("other-1.py", ("other-1.py", 0)),
        ("work-2.zip", ("work.zip", 2)), ("work.tar-3.gz", ("work.tar.gz", 3)), ("work-3.tar.gz", ("work.tar.gz", 3)),
        ("a-1.py", ("a-1.py", 0)), ("app-99999.py", ("app-99999.py", 0)), ("-1", ("-1", 0)),
    ],
)  # fmt: skip
def test_the_number_of_a_file_that_was_handed_in_again(name: str, before: tuple[str, int]) -> None:
    assert resubmitted(name, {"app.py", "a-1.py"}) == before


def test_what_was_handed_in_last_counts_and_the_rest_is_named() -> None:
    files = [("app.py", "1"), ("app-10.py", "10"), ("app-9.py", "9"), ("views.py", "v"), ("note.txt", "n")]
    assert latest(files, {"app.py", "views.py"}) == ({"app.py": "10", "views.py": "v", "note.txt": "n"}, ["1", "9"], [])
    assert latest([("app.py", "1"), ("app.py", "2")], {"app.py"})[2] == ["1", "2"]


@each_form
def test_the_latest_of_several_files_of_canvas_counts(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {f"ada_1_{10 + n}_app{suffix}.py": b"n = %d\n" % n for n, suffix in enumerate(("", "-1", "-2"))}
    [one] = find_class(FORMS[form](tmp_path, files), course, exercise, "canvas").found
    work = one.read()
    assert work.ignored == ("ada_1_10_app.py", "ada_1_11_app-1.py")
    content = work.files.get("app.py") or zip_content(work.archive or b"", "app.py")
    assert content == b"n = 2\n"


def zip_content(data: bytes, name: str) -> bytes:
    """Read a file of a zip, as everybody's library reads it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return archive.read(name)


@each_form
def test_files_of_which_none_is_the_last_are_refused_by_name(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {"ada_1_10_app.py": APP, "ada_1_11_app.py": APP, "bo_2_12_one.zip": b"x", "bo_2_13_two.zip": b"y"}
    found = find_class(FORMS[form](tmp_path, files), course, exercise, "canvas")
    for one, names in zip(found.found, (("ada_1_10_app.py", "ada_1_11_app.py"), ("one.zip", "two.zip")), strict=True):
        problem = one.read().problem
        assert "more than once" in problem["problem"]
        assert all(name in problem["files"] for name in names)


@each_form
def test_several_files_of_one_student_are_one_submission(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    several = replace(exercise, files=("app.py", "views.py", "pages/"))
    files = {"ada_1_10_app.py": APP, "ada_1_11_views-1.py": b"v\n", "bo_2_12_app.py": APP}
    found = find_class(FORMS[form](tmp_path, files), course, several, "canvas")
    ada, bo = (one.read() for one in found.found)
    if form == "folder":
        assert set(ada.files) == {"app.py", "views.py"}
        assert (ada.missing, bo.missing) == (("pages/",), ("views.py", "pages/"))
    else:
        assert zip_content(ada.archive or b"", "views.py") == b"v\n"


@each_form
def test_a_directory_is_taken_from_a_folder_of_moodle(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    package = replace(exercise, files=("watchlist/",))
    top = "Ada_1_assignsubmission_file_/"
    files = {f"{top}watchlist/__init__.py": b"", f"{top}watchlist/db/x.sql": b"s", f"{top}notes.txt": b""}
    [one] = find_class(FORMS[form](tmp_path, files), course, package, "moodle").found
    work = one.read()
    assert work.ignored == ("notes.txt",)
    names = set(work.files)
    if work.archive:
        (tmp_path / "cut.zip").write_bytes(work.archive)
        names = set(zipfile.ZipFile(tmp_path / "cut.zip").namelist())
    assert names == {"watchlist/__init__.py", "watchlist/db/x.sql"}


# -- nothing is lost


@each_form
def test_what_belongs_to_nobody_is_named_with_a_remedy(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    for system, files in (("canvas", CANVAS), ("moodle", MOODLE)):
        path = FORMS[form](
            tmp_path / system, {**files, "carl.py": APP, "extra/app.py": APP, ".DS_Store": b"", "__MACOSX/x": b""}
        )
        found = find_class(path, course, exercise, system)
        assert {one.name for one in found.unassigned} == {"carl.py", "extra"}
        assert all(one.why and one.remedy for one in found.unassigned)


def test_what_lies_beside_the_folders_of_students_is_named(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    tree = laid(
        tmp_path / "tree",
        {f"ada/{NAME}/app.py": APP, "bo/notes.txt": b"", "carl.py": APP, "di.zip": b"", "_mine.csv": b""},
    )
    found = find_class(tree, course, None)
    assert handed_in(found) == {"ada": "app.py"}
    assert [one.name for one in found.unassigned] == ["bo", "carl.py", "di.zip"]
    flat = laid(tmp_path / "flat", {"ada/app.py": APP, "di.zip": b"x", "carl.py": APP})
    found = find_class(flat, course, exercise)
    assert handed_in(found) == {"ada": "app.py", "di": "archive"}
    assert [one.name for one in found.unassigned] == ["carl.py"]
    own = laid(tmp_path / "own", {"app.py": APP, "notes.txt": b"", "more/x": b""})
    assert find_class(own, course, exercise).unassigned == ()


def test_a_student_who_is_there_twice_is_refused_with_both_names(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {"submission_1/app.py": APP, "submission_2/app.py": APP, "submission_3/app.py": APP}
    files["submission_metadata.yml"] = b"".join(
        b"submission_%d:\n  :submitters:\n  - :sid: '%d'\n" % (number, min(number, 2)) for number in (1, 2, 3, 4)
    )
    found = find_class(laid(tmp_path / "class", files), course, exercise)
    assert handed_in(found)["1"] == "app.py"
    problem = found.found[1].read().problem
    assert problem["files"] == "submission_2, submission_3"
    assert [one.name for one in found.unassigned] == ["submission_4"]


def test_two_folders_of_one_student_in_a_tree_are_told_apart(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    tree = laid(tmp_path / "tree", {f"ada/{NAME}/app.py": APP, f"Ada Lovelace/{NAME}/app.py": APP})
    found = find_class(tree, course, exercise, None, roster_of(tmp_path, "id,name\nada,Ada Lovelace\n"))
    [one] = found.found
    assert one.read().problem["files"] == f"Ada Lovelace/{NAME}, ada/{NAME}"


def test_submissions_without_their_metadata_are_named(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no submission_metadata\.yml"):
        find_class(laid(tmp_path / "class", {"submission_1/app.py": APP}), course, exercise)


def test_students_of_moodle_with_one_name_are_graded_by_their_numbers(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    names = (
        "Participant_1",
        "Participant_2",
        unicodedata.normalize("NFC", "José_3"),
        unicodedata.normalize("NFD", "José_4"),
        "Bo_5",
    )
    files = {f"{name}_assignsubmission_file_/app.py": APP for name in names}
    found = find_class(zipped(tmp_path / "class.zip", files), course, exercise, "moodle")
    assert set(handed_in(found)) == {"Participant 1", "Participant 2", "José 3", "José 4", "Bo"}
    assert "moodle_id" in found.notes[0]


# -- the roster


@each_form
@pytest.mark.parametrize(
    ("system", "files", "text", "students", "absent", "strangers"),
    [
        ("canvas", CANVAS, CANVAS_GRADEBOOK, {"s1101", "s1102", "bo", "s1104"}, {"s1105"}, {"anon_a1B2c_9005_app.py"}),
        ("canvas", CANVAS, OWN, {"ada", "wang", "bo"}, set(), {"anon_a1B2c_9005_app.py", "dicy_104_text.html"}),
        ("moodle", MOODLE, MOODLE_GRADEBOOK, {"s1101", "s1102", "s1103", "s1104"}, {"s1105"}, set()),
        ("moodle", MOODLE, MOODLE_WORKSHEET, {"201", "202", "203", "204"}, set(), set()),
        ("moodle", MOODLE, OWN, {"ada", "wang", "bo"}, set(), {"Di Cy_204_assignsubmission_onlinetext_"}),
        ("gradescope", GRADESCOPE, OWN, {"ada", "wang", "bo"}, set(), set()),
        ("students", STUDENTS, "id,name\nada,\nbo,\nzoe,Zoe Zed\n", {"ada", "bo"}, {"zoe"}, {"cy"}),
    ],
)  # fmt: skip
def test_a_roster_says_who_is_who_who_is_absent_and_who_is_a_stranger(
    form: str, system: str, files: Mapping[str, bytes], text: str, students: set[str], absent: set[str], strangers: set[str],
    course: Course, exercise: Exercise, tmp_path: Path,
) -> None:  # fmt: skip
    if system == "students":
        files = {name.replace(f"/{NAME}", ""): content for name, content in files.items()}
    roster = roster_of(tmp_path, text)
    found = find_class(FORMS[form](tmp_path, files), course, exercise, None, roster)
    if text is MOODLE_WORKSHEET:
        students = {f"{name}@example.edu" for name in ("ada", "wang", "bo", "di")}
    assert set(handed_in(found)) == students
    assert {one.id for one in (found.absent or {})[NAME]} == absent
    assert {one.name for one in found.unassigned} == strangers
    assert all("nobody in roster.csv" in one.why for one in found.unassigned)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_roster_is_read_as_spreadsheets_write_it(encoding: str, separator: str, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("ID,Name\r\n\r\nada,王小明\r\n\r\n".replace(",", separator).encode(encoding))
    [student] = read_roster(path).students
    assert (student.id, student.name, student.line) == ("ada", "王小明", 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "nothing in it"),
        (b"id,name\n", "no student in it"),
        (b"name,points\nAda,3\n", "no column says who is who"),
        (b"id,id\na,b\n", "two columns are called id"),
        ("id,name\na,影".encode("utf-16"), "not in UTF-8"),
        (b"id,name\n" + b"a" * (9 << 20), "larger than"),
        (b'id,name\na,"b\n', "line 2: is no CSV"),
        (b"id,name\nada,A\nbo,B\nADA,C\n", "line 4: the id ADA is that of line 2 too"),
        (b"id,email,canvas_id\na,x@y,1\nb,X@Y,2\nc,z@y,1\n", "line 3: the email X@Y is that of line 2 too"),
        (b"id,email,canvas_id\na,x@y,1\nb,X@Y,2\nc,z@y,1\n", "line 4: the canvas_id 1 is that of line 2 too"),
        (b"id,name\n,Ada\n", "line 2: the id is missing"),
        (b"id,name\n=1+1,Ada\n", "line 2: the id =1+1 begins like a formula"),
        (b"id,name\nada,Lovelace,Ada\n", "line 2: has 3 fields and the first line 2"),
        (b"id,name\n" + b"x" * 101 + b",Ada\n", "line 2: the id has more than 100 characters"),
        (
            b"id,name\nada,\x1b[31mred\n",
            "line 2: the name has a character in it that cannot be shown: \\x1b[31mred",
        ),
        ("id,name\na\u202eb,x\n".encode(), "line 2: the id has a character in it that cannot be shown: a\\u202eb"),
        (b"id,name\n" + b"=a,b\n" * 50, "and 79 more"),
    ],
)
def test_a_roster_with_a_mistake_is_refused_with_file_and_line(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(data)
    with pytest.raises(UsageError) as error:
        read_roster(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "students"),
    [
        (CANVAS_GRADEBOOK,
         {"s1101": "Lovelace, Ada", "s1102": "Wang, Xiaoming", "bo": "Han, Bo", "s1104": "Cy, Di", "s1105": "Zed, Zoe"}),
        (GRADESCOPE_ROSTER, {"1101": "Ada Lovelace", "1102": "小明 王", "1103": "Bo Han"}),
        ("学号,姓名,邮箱\n2026001,王小明,w@example.edu\n", {"2026001": "王小明"}),
        ("Email Address,Full Name\nada@example.edu,Ada\n", {"ada@example.edu": "Ada"}),
    ],
)  # fmt: skip
def test_columns_of_exports_are_known_and_rows_about_nobody_are_not_taken(
    text: str, students: dict[str, str], tmp_path: Path
) -> None:
    assert {one.id: one.name for one in roster_of(tmp_path, text).students} == students


def test_who_is_absent_is_said_of_each_exercise_of_a_tree(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    both = replace(course, exercises={NAME: exercise, "a2_other": replace(exercise, name="a2_other")})
    tree = laid(
        tmp_path / "tree",
        {f"ada/{NAME}/app.py": APP, "ada/a2_other/app.py": APP, "bo/a2_other/app.py": APP, "cy/x": b""},
    )
    found = find_class(tree, both, None, None, roster_of(tmp_path, "id\nada\nbo\ncy\n"))
    absent = {name: [one.id for one in students] for name, students in (found.absent or {}).items()}
    assert absent == {NAME: ["bo", "cy"], "a2_other": ["cy"]}
    assert [one.name for one in found.unassigned] == ["cy"]


def test_students_are_found_by_id_in_any_case_by_address_and_by_name(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    roster = roster_of(tmp_path, "id,name,email\nADA,,\nbo,,Bo@example.edu\ncy,Di Cy,\n")
    tree = laid(tmp_path / "class", {f"{name}/app.py": APP for name in ("ada", "bo@example.edu", "Cy, Di")})
    assert set(handed_in(find_class(tree, course, exercise, None, roster))) == {"ADA", "bo", "cy"}


def test_without_a_library_for_yaml_the_remedy_is_named(
    course: Course, exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UsageError, match=r"pip install 'web-framework-course\[class\]'"):
        find_class(laid(tmp_path / "class", GRADESCOPE), course, exercise)


def test_numbers_of_another_assignment_of_moodle_are_found_out(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {
        "Ada Lovelace_203_assignsubmission_file_/app.py": APP,
        "Participant_202_assignsubmission_file_/app.py": APP,
    }
    found = find_class(laid(tmp_path / "class", files), course, exercise, None, roster_of(tmp_path, OWN))
    assert handed_in(found) == {"wang": "app.py"}
    assert "the number 203 is that of bo" in found.unassigned[0].why


def test_the_group_before_a_name_of_moodle_is_no_part_of_it(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    files = {"Team 3-Ada Lovelace_201_assignsubmission_file_/app.py": APP}
    found = find_class(laid(tmp_path / "class", files), course, exercise, None, roster_of(tmp_path, OWN))
    assert handed_in(found) == {"ada": "app.py"}


def test_every_submission_says_what_it_comes_from(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    for form, make in FORMS.items():
        found = find_class(make(tmp_path, {**CANVAS, "bohan_103_9009_x.zip": b""}), course, exercise, "canvas").found
        assert all(source.is_file() for one in found for source in one.sources), form
        assert len({one.path for one in found}) == len(found)
    one, other = (Path("a"), Path("b"))
    assert replace(found[0], path=one, others=(other,)).sources == (one, other)


def test_a_name_that_two_students_have_decides_nothing(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    roster = roster_of(tmp_path, 'id,name\na,Ada Lovelace\nb,"Lovelace, Ada"\nc,Bo Han\n')
    files = {"Ada Lovelace_1_assignsubmission_file_/app.py": APP, "Bo Han_2_assignsubmission_file_/app.py": APP}
    found = find_class(laid(tmp_path / "class", files), course, exercise, None, roster)
    assert set(handed_in(found)) == {"c"}
    assert "several students" in found.unassigned[0].why


def test_a_name_is_the_same_composed_or_not_and_with_marks_nobody_sees(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {unicodedata.normalize("NFD", "José Müller_1_assignsubmission_file_/app.py"): APP,
             "Noa\u200f Levi_2_assignsubmission_file_/app.py": APP}  # fmt: skip
    roster = roster_of(tmp_path, "id,name\nj,Müller José\nn,Noa Levi\n")
    found = find_class(zipped(tmp_path / "class.zip", files), course, exercise, "moodle", roster)
    assert set(handed_in(found)) == {"j", "n"}


def test_the_roster_in_the_folder_of_a_class_is_nobodys_work(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    tree = laid(tmp_path / "tree", {"ada/app.py": APP, "roster.csv": b"id\nada\n"})
    assert find_class(tree, course, exercise, None, read_roster(tree / "roster.csv")).unassigned == ()


# -- hostile downloads


def test_hostile_names_lead_nowhere_and_none_is_dropped(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    moodle_name = b"_1_assignsubmission_file_/"
    names = (
        b"../" + b"Ada" + moodle_name + b"app.py", b"/etc/cron.d/x", b"..\\x", b"C:/x", b"", b"./x",
        b"Bo\x00" + moodle_name + b"app.py",
        b"Cy\n\x1b[2J" + moodle_name.replace(b"1", b"2") + b"app.py", b"Di" + moodle_name.replace(b"1", b"3") + b"../../app.py",
        "\u202eEve".encode() + moodle_name.replace(b"1", b"4") + b"app.py", b"Flo" + moodle_name.replace(b"1", b"5") + b"app.py",
    )  # fmt: skip
    entries = [(name, b"x", 0o100644) for name in names]
    entries.append((b"Gus" + moodle_name.replace(b"1", b"6") + b"app.py", b"/etc/passwd", 0o120777))
    path = hostile_zip(tmp_path / "class.zip", entries)
    before = sorted(tmp_path.rglob("*"))
    found = find_class(path, course, exercise, "moodle")
    work = {one.student: one.read() for one in found.found}
    assert {"Flo", "Gus", "Di"} <= set(work)
    assert work["Di"].missing == ("app.py",)
    assert len(found.found) + len(found.unassigned) == len({name.split(b"/")[0] for name, _, _ in entries if name})
    assert all(str(one).isprintable() for one in found.unassigned)
    assert {"..", "", "..\\x", "C:", "."} == {one.name for one in found.unassigned}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("where", ["count", "bytes"])
def test_a_list_that_is_longer_than_that_of_any_class_is_refused(
    where: str, course: Course, exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MEMBERS", 1000)
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1001 if where == "count" else 400):
            archive.writestr(zipfile.ZipInfo(f"{number}" if where == "count" else f"{number:05}" + "x" * 60_000), b"")
    with pytest.raises(UsageError, match="unzip it, and name the folder"):
        find_class(path, course, exercise, "moodle")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04" + b"x" * 100, b"Rar!\x1a\x07", b"PK\x05\x06" + b"\xff" * 18, written_zip({"app.py": APP})[:-9]],
)
def test_what_is_no_zip_is_said_to_be_none(data: bytes, course: Course, exercise: Exercise, tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(data)
    with pytest.raises(UsageError, match="download it again"):
        find_class(tmp_path / "class.zip", course, exercise, "canvas")


def test_ten_thousand_files_of_one_student_are_that_students_problem(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    files = {f"Mal_1_assignsubmission_file_/x{number}/app.py": b"" for number in range(10_000)}
    files["Ada_2_assignsubmission_file_/app.py"] = APP
    found = find_class(zipped(tmp_path / "class.zip", files), course, exercise, "moodle")
    work = {one.student: one.read() for one in found.found}
    assert work["Ada"].archive
    assert (work["Mal"].missing, len(work["Mal"].ignored)) == (("app.py",), 50)


MODE, LINK = 0o100644, 0o120777


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        (b"watchlist/../../x.py", MODE, "climbs"), (b"watchlist/a.py", LINK, "link"), (b"watchlist/x\n.py", MODE, "control"),
        (b"watchlist/..\\x.py", MODE, "backslash"), (b"watchlist/A.py", MODE, "alike"), (b"watchlist/a.py", MODE, "twice"),
        (b"watchlist/a.py/b.py", MODE, "special"), (b"watchlist/con.py", MODE, "odd"),
        ("watchlist/ａ.py".encode(), MODE, "alike"),
        (b"watchlist/" + b"d/" * 40 + b"x", MODE, "deep"), (b"watchlist/" + b"x" * 200, MODE, "long"),
        (b"watchlist/b.py", 0o010644, "special"),
    ],
)  # fmt: skip
def test_what_is_hostile_in_one_students_part_is_refused_where_all_archives_are(
    name: bytes, mode: int, reason: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    package = replace(exercise, files=("watchlist/",))
    top = b"Mal_1_assignsubmission_file_/"
    entries = [
        (top + b"watchlist/a.py", APP, MODE),
        (top + name, b"x", mode),
        (top.replace(b"Mal_1", b"Ada_2") + b"watchlist/a.py", APP, MODE),
    ]
    found = find_class(hostile_zip(tmp_path / "class.zip", entries), course, package, "moodle")
    work = {one.student: one.read().archive or b"" for one in found.found}
    assert unpack(work["Mal"], package.files, 1 << 20)["refused"] == reason
    assert unpack(work["Ada"], package.files, 1 << 20)["files"] == {"watchlist/a.py": APP}


def test_bombs_in_a_download_stay_unexploded(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    bomb = b"\0" * (40 << 20)
    files = {"mal_1_2_app.py": bomb, "bob_3_4_work.zip": bomb, "ada_5_6_app.py": APP}
    work = {
        one.student: one.read()
        for one in find_class(zipped(tmp_path / "c.zip", files), course, exercise, "canvas").found
    }
    assert work["ada_5"].archive
    for student in ("mal_1", "bob_3"):
        assert work[student].problem["problem"] == "{file} is larger than {most} bytes"


def test_links_among_the_files_of_a_class_are_not_followed(course: Course, exercise: Exercise, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_bytes(b"secret = 1\n")
    folder = laid(tmp_path / "canvas", {"ada_1_2_app.py": APP, "cy_5_6_app.py": APP})
    export = laid(tmp_path / "moodle", {"Ada_1_assignsubmission_file_/app.py": APP})
    try:
        (folder / "bo_3_4_app.py").symlink_to(secret)
        (export / "Bo_2_assignsubmission_file_").symlink_to(tmp_path)
    except OSError:
        pytest.skip("links cannot be made here")
    found = find_class(folder, course, exercise)
    assert set(handed_in(found)) == {"ada_1", "cy_5"}
    assert [one.name for one in found.unassigned] == ["bo_3_4_app.py"]
    assert "is a link" in handed_in(find_class(export, course, exercise))["Bo"]


# -- speed


@each_form
def test_a_thousand_students_are_found_in_a_moment(
    form: str, course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    rows = [f"s{number},Student N{number},s{number}@example.edu,{number}" for number in range(1000)]
    roster = roster_of(tmp_path, "\n".join(["id,name,email,canvas_id", *rows]))
    files = {
        f"nnstudent_{number}_{number + 5000}_{name}": APP
        for number in range(1000)
        for name in ("app.py", "a.txt", "b.txt")
    }
    path = FORMS[form](tmp_path, files)
    began = time.process_time()
    found = find_class(path, course, exercise, "canvas", roster)
    assert time.process_time() - began < 5, "a second or so on a machine that has nothing else to do"
    assert len(found.found) == 1000
    assert not found.unassigned


def test_a_thousand_submissions_of_gradescope_are_found_in_a_moment(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    entry = "submission_{0}:\n  :submitters:\n  - :name: N {0}\n    :sid: '{0}'\n  :results:\n    tests:\n" + (
        "    - name: test\n      output: it failed\n" * 20
    )
    files = {f"submission_{number}/app.py": APP for number in range(1000)}
    files["submission_metadata.yml"] = "".join(entry.format(number) for number in range(1000)).encode()
    path = zipped(tmp_path / "class.zip", files)
    began = time.process_time()
    assert len(find_class(path, course, exercise, "gradescope").found) == 1000
    assert time.process_time() - began < 30, "seconds without the library's part in C"


# -- the command


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "120", "LANG": "C.UTF-8"})


@pytest.mark.parametrize(("form", "system"), [("folder", "canvas"), ("zip", "moodle")])
def test_a_class_is_graded_from_its_download(form: str, system: str, tmp_path: Path, full: None) -> None:
    reference = (ROOT / "solutions" / NAME / "app.py").read_bytes()
    names = {
        "canvas": ("ada_101_1_app-2.py", "bo_102_2_work.zip", "carl.py", "zoe_109_4_app.py"),
        "moodle": ("Ada_101_assignsubmission_file_/app.py", "Bo_102_assignsubmission_file_/w.zip", "carl.py",
                   "Zoe_109_assignsubmission_file_/app.py"),
    }[system]  # fmt: skip
    contents = (reference, written_zip({"work/app.py": reference}), APP, reference)
    path = FORMS[form](tmp_path, dict(zip(names, contents, strict=True)))
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name,canvas_id,moodle_id\na,Ada,101,101\nb,Bo,102,102\nc,Cy,103,103\n")
    words = ["grade", path, "--exercise", "a1", "--course", ROOT, "--roster", roster, "--format", "json"]
    result = run(*words, *(["--from", system] if form == "zip" else []))
    assert result.exit_code == 1, result.output
    attempts: list[dict[str, Any]] = json.loads(result.stdout)
    assert {one["student"]: one["score"]["earned"] for one in attempts} == {"a": 100, "b": 100}
    for said in (
        f"2 students, named by {system.capitalize()}",
        "not handed in by 1 of 3: c (Cy)",
        "not graded: carl.py",
        "109",
    ):
        assert said in result.stderr, result.stderr


def test_the_download_of_a_class_without_a_word_about_it_is_explained(tmp_path: Path, full: None) -> None:
    result = run("grade", zipped(tmp_path / "c.zip", CANVAS), "--exercise", "a1", "--course", ROOT)
    assert result.exit_code == 0
    assert "say --from canvas" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "canvas"), "is one file"),
        (("--from", "blackboard"), "canvas"),
        (("--roster", "nowhere.csv"), "cannot be read"),
    ],
)
def test_wrong_usage_is_explained(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(APP)
    result = run("grade", tmp_path / "app.py", "--exercise", "a1", "--course", ROOT, *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_platform_that_did_not_make_this_is_no_reason_to_lose_work(
    course: Course, exercise: Exercise, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="nothing of this can be given to a student"):
        find_class(laid(tmp_path / "class", STUDENTS), course, exercise, "canvas")
    with pytest.raises(UsageError, match="is a zip"):
        (tmp_path / "class.tgz").write_bytes(b"")
        find_class(tmp_path / "class.tgz", course, exercise, "canvas")


def test_a_name_of_the_course_is_not_needed_where_the_folder_says_it(course: Course, tmp_path: Path) -> None:
    folder = laid(tmp_path / NAME, CANVAS)
    assert len(find_class(folder, course, None).found) == 5
    with pytest.raises(UsageError, match="which exercise is this"):
        find_class(laid(tmp_path / "class", CANVAS), course, None)
    assert os.listdir(folder)
