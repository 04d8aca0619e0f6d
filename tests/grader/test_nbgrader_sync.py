"""Automatic scores go into nbgrader's gradebook, what people said there comes out: on SQLite and PostgreSQL, and only once."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.errors import UsageError
from grader.grades import Grade, Status
from grader.models import Outcome
from grader.nbgrader.gradebook import Place, place_of, reading
from grader.nbgrader.names import CONFIG, SETTINGS
from grader.policy import Policy
from grader.store.gradebook import gradebook
from grader.store.records import work_hash
from grader.store.store import Store, open_store
from tests.grader import postgresql
from tests.grader.nbgraders import needs_nbgrader
from tests.grader.stores import EXERCISE, THEN, handed, judged, keep
from tests.grader.test_engine import write_course

NAMES = itertools.count()
PUBLIC, HIDDEN = "points-correctness", "points-robustness"
NOTES = "solution-square"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course, an nbgrader course of it, and a gradebook as ``nbgrader generate_assignment`` leaves it."""
    needs_nbgrader()
    folder = tmp_path_factory.mktemp("sync")
    write_course(folder / "exercises of mine")
    result = run("nbgrader", "init", folder / "course", "--course", folder / "exercises of mine", "--style", "cells")
    assert result.exit_code == 0, result.output
    fill(place_of(folder / "course"))
    return folder


