"""One run at a time has a store: a lock that the system lets go of when its holder ends, in whatever way that happens.

For SQLite it is a lock on a file beside the database (flock(2), or the C library's on Windows); for PostgreSQL an advisory
lock of the very connection that writes, so that whoever loses the one has lost the other.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from grader.errors import UsageError
from grader.store.schema import now

SUFFIX = ".lock"
LOCK = "pg_try_advisory_lock(hashtext('grader'), hashtext(current_schema()))"
NOTICED = 2.0
BUSY = "another run has this store{who}; wait until it has ended, then start this one again: nothing was changed"


def own_file(database: Path) -> IO[str]:
    """Take the store of a SQLite database until the file that is returned is closed.

    Raises:
        UsageError: another run has it, or nobody can.
    """
    path = database.with_name(database.name + SUFFIX)
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); make it writable or choose another store"
        ) from None
    try:
        lock(file)
    except BlockingIOError:
        file.seek(0)
        who = file.read(200).strip()
        file.close()
        raise UsageError(f"{database}: " + BUSY.format(who=f" ({who})" if who.isprintable() and who else "")) from None
    except OSError as error:
        file.close()
        raise UsageError(
            f"{path}: cannot be locked ({error.strerror}); choose a store on a disk of this machine"
        ) from None
    file.seek(0)
    file.truncate()
    file.write(f"process {os.getpid()}, since {now()}")
    file.flush()
    return file


def lock(file: IO[str]) -> None:
    """Lock a file.

    Raises:
        BlockingIOError: another process has it.
        OSError: there are no locks here.
    """
    try:
        import fcntl
    except ImportError:
        lock_on_windows(file)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_on_windows(file: IO[str]) -> None:
    """Lock a file by a byte in it, like `lock`."""
    try:
        import msvcrt
    except ImportError:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from None
    file.seek(1 << 20)  # of what is locked nobody else can read anything
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except PermissionError:
        raise BlockingIOError from None


def own_session(connection: Connection, where: str) -> None:
    """Take the store of a PostgreSQL database as long as the connection lives.

    A server takes a moment to notice that a client was killed, so it is asked for some seconds.

    Raises:
        UsageError: another run has it, or its schema is not there.
    """
    if connection.exec_driver_sql("SELECT current_schema()").scalar_one() is None:  # and nothing could be locked
        raise UsageError(
            f"{where}: no schema of its search_path is there, or this user may not use it; make it, or ask for the right"
        )
    connection.commit()
    deadline = time.monotonic() + NOTICED
    while True:
        taken = connection.exec_driver_sql(f"SELECT {LOCK}").scalar_one()
        connection.commit()
        if taken:
            return
        if time.monotonic() > deadline:
            raise UsageError(f"{where}: " + BUSY.format(who=""))
        time.sleep(0.05)
