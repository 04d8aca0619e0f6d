"""Opens the database of a store, SQLite or PostgreSQL, and turns its troubles into words that name a remedy."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from grader.errors import EngineFault, UsageError
from grader.store.schema import MIGRATIONS, VERSION, about, metadata

PATIENCE = 30.0
"""Seconds to wait for another program that has locked the database."""
FORMS = "a path of a SQLite file, sqlite:///PATH or postgresql://USER@HOST/DATABASE"
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A server notices within a minute that a client is gone whose machine was switched off."""


def where_of(store: str) -> URL:
    """Return the address of a store: of a URL, or of the path of a SQLite file.

    Raises:
        UsageError: it is neither.
    """
    if "://" not in store:
        return URL.create("sqlite", database=str(Path(store).absolute()))
    try:
        url = make_url(store)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UsageError(f"--store: this is not {FORMS}") from None
    except ImportError:
        url = make_url(store)  # another driver of PostgreSQL, which is replaced by ours
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and not url.query and url.database != ":memory:":
        return url.set(drivername="sqlite", database=str(Path(url.database).absolute()))
    if backend == "postgresql" and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise UsageError(f"--store: a store is {FORMS}")


def name_of(url: URL) -> str:
    """Return what a store is called in messages: never with a password, wherever it stands in the address."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    passwords = [key for key in url.query if "password" in key.lower()]
    return url.difference_update_query(passwords).render_as_string(hide_password=True)


def engine_for(url: URL, *, writing: bool, patience: float = PATIENCE) -> Engine:
    """Return an engine that connects as a store needs it.

    Raises:
        UsageError: the driver of PostgreSQL is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(Path(str(url.database)), writing=writing, patience=patience)
    try:
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10, **KEEPALIVE})
    except ImportError:
        raise UsageError("PostgreSQL needs psycopg; pip install 'web-framework-course[postgresql]'") from None


def sqlite_engine(path: Path, *, writing: bool, patience: float) -> Engine:
    """Return an engine for a file. Transactions are SQLAlchemy's, not the driver's, and those of a writer are so at once."""
    address = f"file:{quote(str(path))}?mode={'rwc' if writing else 'ro'}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        for setting in (
            "foreign_keys=ON",
            *(("journal_mode=WAL", "synchronous=FULL") if writing else ("query_only=ON",)),
        ):
            connection.execute(f"PRAGMA {setting}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def prepare(connection: Connection, name: str) -> None:
    """Make the tables of a new store, or bring an older one up to date; all of it or nothing.

    Raises:
        UsageError: it was made by a newer grader, or it is the database of something else.
    """
    with connection.begin():
        found = version(connection, name)
        if found is None:
            if connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
                raise UsageError(f"{name}: this is the database of something else; choose another file for the store")
            metadata.create_all(connection)
            connection.execute(about.insert().values(key="version", value=str(VERSION)))
            return
        for number in range(found, VERSION):
            if number not in MIGRATIONS:
                raise UsageError(f"{name}: a store of version {number} cannot be brought up to date; begin a new one")
            MIGRATIONS[number](connection)
        if found < VERSION:
            connection.execute(about.update().where(about.c.key == "version").values(value=str(VERSION)))


def check(connection: Connection, name: str) -> None:
    """Make sure that a store can be read.

    Raises:
        UsageError: there is none, or it has another version.
    """
    found = version(connection, name)
    connection.rollback()
    if found is None:
        raise UsageError(f"{name}: there is no store yet; grader grade with a tree of students makes it")
    if found < VERSION:
        raise UsageError(
            f"{name}: this store has the older version {found}; grader grade or regrade brings it up to date"
        )


def version(connection: Connection, name: str) -> int | None:
    """Return the version of a store, None where there is none."""
    if not inspect(connection).has_table(about.name):
        return None
    row = connection.execute(about.select().where(about.c.key == "version")).one_or_none()
    value = row.value if row else ""
    if not value.isascii() or not value.isdigit():
        raise UsageError(
            f"{name}: its table {about.name} names no version; restore it from a copy or begin a new store"
        )
    if int(value) > VERSION:
        raise UsageError(
            f"{name}: this store has version {value}, and this grader knows up to {VERSION}; update the grader. "
            "Nothing was changed"
        )
    return int(value)


KINDS: tuple[tuple[str, type[Exception], str], ...] = (
    ("database is locked", EngineFault, "is locked by another program; close that, then start this again"),
    ("readonly", UsageError, "is read-only; make it and its folder writable, or choose another store"),
    ("read-only", UsageError, "is read-only; make it and its folder writable, or choose another store"),
    ("not a database", UsageError, "is no database; choose another file for the store"),
    ("malformed", UsageError, "is damaged; restore it from a copy"),
    ("unable to open", UsageError, "cannot be opened; make sure that its folder is there and writable"),
    ("is full", EngineFault, "has no more room on its disk; make some, then start this again"),
    ("no space left", EngineFault, "has no more room on its disk; make some, then start this again"),
    ("disk i/o", EngineFault, "cannot be written to its disk; make sure that there is room, then start this again"),
    ("permission denied", UsageError, "does not let this user in; ask for the right to do so"),
    (
        "connection",
        EngineFault,
        "does not answer; make sure that its server runs and lets us in, then start this again",
    ),
)
"""What a database says, in small letters, with what we say of it and whose fault it is."""


@contextlib.contextmanager
def trouble(name: str) -> Iterator[None]:
    """Turn what a database complains about into errors of ours.

    Raises:
        UsageError: it cannot be used as it is.
        EngineFault: something of ours broke; what was kept before is kept.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error)
        for word, kind, remedy in KINDS:
            if word in said.lower():
                raise kind(f"{name} {remedy}. What was kept before is kept ({first_line(said)})") from None
        raise EngineFault(f"{name}: {first_line(said)}. What was kept before is kept") from None


def first_line(said: str) -> str:
    """Return the first line of a message."""
    return next(iter(said.splitlines()), "")[:300]