@contextmanager
def book(place: Place) -> Iterator[Any]:
    """The gradebook, by nbgrader's own hand."""
    from nbgrader.api import Gradebook

    path = os.environ["PATH"]
    os.environ["PATH"] = (
        f"{Path(sys.executable).parent}{os.pathsep}{path}"  # a new gradebook asks alembic for its version
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Gradebook(place.url.render_as_string(hide_password=False), place.course_id) as opened:
                yield opened
                opened.db.commit()
    finally:
        os.environ["PATH"] = path


def fill(place: Place) -> None:
    """Put the exercise into a gradebook, with an assignment of the instructor's own."""
    with book(place) as opened:
        opened.update_or_create_assignment(EXERCISE)
        opened.update_or_create_notebook(EXERCISE, EXERCISE)
        for cell, points in ((PUBLIC, 4), (HIDDEN, 6)):
            opened.update_or_create_grade_cell(cell, EXERCISE, EXERCISE, max_score=points, cell_type="code")
        opened.update_or_create_solution_cell(NOTES, EXERCISE, EXERCISE)
        opened.update_or_create_assignment("essay")


class Class:
    """A course in which grades go to and fro."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.course = folder, folder / "course"
        self.kept = str(folder / "exercises of mine" / ".grader" / "grades.db")
        self.place = place_of(self.course)

    def store(self) -> Store:
        return open_store(self.kept, writing=True)

    def keep(self, student: str, *passed: str, content: bytes = b"x", when: datetime = THEN) -> None:
        with self.store() as store:
            keep(store, store.begin_run(), handed(student, content), *passed, when=when)

    def broken(self, student: str, content: bytes = b"x") -> None:
        """Keep an attempt that is our fault."""
        submission = handed(student, content)
        with self.store() as store:
            store.add(
                store.begin_run(),
                submission,
                work_hash(submission),
                THEN,
                judged(submission, outcome=Outcome.SANDBOX_DIED),
            )

    def sync(self, *words: object, code: int = 0) -> Result:
        result = run("nbgrader", "sync", self.course, *words)
        assert result.exit_code == code, result.output
        return result

    def grades(self) -> dict[str, Grade]:
        with self.store() as store:
            return {grade.student: grade for grade in gradebook(store, Policy())}

    def marks(self, student: str) -> dict[str, tuple[float | None, bool]]:
        """Return automatic scores, each with whether somebody has to look."""
        with book(self.place) as opened:
            found = {cell: opened.find_grade(cell, EXERCISE, EXERCISE, student) for cell in (PUBLIC, HIDDEN)}
            return {cell: (grade.auto_score, grade.needs_manual_grade) for cell, grade in found.items()}

    def by_hand(self, student: str, cell: str = HIDDEN, **values: float | bool | None) -> None:
        """Set what the formgrader sets."""
        with book(self.place) as opened:
            grade = opened.find_grade(cell, EXERCISE, EXERCISE, student)
            for name, value in values.items():
                setattr(grade, name, value)

    def comment(self, student: str, said: str | None) -> None:
        with book(self.place) as opened:
            opened.find_comment(NOTES, EXERCISE, EXERCISE, student).manual_comment = said

    def late(self, student: str, penalty: float) -> None:
        with book(self.place) as opened:
            opened.find_submission_notebook(EXERCISE, EXERCISE, student).late_submission_penalty = penalty


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "200", "LANG": "C.UTF-8"})


@pytest.fixture
def klass(made: Path, tmp_path: Path) -> Class:
    shutil.copytree(made, tmp_path / "copy")
    relocate(tmp_path / "copy")
    return Class(tmp_path / "copy")


def relocate(folder: Path) -> None:
    """Let a copy of a course mean its own exercises."""
    path = folder / "course" / SETTINGS
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = ['course = "../exercises of mine"' if line.startswith("course =") else line for line in lines]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(klass: Class, request: pytest.FixtureRequest) -> Class:
    """The same with a gradebook on each kind of database."""
    if request.param == "postgresql":
        server: str = request.getfixturevalue("server")
        url = postgresql.new_schema(server, f"gradebook{next(NAMES)}")
        with (klass.course / CONFIG).open("a", encoding="utf-8") as file:
            file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
        klass.place = place_of(klass.course)
        fill(klass.place)
    return klass


def tables(klass: Class) -> list[Any]:
    """Return every row of the gradebook and of the store's decisions."""
    from nbgrader.api import Base

    found: list[Any] = []
    with book(klass.place) as opened:
        found += [sorted(map(repr, opened.db.execute(table.select()))) for table in Base.metadata.sorted_tables]
    with klass.store() as store:
        found += [[store.override(*pair), store.remark(*pair)] for pair in store.pairs()]
    return found


# -- to and fro


def test_scores_go_in_and_what_people_said_comes_out_and_then_nothing_is_left_to_do(anywhere: Class) -> None:
    for student, passed in (("ada", ("test_one", "test_two")), ("bo", ("test_one",)), ("影 li", ())):
        anywhere.keep(student, *passed)
    first = anywhere.sync()
    assert (
        first.stdout.splitlines()[0]
        == f"ada, {EXERCISE}: into the gradebook: {PUBLIC} – -> 4, {HIDDEN} – -> 6 (a new submission)"
    )
    assert "scores of 3 submissions in, 0 decisions and 0 comments out; 0 left out" in first.stderr
    assert "left alone: essay" in first.stderr
    assert anywhere.marks("ada") == {PUBLIC: (4, False), HIDDEN: (6, False)}
    assert anywhere.marks("bo") == {PUBLIC: (4, False), HIDDEN: (0, False)}
    assert anywhere.marks("影 li") == {PUBLIC: (0, False), HIDDEN: (0, False)}
    anywhere.by_hand("bo", manual_score=2.5, needs_manual_grade=False)
    anywhere.by_hand("ada", PUBLIC, extra_credit=1)
    anywhere.late("ada", 3)
    anywhere.comment("影 li", " say why\nthe square is wrong <b> ")
    second = anywhere.sync()
    assert "0 submissions in, 2 decisions and 1 comments out" in second.stderr
    grades = anywhere.grades()
    assert {student: (grade.points, grade.status) for student, grade in grades.items()} == {
        "ada": (8, Status.OVERRIDDEN), "bo": (Decimal("6.5"), Status.OVERRIDDEN), "影 li": (0, Status.GRADED),
    }  # fmt: skip
    assert grades["影 li"].remark == "say why\nthe square is wrong <b>"
    assert {student: grade.override.reason for student, grade in grades.items() if grade.override} == {
        "ada": "nbgrader: correctness: 1 points of extra credit; 3 points less for lateness",
        "bo": "nbgrader: robustness: 2.5 points by hand",
    }
    before = tables(anywhere)
    third = anywhere.sync()
    assert third.stdout == ""
    assert tables(anywhere) == before
    with book(anywhere.place) as opened:
        assert opened.find_submission(EXERCISE, "ada").timestamp == THEN.astimezone(UTC).replace(tzinfo=None)


def test_a_dry_run_says_the_same_and_writes_nothing(anywhere: Class) -> None:
    anywhere.keep("ada", "test_one")
    anywhere.sync()
    anywhere.keep("bo", "test_two")
    anywhere.keep("ada", "test_two", content=b"better")
    anywhere.by_hand("ada", manual_score=5)
    anywhere.comment("ada", "good")
    before = tables(anywhere)
    said = anywhere.sync("--dry-run")
    assert "would be changed: scores of 2 submissions in, 1 decisions and 1 comments out" in said.stderr
    assert tables(anywhere) == before
    done = anywhere.sync()
    assert done.stdout == said.stdout
    assert tables(anywhere) != before


def test_a_dry_run_may_be_done_where_nothing_can_be_written(klass: Class) -> None:
    klass.keep("ada", "test_one")
    path = Path(str(klass.place.url.database))
    before = path.read_bytes(), path.stat().st_mtime_ns, sorted(os.listdir(klass.course))
    klass.sync("--dry-run")
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(os.listdir(klass.course))) == before


