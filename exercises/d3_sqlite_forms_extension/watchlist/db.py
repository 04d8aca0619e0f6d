"""The database: a file of SQLite's, and one connection to it for each request that asks."""

import click


def get_db():
    """Return the connection of this request; whoever asks first opens it."""
    # 1. Open: one connection for each request, kept where only this request looks
    # TODO: rows with columns by name, and foreign keys on


def close_db(error=None):
    """Close the connection, if there is one; Flask calls this when an application context ends."""
    # 4. Release: also after an error, also if it is called twice. TODO


def init_db():
    """Make the tables of schema.sql that are missing; delete nothing."""
    # TODO: current_app.open_resource("schema.sql") opens the file beside this module


@click.command("init-db")
def init_db_command():
    """Make the tables that are missing."""
    # TODO


def init_app(app):
    """Tell an app of all this."""
    # TODO: the teardown function, the command, and the tables
