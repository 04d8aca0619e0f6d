"""The tables of a store. What was handed in, attempts and overrides are only ever added: triggers refuse anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.schema import ExecutableDDLElement

VERSION = 2
metadata = MetaData()

about = Table(
    "grader_about", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False)
)

runs = Table(
    "grader_runs", metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("signature", String(64), nullable=False),
    Column("started", String(40), nullable=False),
    Column("applied", String(40)),
)  # fmt: skip
"""A run of ``grade`` counts from its start; one of ``regrade`` counts, with all of its attempts, when it is applied."""

works = Table(
    "grader_works", metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)  # fmt: skip
"""The bytes that were handed in, so that they can be graded again when the tree is gone."""

submissions = Table(
    "grader_submissions", metadata,
    Column("id", Integer, primary_key=True),
    Column("student", Text, nullable=False),
    Column("exercise", String(200), nullable=False),
    Column("work", ForeignKey(works.c.hash), nullable=False),
    Column("submitted", String(40), nullable=False),
    Column("seen", String(40), nullable=False),
    Index("grader_submissions_whose", "student", "exercise"),
)  # fmt: skip
"""That somebody handed something in; their order is that of the numbers, which no clock can change."""

attempts = Table(
    "grader_attempts", metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey(runs.c.id), nullable=False),
    Column("student", Text, nullable=False),
    Column("exercise", String(200), nullable=False),
    Column("work", ForeignKey(works.c.hash), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("isolation", Integer, nullable=False),
    Column("earned", Integer),
    Column("possible", Integer),
    Column("tests", String(64), nullable=False),
    Column("engine", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("started", String(40), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index("grader_attempts_whose", "student", "exercise", "work"),
)  # fmt: skip
"""``earned`` is null where the fault was ours; ``record`` is all of the attempt (`grader.store.records`)."""

overrides = Table(
    "grader_overrides", metadata,
    Column("id", Integer, primary_key=True),
    Column("student", Text, nullable=False),
    Column("exercise", String(200), nullable=False),
    Column("points", String(20)),
    Column("reason", Text, nullable=False),
    Column("made", String(40), nullable=False),
)  # fmt: skip
"""Points that somebody gave by hand, null to withdraw that; the last one counts."""

remarks = Table(
    "grader_remarks", metadata,
    Column("id", Integer, primary_key=True),
    Column("student", Text, nullable=False),
    Column("exercise", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("made", String(40), nullable=False),
)  # fmt: skip
"""What somebody wrote about a student's work, empty to take that back; the last one counts. It changes no points."""


def add_remarks(connection: Connection) -> None:
    """Turn version 1 into 2."""
    remarks.create(connection)


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {1: add_remarks}
"""What turns a store of one version into one of the next; each runs in the transaction that writes the new number."""

LASTING = (works, submissions, attempts, overrides, remarks)

REFUSE = """
CREATE OR REPLACE FUNCTION grader_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '%% is only ever added to', TG_TABLE_NAME; END$$
"""


def statement(sql: str, dialect: str) -> ExecutableDDLElement:
    """Return a statement for one kind of database."""
    made: ExecutableDDLElement = DDL(sql).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    return made


event.listen(metadata, "before_create", statement(REFUSE, "postgresql"))
for table in LASTING:
    for change in ("UPDATE", "DELETE"):
        name = f"{table.name}_{change.lower()}"
        in_sqlite = statement(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table.name} "
            f"BEGIN SELECT RAISE(ABORT, '{table.name} is only ever added to'); END", "sqlite"
        )  # fmt: skip
        in_postgresql = statement(
            f"CREATE TRIGGER {name} BEFORE {change} ON {table.name} FOR EACH ROW EXECUTE FUNCTION grader_refuse()",
            "postgresql",
        )
        event.listen(table, "after_create", in_sqlite)
        event.listen(table, "after_create", in_postgresql)


def now() -> str:
    """Return the time as the tables have it: ISO 8601, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