# -- automatic scores


def test_work_that_was_handed_in_again_changes_automatic_scores_and_leaves_what_was_given_by_hand(klass: Class) -> None:
    klass.keep("ada", "test_one")
    klass.sync()
    klass.by_hand("ada", manual_score=1, needs_manual_grade=False)
    klass.keep("ada", "test_two", content=b"again")
    said = klass.sync()
    assert f"{PUBLIC} 4 -> 0, {HIDDEN} 0 -> 6" in said.stdout
    assert klass.marks("ada") == {PUBLIC: (0, False), HIDDEN: (6, True)}, "whoever gave points has to look again"
    assert klass.grades()["ada"].points == 1
    klass.by_hand("ada", needs_manual_grade=False)
    assert klass.sync().stdout == "", "who has looked need not look again"


def test_a_fault_of_ours_has_to_be_graded_by_hand_and_is_no_zero(klass: Class) -> None:
    klass.broken("ada")
    klass.keep("bo", "test_one")
    klass.sync()
    klass.broken("bo", b"new")
    said = klass.sync()
    assert f"bo, {EXERCISE}: into the gradebook: {PUBLIC} 4 -> –, {HIDDEN} 0 -> –" in said.stdout
    for student in ("ada", "bo"):
        assert klass.marks(student) == {PUBLIC: (None, True), HIDDEN: (None, True)}
    klass.by_hand("ada", manual_score=6, needs_manual_grade=False)
    result = klass.sync(code=1)
    assert "left out: ada, s1_square: points-correctness has to be graded by hand" in result.stderr
    klass.by_hand("ada", PUBLIC, manual_score=4, needs_manual_grade=False)
    klass.sync()
    assert klass.grades()["ada"].points == 10


def test_nothing_is_said_of_a_student_who_handed_in_too_late(klass: Class) -> None:
    klass.keep("ada", "test_one", when=datetime(2026, 10, 2, tzinfo=UTC))
    rules = klass.folder / "rules.toml"
    rules.write_text(
        '[grading]\ncounts = "deadline"\n[grading.exercises.s1]\ndeadline = 2026-10-01T00:00:00Z\n', encoding="utf-8"
    )
    assert klass.sync("--grading", rules).stdout == ""
    assert "a new submission" in klass.sync().stdout


