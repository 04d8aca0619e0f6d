"""``grader leaks``: searches for what students must not see."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.options import course_option, open_course, private_option, reporting
from grader.errors import UsageError
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of, unmarked
from grader.printable import printable


@click.command("leaks")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@course_option
@private_option
@reporting
def command(paths: tuple[Path, ...], course_folder: Path | None, private: Path | None) -> None:
    """Search files, folders and archives for anything of hidden tests and solutions, before students get them.

    Finds leak markers and telling texts, also encoded or disguised. Exit code 1: something was found. It knows nothing of
    what git keeps compressed: search a checkout, or an archive of it.
    """
    course = open_course(course_folder, private)
    home = private or course.folder
    secrets = secrets_of(course.folder, home)
    if not any(secret.marker for secret in secrets):
        raise UsageError(f"{home}: no leak marker in tests/hidden/ or solutions/; say with --private where they are")
    for place in unmarked(home):
        click.echo(f"{place}: has no leak marker; only its longer texts are looked for", err=True)
    search = Search(Guard(secrets))
    search.paths(paths)
    for line in dict.fromkeys(map(str, search.leaks)):
        click.echo(printable(line, 1000))
    click.echo(f"searched {search.files} files for {len(secrets)} texts, found {len(search.leaks)}", err=True)
    for complaint in search.unread:
        click.echo(f"not searched: {printable(complaint, 1000)}", err=True)
    sys.exit(1 if search.leaks else 2 if search.unread else 0)
