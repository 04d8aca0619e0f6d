"""The store, on SQLite and on PostgreSQL: whole records or none, nothing changed, one run at a time, clear words for trouble."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from grader.errors import EngineFault, UsageError
from grader.grades import Status
from grader.models import Outcome, Score, Submission
from grader.policy import Late, Policy, Rule
from grader.store import schema
from grader.store.database import where_of
from grader.store.gradebook import gradebook
from grader.store.records import key_of, student_of, submission_from, work_hash, work_record
from grader.store.store import Store, open_store
from tests.grader import postgresql
from tests.grader.conftest import EVERY, IN_CI
from tests.grader.stores import EXERCISE, THEN, contents, handed, judged, keep

ROOT = Path(__file__).parents[2]
NAMES = itertools.count()
KILLS = 60 if EVERY else 30 if IN_CI else 6
HOSTILE = ("ada", "\x1b]0;x\x07", "two\nlines", os.fsdecode(b"\xff\xfe"), "\\udcff", "a\\nb", "'; DROP TABLE x; --", "影" * 80,
           "\u202eoda", "\ud800", "x" * 255)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store, on each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "new" / "grades.db")
    server: str = request.getfixturevalue("server")
    return postgresql.new_schema(server, f"s{next(NAMES)}")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, writing=True) as opened:
        yield opened


def test_attempts_and_work_come_back_as_they_were(store: Store) -> None:
    run = store.begin_run()
    work = Submission(
        EXERCISE, "ada", "p", {"square.py": bytes(range(256))}, ("more.py",), ("notes\udcff",), {"problem": "x"}
    )
    archive = Submission(EXERCISE, "ada", "p", archive=b"PK\x00")
    for submission in (work, archive):
        attempt = judged(submission, "test_two")
        number = store.add(run, submission, work_hash(submission), THEN, attempt)
        assert store.attempt(number) == attempt
        assert store.submission(work_hash(submission), EXERCISE, "ada") == submission
    assert [one.attempt.score for one in store.history("ada", EXERCISE) if one.attempt] == [Score(6, 10)] * 2
    assert store.history("ada", EXERCISE)[0].submitted == THEN


def test_every_name_of_a_student_is_another_student_and_comes_back(store: Store) -> None:
    run = store.begin_run()
    for name in HOSTILE:
        keep(store, run, handed(name), "test_one")
        assert student_of(key_of(name)) == name
    assert len({key_of(name) for name in HOSTILE}) == len(HOSTILE)
    assert {student for student, _ in store.pairs()} == set(HOSTILE)
    for name in HOSTILE:
        [one] = store.history(name, EXERCISE)
        assert one.attempt
        assert store.attempt(one.attempt.number).student == name


@pytest.mark.parametrize("table", [table.name for table in schema.LASTING])
@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_nothing_that_was_kept_can_be_changed(store: Store, table: str, change: str) -> None:
    keep(store, store.begin_run(), handed("ada"), "test_one")
    store.decide("ada", EXERCISE, Decimal(5), "why")
    store.note("ada", EXERCISE, "what for")
    before = contents(store)
    column = "hash" if table == "grader_works" else "id"
    with pytest.raises(EngineFault, match=f"{table} is only ever added to"), store.transaction() as connection:
        connection.execute(text(change.format(table=table, column=column)))
    assert contents(store) == before


def test_an_attempt_that_cannot_be_kept_as_a_whole_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.begin_run()
    submission = handed("ada")
    with pytest.raises(TypeError):
        store.add(run, submission, work_hash(submission), THEN, replace(judged(submission), seed=object()))  # type: ignore[arg-type]
    assert store.pairs() == []
    assert contents(store) == {}
    keep(store, run, submission, "test_one")
    assert len(contents(store)) == 1


def test_what_was_handed_in_again_comes_last_and_is_not_graded_again(store: Store) -> None:
    run = store.begin_run()
    first, second = handed("ada", b"first"), handed("ada", b"second")
    keep(store, run, first, "test_one")
    keep(store, run, second, "test_two")
    known = store.known("ada", EXERCISE, work_hash(first))
    assert known
    assert known.score == Score(4, 10)
    for _ in range(2):
        store.hand_in(first, work_hash(first), THEN + timedelta(days=1))
    assert [one.work for one in store.history("ada", EXERCISE)] == [work_hash(one) for one in (first, second, first)]
    assert store.known("bo", EXERCISE, work_hash(first)) is None


def test_a_fault_of_ours_is_kept_and_hides_no_score(store: Store) -> None:
    run, submission = store.begin_run(), handed("ada")
    broken = judged(submission, outcome=Outcome.SANDBOX_DIED)
    store.add(run, submission, work_hash(submission), THEN, broken)
    assert store.known("ada", EXERCISE, work_hash(submission)) is None
    [one] = gradebook(store, Policy())
    assert (one.status, one.points) == (Status.FAULT, None)
    keep(store, run, submission, "test_one")
    store.add(run, submission, work_hash(submission), THEN, broken)
    [one] = gradebook(store, Policy())
    assert (one.status, one.points) == (Status.GRADED, Decimal(4))


def test_a_regrading_counts_when_it_is_applied_and_decisions_stay(store: Store) -> None:
    run, submission = store.begin_run(), handed("ada")
    keep(store, run, submission, "test_one")
    keep(store, run, handed("bo"), "test_one")
    store.decide("bo", EXERCISE, Decimal("7.5"), "ill, and graded by word of mouth")
    regrade = store.open_regrade("s")
    assert store.open_regrade("s") == regrade != store.open_regrade("other")
    for student in ("ada", "bo"):
        keep(store, regrade, handed(student), "test_one", "test_two", tests="new")
    assert [one.points for one in gradebook(store, Policy())] == [4, Decimal("7.5")]
    assert [one.attempt.score for one in store.history("ada", EXERCISE, regrade) if one.attempt] == [Score(10, 10)]
    store.apply(regrade)
    assert [one.points for one in gradebook(store, Policy())] == [10, Decimal("7.5")]
    store.decide("bo", EXERCISE, Decimal(1), hostile := "\x00\ud800\x1b[2J")
    decided = store.override("bo", EXERCISE)
    assert decided
    assert (decided.points, decided.reason) == (Decimal(1), hostile)
    store.decide("bo", EXERCISE, None, "it was a mistake")
    assert [one.points for one in gradebook(store, Policy())] == [10, 10]
    assert store.open_regrade("s") != regrade


def test_a_decision_that_was_withdrawn_leaves_no_student_who_handed_in_nothing(store: Store) -> None:
    keep(store, store.begin_run(), handed("ada"), "test_one")
    for student in ("ada", "zoe", "yan"):
        store.decide(student, EXERCISE, Decimal(7), "why")
        store.decide(student, EXERCISE, None, "a slip")
    store.decide("yan", EXERCISE, Decimal(0), "why")
    assert store.pairs() == [("ada", EXERCISE), ("yan", EXERCISE)]


def test_grades_are_views_on_the_same_attempts(store: Store) -> None:
    run = store.begin_run()
    for days, passed in ((0, ["test_one"]), (1, ["test_one", "test_two"]), (3, ["test_two"])):
        keep(store, run, handed("ada", bytes([days])), *passed, when=THEN + timedelta(days=days))
    deadline, late = THEN + timedelta(hours=30), Late(per_day=10, most=50)

    def points(**rule: Any) -> tuple[Any, int]:  # noqa: ANN401 - fields of a rule
        [one] = gradebook(store, Policy(common=Rule(**rule)))
        return one.points, one.days_late

    assert points() == (6, 0)
    assert points(counts="best") == (10, 0)
    assert points(counts="deadline", deadline=deadline) == (10, 0)
    assert points(counts="last", deadline=deadline, late=late) == (Decimal("4.80"), 2)
    assert points(counts="best", deadline=THEN, late=Late(per_day=50)) == (5, 1)
    assert points(counts="deadline", deadline=THEN - timedelta(1)) == (None, 0)


# -- one run at a time


def test_a_second_run_is_refused_and_readers_and_decisions_are_not(store: Store, url: str) -> None:
    keep(store, store.begin_run(), handed("ada"), "test_one")
    with pytest.raises(UsageError, match=r"another run has this store.*nothing was changed"):
        open_store(url, writing=True)
    with open_store(url, writing=False) as reader, open_store(url, writing=True, alone=False) as other:
        other.decide("ada", EXERCISE, Decimal(1), "why")
        assert [one.points for one in gradebook(reader, Policy())] == [1]
    keep(store, store.begin_run(), handed("bo"), "test_one")
    store.close()
    open_store(url, writing=True).close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody make links without a right of its own")
def test_a_second_run_by_a_link_to_the_store_is_refused_too(tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "grades.db")
    with open_store(str(tmp_path / "grades.db"), writing=True), pytest.raises(UsageError, match="another run has this"):
        open_store(str(link), writing=True)
    open_store(str(link), writing=True).close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_whoever_is_killed_leaves_whole_records_and_no_lock(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.grader.stores", url, "7", str(KILLS)], cwd=ROOT, capture_output=True, check=True,
        timeout=600,
    )  # fmt: skip
    said = [int(line) for line in done.stdout.split(b"\n")[:-1]]
    with open_store(url, writing=True) as store:
        kept = {int(student.removeprefix("student ")) for student, _, _ in contents(store)}
    assert said, done.stderr
    assert set(said) <= kept, "what was said to be kept is kept"
    assert len(kept - set(said)) <= KILLS, "at most one for each who was killed before it could say so"


# -- trouble


def set_version(url: str, version: str) -> None:
    with open_store(url, writing=True) as store, store.transaction() as connection:
        connection.execute(schema.about.update().values(value=version))


@pytest.mark.parametrize("writing", [True, False])
def test_a_newer_store_is_refused_and_left_alone(url: str, writing: bool) -> None:
    set_version(url, str(schema.VERSION + 1))
    with pytest.raises(UsageError, match="update the grader"):
        open_store(url, writing=writing)
    with pytest.raises(UsageError, match=f"version {schema.VERSION + 1}"):
        open_store(url, writing=writing)


def test_an_older_store_is_brought_up_to_date_as_a_whole(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(url, writing=True) as store:
        keep(store, store.begin_run(), handed("ada"), "test_one")
        before = contents(store)
    steps: list[int] = []

    def step(connection: Connection) -> None:
        connection.execute(text(f"CREATE TABLE grader_step_{len(steps)} (id INTEGER)"))
        steps.append(len(steps))
        if len(steps) == 2:
            raise UsageError("broken off")

    monkeypatch.setattr("grader.store.database.VERSION", schema.VERSION + 2)
    monkeypatch.setattr("grader.store.database.MIGRATIONS", {schema.VERSION: step, schema.VERSION + 1: step})
    with pytest.raises(UsageError, match="older version"):
        open_store(url, writing=False)
    with pytest.raises(UsageError, match="broken off"):
        open_store(url, writing=True)
    with open_store(url, writing=True) as store:
        assert contents(store) == before
    assert len(steps) == 4, "the first try left nothing"
    with open_store(url, writing=False) as store:
        assert contents(store) == before


def test_a_store_without_remarks_gets_them_and_keeps_what_it_has(url: str) -> None:
    with open_store(url, writing=True) as store:
        keep(store, store.begin_run(), handed("ada"), "test_one")
        before = contents(store)
        with store.transaction() as connection:
            connection.execute(text("DROP TABLE grader_remarks"))
    set_version(url, "1")
    with open_store(url, writing=True) as store:
        store.note("ada", EXERCISE, "two\nlines")
        assert contents(store) == before
        with pytest.raises(EngineFault, match="only ever added to"), store.transaction() as connection:
            connection.execute(schema.remarks.delete())


def test_the_last_remark_counts_and_changes_no_points(store: Store) -> None:
    keep(store, store.begin_run(), handed("ada"), "test_one")
    assert store.remark("ada", EXERCISE) == ""
    for said in ("good", "\x1b[31mbetter\ntwo lines \\ 影", ""):
        store.note("ada", EXERCISE, said)
        [one] = gradebook(store, Policy())
        assert (one.remark, one.points, one.status) == (said, Decimal(4), Status.GRADED)
    store.note("ada", EXERCISE, "x" * 5000)
    assert store.remark("ada", EXERCISE) == "x" * 4000


def test_a_store_of_a_version_that_nobody_knows_says_so(url: str) -> None:
    set_version(url, "0")
    with pytest.raises(UsageError, match="begin a new one"):
        open_store(url, writing=True)
    with pytest.raises(UsageError, match="older version"):
        open_store(url, writing=False)


def test_a_store_that_names_no_version_says_so(url: str) -> None:
    set_version(url, "²")
    with pytest.raises(UsageError, match="names no version"):
        open_store(url, writing=True)


def test_there_is_nothing_to_read_where_nothing_was_kept(url: str) -> None:
    with pytest.raises(UsageError, match="there is no store yet"):
        open_store(url, writing=False)
    assert "://" in url or not Path(url).exists()


def test_damage_is_told_from_nothing(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute(schema.works.insert().values(hash="0" * 64, content=b"not what we wrote"))
    with pytest.raises(EngineFault, match="restore the store from a copy"):
        store.submission("0" * 64, EXERCISE, "ada")


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""], ids=["text", "empty"])
def test_a_file_that_is_no_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "grades.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(UsageError, match="is no database; choose another file"):
            open_store(str(path), writing=True)
        assert path.read_bytes() == content
    else:
        open_store(str(path), writing=True).close()


def test_the_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE films (id INTEGER)")
    connection.close()
    with pytest.raises(UsageError, match="the database of something else"):
        open_store(str(path), writing=True)


def test_a_database_that_another_program_has_locked(tmp_path: Path) -> None:
    path = tmp_path / "grades.db"
    with open_store(str(path), writing=True, patience=0.1) as store:
        run = store.begin_run()
        keep(store, run, handed("ada"), "test_one")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            EngineFault, match=r"is locked by another program; close that.*What was kept before is kept"
        ):
            keep(store, run, handed("bo"), "test_one")
        other.execute("ROLLBACK")
        other.close()
        keep(store, run, handed("bo"), "test_one")
        assert len(contents(store)) == 2


def test_a_full_disk_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "grades.db"
    with open_store(str(path), writing=True) as store:
        run = store.begin_run()
        keep(store, run, handed("ada"), "test_one")
        store.connection.exec_driver_sql("PRAGMA max_page_count=1")  # its least is what there is
        store.connection.commit()
        with pytest.raises(EngineFault, match=r"no more room on its disk; make some, then start this again"):
            keep(store, run, handed("bo", os.urandom(1 << 20)), "test_one")
        store.connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        store.connection.commit()
        assert [student for student, _, _ in contents(store)] == ["ada"]
        keep(store, run, handed("bo", os.urandom(1 << 20)), "test_one")
        assert len(contents(store)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_store_that_may_only_be_read(tmp_path: Path, what: str) -> None:
    place = Path(tempfile.mkdtemp(dir="/tmp")) / "kept"
    try:
        with open_store(str(place / "grades.db"), writing=True) as store:
            keep(store, store.begin_run(), handed("ada"), "test_one")
        place.parent.chmod(0o755)
        place.chmod(0o755 if what == "folder" else 0o777)
        for path in place.iterdir():
            path.chmod(0o444)
        source = (
            "import os, sys\nfrom grader.store.store import open_store\n"
            "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
            "try: open_store(sys.argv[1], writing=True)\nexcept Exception as error: print(type(error).__name__, error)\n"
        )
        if os.geteuid():
            place.chmod(0o555 if what == "folder" else 0o755)
        done = subprocess.run(
            [sys.executable, "-c", source, str(place / "grades.db")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith("UsageError"), done
        assert "writable" in done.stdout
    finally:
        shutil.rmtree(place.parent, ignore_errors=True)


@pytest.mark.parametrize(
    "form", ["ada:secret@/postgres?host={}", "/postgres?password=secret&sslpassword=secret&host={}"]
)
def test_a_server_that_does_not_answer(tmp_path: Path, form: str) -> None:
    with pytest.raises(EngineFault, match=r"does not answer; make sure that its server runs") as raised:
        open_store("postgresql://" + form.format(tmp_path), writing=True)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("writing", [True, False])
def test_a_schema_that_is_not_there_is_no_other_run(server: str, writing: bool) -> None:
    with pytest.raises(
        UsageError, match="no schema of its search_path is there" if writing else "there is no store yet"
    ):
        open_store(f"{server}&options=-csearch_path%3Dnowhere", writing=writing)


def test_a_server_that_goes_away_takes_nothing_with_it(server: str, tmp_path: Path) -> None:
    with open_store(server, writing=True) as store:
        run = store.begin_run()
        keep(store, run, handed("ada"), "test_one")
        pid = store.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        store.connection.commit()
        with open_store(server, writing=True, alone=False) as other, other.transaction() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(EngineFault, match="What was kept before is kept"):
            keep(store, run, handed("bo"), "test_one")
    with open_store(server, writing=True) as store:
        assert [student for student, _, _ in contents(store)] == ["ada"]


@pytest.mark.parametrize(
    "wrong", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "://", "nonsense://x", "postgresql://"]
)
def test_what_is_no_address_of_a_store(wrong: str) -> None:
    with pytest.raises(UsageError, match="postgresql://USER@HOST/DATABASE"):
        where_of(wrong)


@pytest.mark.parametrize(("form", "folder"), [("{}", "a b#c%20?d&é影"), ("sqlite:///{}", "a b影")])
def test_a_path_may_have_any_character(tmp_path: Path, form: str, folder: str) -> None:
    path = tmp_path / folder / "grades.db"
    with open_store(form.format(path), writing=True) as store:
        store.begin_run()
    assert {kept.stat().st_mode & 0o077 for kept in path.parent.iterdir() if os.name == "posix"} <= {0}, (
        "it is nobody else's"
    )
    open_store(str(path), writing=False).close()


def test_what_was_handed_in_is_told_apart() -> None:
    files, missing = Submission(EXERCISE, "ada", "p"), Submission(EXERCISE, "ada", "p", missing=("square.py",))
    refused = Submission(EXERCISE, "ada", "p", problem={"problem": "x"})
    archive, named = Submission(EXERCISE, "ada", "p", archive=b"x"), Submission(EXERCISE, "ada", "p", {"archive": b"x"})
    assert len({work_hash(one) for one in (files, missing, refused, archive, named)}) == 5
    assert submission_from(work_record(archive), EXERCISE, "ada") == archive