# -- what people said


def test_what_is_taken_back_in_the_gradebook_is_taken_back_here(klass: Class) -> None:
    klass.keep("ada", "test_one")
    klass.sync()
    klass.by_hand("ada", manual_score=6, needs_manual_grade=False)
    klass.comment("ada", "good")
    klass.sync()
    assert klass.grades()["ada"].points == 10
    klass.by_hand("ada", manual_score=None)
    klass.comment("ada", None)
    said = klass.sync()
    assert "the attempts count again" in said.stdout
    assert "the comment was taken back" in said.stdout
    grade = klass.grades()["ada"]
    assert (grade.points, grade.status, grade.remark) == (Decimal(4), Status.GRADED, "")


def test_a_decision_of_ours_is_never_replaced(klass: Class) -> None:
    klass.keep("ada", "test_one")
    klass.sync()
    with klass.store() as store:
        store.decide("ada", EXERCISE, Decimal(9), "was ill")
    assert klass.sync().stdout == ""
    klass.by_hand("ada", manual_score=2, needs_manual_grade=False)
    result = klass.sync(code=1)
    assert "the gradebook gives 6 points by hand, and grader override gave 9 (was ill); withdraw that" in result.stderr
    assert klass.grades()["ada"].points == 9
    klass.by_hand("ada", manual_score=5)
    assert klass.sync().stdout == "", "both say the same"


def test_points_are_counted_as_nbgrader_does(klass: Class) -> None:
    klass.keep("ada", "test_one")
    klass.sync()
    klass.by_hand("ada", manual_score=0.1, extra_credit=0.2)
    klass.late("ada", 0.1)
    klass.sync()
    assert klass.grades()["ada"].points == Decimal("4.2")
    klass.late("ada", 50)
    klass.sync()
    assert klass.grades()["ada"].points == 0, "never below nothing"
    for wrong in (float("inf"), 1e9):
        klass.by_hand("ada", manual_score=wrong)
        assert "is no number of points" in klass.sync(code=1).stderr
    assert klass.grades()["ada"].points == 0


def test_reasons_are_in_the_language_of_the_course_and_reach_the_student(klass: Class) -> None:
    path = klass.course / SETTINGS
    path.write_text(path.read_text(encoding="utf-8").replace('language = "en"', 'language = "zh-CN"'), encoding="utf-8")
    klass.keep("ada", "test_one")
    klass.sync()
    klass.by_hand("ada", manual_score=2.5, needs_manual_grade=False)
    klass.comment("ada", "想一想负数")
    klass.sync()
    assert klass.sync().stdout == ""
    out = klass.folder / "pages"
    result = run(
        "feedback", out, "--course", klass.folder / "exercises of mine", "--store", klass.kept, "--lang", "zh-CN"
    )
    assert result.exit_code == 0, result.output
    page = (out / "ada.html").read_text(encoding="utf-8")
    assert "由老师评定：nbgrader: 健壮性：人工评分 2.5 分" in page
    assert "评语：想一想负数" in page
    [grade] = klass.grades().values()
    assert grade.points == Decimal("6.5")


def test_cells_of_the_instructors_own_count_when_they_are_graded(klass: Class) -> None:
    with book(klass.place) as opened:
        opened.add_notebook("report", EXERCISE)
        opened.add_grade_cell("style", "report", EXERCISE, max_score=5, cell_type="markdown")
        opened.add_task_cell("oral", EXERCISE, EXERCISE, max_score=5, cell_type="markdown")
    klass.keep("ada", "test_one")
    klass.sync()
    assert klass.grades()["ada"].status is Status.GRADED
    with book(klass.place) as opened:
        opened.find_grade("style", "report", EXERCISE, "ada").manual_score = 3
    assert "oral has to be graded by hand" in klass.sync(code=1).stderr
    with book(klass.place) as opened:
        opened.find_grade("oral", EXERCISE, EXERCISE, "ada").manual_score = 1
    klass.sync()
    grade = klass.grades()["ada"]
    assert grade.override
    assert (grade.points, grade.override.reason) == (
        Decimal(8), "nbgrader: oral: 1 points by hand; report/style: 3 points by hand"
    )  # fmt: skip


