"""What a store knows: who handed in what, every attempt, and what was decided by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, Table, and_, func, or_, select

from grader.errors import EngineFault, UsageError
from grader.grades import HandedIn, Judged, Override
from grader.models import Attempt, Outcome, Score, Submission
from grader.store import database, owner
from grader.store.database import trouble
from grader.store.records import attempt_from, attempt_record, key_of, student_of, submission_from, work_record
from grader.store.schema import attempts, now, overrides, remarks, runs, submissions, works

REASON = 1000
"""Characters of a reason that are kept."""
REMARK = 4000
"""The same of a remark."""


@dataclass(frozen=True)
class Known:
    """An attempt that is in the store, as far as one must know it to tell whether it still holds."""

    number: int
    tests: str
    engine: str
    isolation: int
    seed: int
    score: Score | None


class Store:
    """A store that is open; one for writing has it alone. Close it, or use it as a context manager."""

    def __init__(self, url: URL, engine: Engine, connection: Connection, lock: IO[str] | None) -> None:
        self.name = database.name_of(url)
        self.engine, self.connection, self.lock = engine, connection, lock

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        with contextlib.suppress(Exception):  # its server may be gone; what was kept is kept
            self.connection.close()
        self.engine.dispose()
        if self.lock:
            self.lock.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Do something as a whole or not at all."""
        with trouble(self.name), self.connection.begin():
            yield self.connection

    # -- runs

    def begin_run(self) -> int:
        """Begin a run whose attempts count at once; return its number."""
        with self.transaction() as connection:
            row = {"kind": "grade", "signature": "", "started": now(), "applied": now()}
            return added(connection, runs, row)

    def open_regrade(self, signature: str) -> int:
        """Return the number of a regrading that has not been applied and was about the same; begin it if there is none."""
        wanted = and_(runs.c.kind == "regrade", runs.c.signature == signature, runs.c.applied.is_(None))
        with self.transaction() as connection:
            found = connection.execute(select(func.max(runs.c.id)).where(wanted)).scalar()
            if found is not None:
                return int(found)
            row = {"kind": "regrade", "signature": signature, "started": now()}
            return added(connection, runs, row)

    def apply(self, run: int) -> None:
        """Let the attempts of a regrading count, all at once."""
        with self.transaction() as connection:
            connection.execute(runs.update().where(runs.c.id == run, runs.c.applied.is_(None)).values(applied=now()))

    # -- what was handed in, and attempts

    def known(self, student: str, exercise: str, work: str, run: int | None = None) -> Known | None:
        """Return the last attempt of some work that has a score; of a regrading, if its number is given, or one that counts."""
        counts = runs.c.applied.is_not(None) if run is None else runs.c.id == run
        mine = and_(attempts.c.student == key_of(student), attempts.c.exercise == exercise, attempts.c.work == work)
        query = (
            select(attempts.c.id, attempts.c.tests, attempts.c.engine, attempts.c.isolation, attempts.c.seed,
                   attempts.c.earned, attempts.c.possible)
            .join(runs).where(mine, counts, attempts.c.earned.is_not(None)).order_by(attempts.c.id.desc()).limit(1)
        )  # fmt: skip
        with self.transaction() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Known(row.id, row.tests, row.engine, row.isolation, row.seed, Score(row.earned, row.possible))

    def hand_in(self, submission: Submission, work: str, submitted: datetime) -> None:
        """Take note that somebody handed in what is known already; nothing changes if it was the last that came from them."""
        with self.transaction() as connection:
            self._hand_in(connection, submission, work, submitted)

    def _hand_in(self, connection: Connection, submission: Submission, work: str, submitted: datetime) -> None:
        student = key_of(submission.student or "")
        mine = and_(submissions.c.student == student, submissions.c.exercise == submission.exercise)
        last = select(submissions.c.work).where(mine).order_by(submissions.c.id.desc()).limit(1)
        if connection.execute(last).scalar() != work:
            when = submitted.astimezone(UTC).isoformat(timespec="milliseconds")
            row = {"student": student, "exercise": submission.exercise, "work": work, "submitted": when, "seen": now()}
            connection.execute(submissions.insert().values(row))

    def add(self, run: int, submission: Submission, work: str, submitted: datetime | None, attempt: Attempt) -> int:
        """Keep an attempt with the work that it is about; return its number.

        Without the time of ``submitted`` it is about work that was handed in before.
        """
        with self.transaction() as connection:
            if connection.execute(select(works.c.hash).where(works.c.hash == work)).scalar() is None:
                connection.execute(works.insert().values(hash=work, content=work_record(submission)))
            if submitted:
                self._hand_in(connection, submission, work, submitted)
            score = attempt.score
            row = {
                "run": run, "student": key_of(submission.student or ""), "exercise": submission.exercise, "work": work,
                "outcome": str(attempt.outcome), "isolation": int(attempt.isolation),
                "earned": score.earned if score else None, "possible": score.possible if score else None,
                "tests": attempt.hashes.tests, "engine": attempt.hashes.engine, "seed": attempt.seed,
                "started": attempt.started, "seconds": attempt.seconds, "record": attempt_record(attempt),
            }  # fmt: skip
            return added(connection, attempts, row)

    def attempt(self, number: int) -> Attempt:
        """Return one attempt.

        Raises:
            EngineFault: it cannot be read.
        """
        with self.transaction() as connection:
            record = connection.execute(select(attempts.c.record).where(attempts.c.id == number)).scalar_one()
        try:
            return attempt_from(record)
        except Exception as error:  # noqa: BLE001 - whatever became of these bytes
            raise EngineFault(
                f"{self.name}: attempt {number} is damaged ({error}); restore the store from a copy"
            ) from None

    def submission(self, work: str, exercise: str, student: str) -> Submission:
        """Return work as it was handed in.

        Raises:
            EngineFault: it cannot be read.
        """
        with self.transaction() as connection:
            content = connection.execute(select(works.c.content).where(works.c.hash == work)).scalar_one()
        try:
            return submission_from(content, exercise, student)
        except Exception as error:  # noqa: BLE001 - whatever became of these bytes
            raise EngineFault(f"{self.name}: work {work} is damaged ({error}); restore the store from a copy") from None

    def pairs(self) -> list[tuple[str, str]]:
        """Return every student and exercise that there is something about, sorted; a decision that was withdrawn is nothing."""
        query = select(submissions.c.student, submissions.c.exercise).distinct()
        last = select(func.max(overrides.c.id)).group_by(overrides.c.student, overrides.c.exercise)
        decided = select(overrides.c.student, overrides.c.exercise).where(
            overrides.c.id.in_(last), overrides.c.points.is_not(None)
        )
        with self.transaction() as connection:
            rows = {(row.student, row.exercise) for q in (query, decided) for row in connection.execute(q)}
        return sorted((student_of(student), exercise) for student, exercise in rows)

    def history(self, student: str, exercise: str, run: int | None = None) -> list[HandedIn]:
        """Return what a student handed in, first to last, each with the attempt that says what it is worth.

        That is the last one with a score, or the last one. With the number of a regrading it is as if that were applied.
        """
        mine = and_(attempts.c.student == key_of(student), attempts.c.exercise == exercise)
        counts = runs.c.applied.is_not(None) if run is None else or_(runs.c.applied.is_not(None), runs.c.id == run)
        made = (
            select(attempts.c.work, attempts.c.id, attempts.c.outcome, attempts.c.earned, attempts.c.possible)
            .join(runs).where(mine, counts).order_by(attempts.c.earned.is_not(None), attempts.c.id)
        )  # fmt: skip
        seen = select(submissions.c.id, submissions.c.work, submissions.c.submitted).where(
            submissions.c.student == key_of(student), submissions.c.exercise == exercise
        )
        with self.transaction() as connection:
            judged = {
                row.work: Judged(row.id, Outcome(row.outcome), None if row.earned is None else Score(row.earned, row.possible))
                for row in connection.execute(made)
            }  # fmt: skip
            rows = list(connection.execute(seen.order_by(submissions.c.id)))
        return [HandedIn(r.id, r.work, datetime.fromisoformat(r.submitted), judged.get(r.work)) for r in rows]

    # -- decisions

    def decide(self, student: str, exercise: str, points: Decimal | None, reason: str) -> None:
        """Keep points that somebody gives by hand; None withdraws them."""
        row = {"student": key_of(student), "exercise": exercise, "points": None if points is None else str(points),
               "reason": key_of(reason)[:REASON], "made": now()}  # fmt: skip
        with self.transaction() as connection:
            connection.execute(overrides.insert().values(row))

    def override(self, student: str, exercise: str) -> Override | None:
        """Return what was decided last, unless it was withdrawn."""
        mine = and_(overrides.c.student == key_of(student), overrides.c.exercise == exercise)
        with self.transaction() as connection:
            row = connection.execute(
                select(overrides).where(mine).order_by(overrides.c.id.desc()).limit(1)
            ).one_or_none()
        if row is None or row.points is None:
            return None
        return Override(Decimal(row.points), student_of(row.reason), row.made)

    def note(self, student: str, exercise: str, text: str) -> None:
        """Keep what somebody says of a student's work; an empty text takes back what was said before."""
        row = {"student": key_of(student), "exercise": exercise, "text": key_of(text[:REMARK]), "made": now()}
        with self.transaction() as connection:
            connection.execute(remarks.insert().values(row))

    def remark(self, student: str, exercise: str) -> str:
        """Return what was said last of a student's work, or nothing."""
        mine = and_(remarks.c.student == key_of(student), remarks.c.exercise == exercise)
        with self.transaction() as connection:
            said = connection.execute(
                select(remarks.c.text).where(mine).order_by(remarks.c.id.desc()).limit(1)
            ).scalar()
        return student_of(said or "")

    def latest(self) -> datetime | None:
        """Return the latest time at which anything was seen, None in an empty store."""
        with self.transaction() as connection:
            seen = connection.execute(select(func.max(submissions.c.seen))).scalar()
        return datetime.fromisoformat(seen) if seen else None


