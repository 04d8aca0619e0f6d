"""A PostgreSQL server of the tests' own, on a Unix socket in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.grader.ordinary import NOBODY, become

REMEDY = "apt-get install postgresql"
SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "30"}


def program(name: str) -> str:
    """Return where a program of the server is, nothing if there is none."""
    if found := shutil.which(name):
        return found
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(places[0]) if places else ""


@contextmanager
def server() -> Iterator[str]:
    """Run a server, and yield the URL of a database in it. It does not run as root, so root becomes somebody else."""
    home = Path(tempfile.mkdtemp(prefix="grader-postgresql-", dir="/tmp"))
    prefix = become() if os.geteuid() == 0 else []
    if prefix:
        os.chown(home, NOBODY, NOBODY)
    data, environment = home / "data", {**os.environ, "LC_ALL": "C", "HOME": str(home)}

    def run(*words: str) -> None:
        subprocess.run([*prefix, *words], check=True, env=environment, cwd=home, stdout=subprocess.DEVNULL, timeout=120)

    settings = " ".join(
        f"-c {key}={value}" for key, value in {**SETTINGS, "unix_socket_directories": str(home)}.items()
    )
    try:
        run(program("initdb"), "-D", str(data), "-U", "grader", "--no-sync", "-A", "trust", "-E", "UTF8")
        run(program("pg_ctl"), "-D", str(data), "-w", "-l", str(home / "log"), "-o", settings, "start")
        yield f"postgresql://grader@/postgres?host={home}"
    finally:
        if (data / "postmaster.pid").exists():
            run(program("pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(home, ignore_errors=True)


def new_schema(url: str, name: str) -> str:
    """Make a schema in the database of a server, and return the URL that means it."""
    words = ["-q", "-h", url.partition("host=")[2], "-U", "grader", "postgres", "-c", f"CREATE SCHEMA {name}"]
    subprocess.run([program("psql"), *words], check=True, timeout=60)
    return f"{url}&options=-csearch_path%3D{name}"