# -- who and what is left out


def test_who_is_not_in_the_roster_is_left_out_and_named(klass: Class) -> None:
    for student in ("ada", "bo", "Ada"):
        klass.keep(student, "test_one")
    roster = klass.folder / "roster.csv"
    roster.write_text("id,name\nada,Ada\n", encoding="utf-8")
    result = klass.sync("--roster", roster, code=1)
    assert "left out: Ada, bo: not in the roster" in result.stderr
    assert len(result.stdout.splitlines()) == 1
    with book(klass.place) as opened:
        assert [student.id for student in opened.students] == ["ada"]
    assert "these are different students: ada, Ada" in klass.sync().stderr


NO_ID, NO_MARKUP = "the gradebook takes no id like this", "in the name of a student for markup of its pages"


@pytest.mark.parametrize(
    ("student", "said"),
    [
        ("x" * 200, NO_ID), ("two\nlines", NO_ID), ("\ud800", NO_ID),
        ("<img src=x onerror=alert(1)>", NO_MARKUP), ('"-alert(1)-"', NO_MARKUP), ("back\\", NO_MARKUP),
    ],
)  # fmt: skip
def test_an_id_that_cannot_be_taken_is_left_out(klass: Class, student: str, said: str) -> None:
    klass.keep(student, "test_one")
    for other in ("ada", "o'neil & sons"):
        klass.keep(other, "test_one")
    result = klass.sync(code=1)
    assert said in result.stderr
    assert klass.marks("ada")[PUBLIC] == klass.marks("o'neil & sons")[PUBLIC] == (4, False)


@pytest.mark.parametrize("points", [5, 6])
def test_points_that_differ_are_left_out_with_the_remedy(klass: Class, points: int) -> None:
    with book(klass.place) as opened:
        opened.update_or_create_grade_cell(HIDDEN, EXERCISE, EXERCISE, max_score=points, cell_type="code")
        if points == 6:
            opened.update_or_create_grade_cell("points-design", EXERCISE, EXERCISE, max_score=1, cell_type="code")
    klass.keep("ada", "test_one")
    result = klass.sync(code=1)
    differ = f"{HIDDEN} 5 there, 6 here" if points == 5 else "points-design 1 there, – here"
    assert f"points differ between the gradebook and the attempt ({differ})" in result.stderr
    with book(klass.place) as opened:
        assert opened.students == []


def test_a_submission_that_lost_its_notebook_says_so(klass: Class) -> None:
    klass.keep("ada", "test_one")
    klass.sync()
    with book(klass.place) as opened:
        opened.remove_submission_notebook(EXERCISE, EXERCISE, "ada")
    assert f"the submission in the gradebook lacks {PUBLIC}, {HIDDEN}" in klass.sync(code=1).stderr


# -- bad input


def spoil_gone(klass: Class) -> None:
    Path(str(klass.place.url.database)).unlink()


def spoil_other(klass: Class) -> None:
    spoil_gone(klass)
    connection = sqlite3.connect(str(klass.place.url.database))
    connection.execute("CREATE TABLE films (id INTEGER)")
    connection.close()


def spoil_text(klass: Class) -> None:
    Path(str(klass.place.url.database)).write_bytes(b"no database at all" * 100)


def set_version(klass: Class, version: str) -> None:
    connection = sqlite3.connect(str(klass.place.url.database))
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()


def spoil_config(klass: Class) -> None:
    (klass.course / CONFIG).write_text("c = get_config()\nc.CourseDirectory.db_url = 1 / 0\n", encoding="utf-8")