def open_store(store: str, *, writing: bool, alone: bool = True, patience: float = database.PATIENCE) -> Store:
    """Open a store; one for writing is made if there is none, and nobody else may have it unless it need not be ``alone``.

    Raises:
        UsageError: it cannot be used; the message says what to do.
        EngineFault: it is locked, or its server does not answer.
    """
    url = database.where_of(store)
    name = database.name_of(url)
    file = None
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        if not writing and not path.exists():
            raise UsageError(f"{name}: there is no store yet; grader grade with a tree of students makes it")
        if writing:
            make_file(path)
            file = owner.own_file(path.resolve()) if alone else None  # a link to a store is that store
    engine = database.engine_for(url, writing=writing, patience=patience)
    connection = None
    try:
        with trouble(name):
            connection = engine.connect()
            if writing and alone and file is None:
                owner.own_session(connection, name)
            if writing:
                database.prepare(connection, name)
            else:
                database.check(connection, name)
    except BaseException:
        if connection:
            connection.close()
        engine.dispose()
        if file:
            file.close()
        raise
    return Store(url, engine, connection, file)


def added(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Add a row; return its number."""
    key = connection.execute(table.insert().values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def make_file(path: Path) -> None:
    """Make the file of a SQLite database and its folder; what students handed in is nobody else's business."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise UsageError(f"{path}: cannot be made ({error.strerror}); choose another store") from None
