"""The database: a file of SQLite's, and a connection to it for each request that asks for one."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, cast

import click
from flask import Flask, current_app, g

INSERT = """INSERT OR IGNORE INTO film (id, title_zh, title_en, year, director)
VALUES (:id, :title_zh, :title_en, :year, :director)"""


def connect() -> sqlite3.Connection:
    """Open a connection for whoever will close it."""
    db = sqlite3.connect(current_app.config["DATABASE"])
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    return db


def get_db() -> sqlite3.Connection:
    """Return the connection of this request, opened when it is asked for first."""
    if "db" not in g:
        g.db = connect()
    return cast(sqlite3.Connection, g.db)


def close_db(_error: BaseException | None = None) -> None:
    """Close the connection if there is one; what nobody committed is gone with it."""
    if db := g.pop("db", None):
        db.close()


def init_db(catalog: Sequence[Mapping[str, Any]]) -> None:
    """Make what is missing; what is there stays."""
    db = get_db()
    with current_app.open_resource("schema.sql") as schema:
        db.executescript(schema.read().decode())
    db.executemany(INSERT, catalog)
    db.commit()


@click.command("init-db")
def init_db_command() -> None:
    """Make the tables that are missing."""
    init_db(current_app.extensions["watchlist"]["catalog"])
    click.echo(f"The tables are in {current_app.config['DATABASE']}.")


def init_app(app: Flask) -> None:
    """Close what requests open, add the command, and make the tables."""
    app.teardown_appcontext(close_db)
    app.cli.add_command(init_db_command)
    with app.app_context():
        init_db(app.extensions["watchlist"]["catalog"])