def spoil_url(klass: Class) -> None:
    (klass.course / CONFIG).write_text("c = get_config()\nc.CourseDirectory.db_url = 'mysql://x/y'\n", encoding="utf-8")


SPOILED: dict[str, tuple[Callable[[Class], None], str]] = {
    "no gradebook": (spoil_gone, "there is no gradebook yet; nbgrader generate_assignment makes it"),
    "another database": (spoil_other, "the database of something else"),
    "no database": (spoil_text, "is no database; see CourseDirectory.db_url"),
    "an older schema": (lambda klass: set_version(klass, "50a4d84c131a"), "nbgrader db upgrade brings it up to date"),
    "a newer schema": (lambda klass: set_version(klass, "ffffffffffff"), "install the nbgrader that made it"),
    "a configuration that fails": (spoil_config, "ZeroDivisionError"),
    "another kind of database": (spoil_url, "a gradebook is sqlite:///PATH or postgresql://"),
    "no configuration": (lambda klass: (klass.course / CONFIG).unlink(), "no nbgrader course here"),
    "no settings": (lambda klass: (klass.course / SETTINGS).unlink(), "make the course with: grader nbgrader init"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_cannot_be_used_is_named_with_the_remedy_and_left_alone(klass: Class, how: str) -> None:
    klass.keep("ada", "test_one")
    spoil, said = SPOILED[how]
    spoil(klass)
    for words in ((), ("--dry-run",)):
        assert said in klass.sync(*words, code=2).output
    assert Path(str(klass.place.url.database)).exists() == (how != "no gradebook")


def test_a_gradebook_that_another_program_has_locked(klass: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    klass.keep("ada", "test_one")
    monkeypatch.setattr("grader.nbgrader.gradebook.PATIENCE", 0.1)
    other = sqlite3.connect(str(klass.place.url.database), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert "is locked by another program, an nbgrader perhaps" in klass.sync(code=3).output
    other.execute("ROLLBACK")
    other.close()
    klass.sync()
    assert klass.marks("ada")[PUBLIC] == (4, False)


def test_a_gradebook_that_is_locked_when_it_is_written(klass: Class) -> None:
    for student in ("ada", "bo"):
        klass.keep(student, "test_one")
    with (klass.course / CONFIG).open("a", encoding="utf-8") as file:
        file.write(f'\nc.CourseDirectory.db_url = "sqlite:///{klass.place.url.database}?timeout=0.1"\n')
    other = sqlite3.connect(str(klass.place.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    result = klass.sync(code=3)
    assert "is locked by another program, an nbgrader perhaps" in result.output
    assert "Traceback" not in result.output
    other.execute("ROLLBACK")
    other.close()
    assert "scores of 2 submissions in" in klass.sync().stderr


def test_whatever_reads_a_gradebook_cannot_write_it(klass: Class) -> None:
    with (
        pytest.raises(UsageError, match="is read-only; make it and its folder writable"),
        reading(klass.place) as connection,
    ):
        connection.exec_driver_sql("DELETE FROM assignment")


def test_an_exercise_that_is_asked_for_has_to_be_there(klass: Class) -> None:
    klass.keep("ada", "test_one")
    assert "there is no exercise 'essay'" in klass.sync("essay", code=2).output
    with book(klass.place) as opened:
        opened.remove_assignment(EXERCISE)
    assert f"has no assignment {EXERCISE}" in klass.sync("s1", code=2).output
    assert "0 submissions in" in klass.sync().stderr


def test_a_server_that_does_not_answer(klass: Class) -> None:
    with (klass.course / CONFIG).open("a", encoding="utf-8") as file:
        file.write(f'\nc.CourseDirectory.db_url = "postgresql://ada:secret@/postgres?host={klass.folder}"\n')
    klass.keep("ada", "test_one")
    result = klass.sync(code=3)
    assert "does not answer; make sure that its server runs" in result.output
    assert "secret" not in result.output
