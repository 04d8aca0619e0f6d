"""A small course whose only exercise hands in a package: Flask with blueprint, templates, a schema, a database and a command."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from grader.course import Course, load_course

NAME = "z1_films"
MANIFEST = """kind = "graded"
files = ["watchlist/", "README.txt"]
entry = "watchlist:create_app()"
fresh = true
title = {en = "Films", zh-CN = "电影"}
factory = {name = "create_app", takes = "settings", settings = {testing = true, title = "Films"}}
"""
STATEMENT = '# Films\n\n- <a id="films"></a>The page lists the films, and what is added stays.\n'
PUBLIC = '''from pytest import mark


@mark.points(40, "correctness", statement="films")
def test_page(app, trace):
    """the page has its title"""
    seen = trace(app, "GET", "/")
    assert b"<h1>Films</h1>" in seen.body, "the heading of the page"
    assert seen.code == 200, "the status"
'''
HIDDEN = '''from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

from pytest import mark

LEAK_MARKER = "leak-marker-7a90c1d4-z1"


@mark.points(20, "correctness", statement="films")
def test_rows_stay_in_the_file(make_app, submission, trace):
    """what one app has written another one reads"""
    one = make_app(testing=True, database="films.db")
    assert trace(one, "POST", "/Ponyo").code == 303, "the status of an answer to POST"
    other = make_app(testing=True, database="films.db")
    assert b"Ponyo" in trace(other, "GET", "/").body, "where are the films kept?"


@mark.points(20, "correctness", statement="films")
def test_command(make_app, submission, trace):
    """the command init-db makes the tables and deletes nothing"""
    settings = {"FLASK_DATABASE": "made.db", "FLASK_TESTING": "true"}
    done = submission.run(["flask", "--app", "watchlist", "init-db"], env=settings)
    assert done.returncode == 0, "how the command ends"
    assert done.stdout == b"ready\\n", "what the command prints"
    add = "import watchlist; watchlist.create_app().test_client().post('/Ponyo')"
    assert submission.run(["python", "-c", add], env=settings).returncode == 0, "adding a film"
    assert submission.run(["flask", "--app", "watchlist", "init-db"], env=settings).stdout == b"ready\\n", "once more"
    assert b"Ponyo" in trace(make_app(testing=True, database="made.db"), "GET", "/").body, "are there still all rows?"


@mark.points(20, "robustness", statement="films")
def test_threads(make_app, serve):
    """many clients are served at once by threads, each with a connection of its own"""
    url = serve(make_app(testing=True, database="served.db"), "waitress")

    def add(number):
        with urlopen(f"{url}/add/{number}", timeout=8) as answer:
            return answer.status

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(add, range(12))) == [200] * 12, "the status of each answer"
    with urlopen(url, timeout=8) as answer:
        assert answer.read().count(b"<li>") == 12, "the films that were added at once"
'''
INIT = """import tempfile

from flask import Flask

from . import db
from .site import site


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_prefixed_env()
    app.config.update(config or {})
    if not app.config.get("DATABASE"):
        app.config["DATABASE"] = tempfile.mkdtemp() + "/films.db"
    db.init_app(app)
    app.register_blueprint(site)
    return app
"""
DB = """import sqlite3

import click
from flask import current_app, g


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"], timeout=5)
        g.db.row_factory = sqlite3.Row
    return g.db


def close_db(error=None):
    db = g.pop("db", None)
    if db is not None:
        db.close()


@click.command("init-db")
def init_db():
    create_tables()
    click.echo("ready")


def create_tables():
    with current_app.open_resource("schema.sql") as file:
        get_db().executescript(file.read().decode())


def init_app(app):
    app.teardown_appcontext(close_db)
    app.cli.add_command(init_db)
    with app.app_context():
        create_tables()
"""
SITE = """from flask import Blueprint, current_app, redirect, render_template

from .db import get_db

site = Blueprint("site", __name__)


def add_film(title):
    db = get_db()
    with db:
        db.execute("INSERT INTO film (title) VALUES (?)", (title,))


@site.get("/")
def films():
    rows = get_db().execute("SELECT title FROM film").fetchall()
    return render_template("films/list.html", rows=rows, title=current_app.config.get("TITLE", ""))


@site.post("/<title>")
def add(title):
    add_film(title)
    return redirect("/", 303)


@site.get("/add/<title>")
def add_at_once(title):
    add_film(title)
    return "added"
"""
LIST = """{% extends "layout.html" %}
{% block main %}
<ul>{% for row in rows %}<li>{{ row.title }}</li>{% endfor %}</ul>
{% endblock %}
"""
PACKAGE = {
    "README.txt": "My films.\n",
    "watchlist/__init__.py": INIT,
    "watchlist/db.py": DB,
    "watchlist/site.py": SITE,
    "watchlist/schema.sql": "CREATE TABLE IF NOT EXISTS film (title TEXT NOT NULL);\n",
    "watchlist/static/site.css": "h1 { color: red }\n",
    "watchlist/templates/layout.html": "<h1>{{ title }}</h1>\n{% block main %}{% endblock %}\n",
    "watchlist/templates/films/list.html": LIST,
}
"""The reference."""
RIGHT = {name: text.encode() for name, text in PACKAGE.items()}
STARTER = {
    "README.txt": "TODO\n",
    "watchlist/__init__.py": '"""TODO."""\n\n\ndef create_app(config=None):\n    raise NotImplementedError\n',
    "watchlist/test_own.py": "raise SystemError('a test of the student is no test of the exercise')\n",
    "watchlist/conftest.py": "raise SystemError('nor is this one for us')\n",
}


def put(folder: Path, files: dict[str, str] | dict[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write(folder: Path) -> Course:
    """Write the course into a folder."""
    put(folder / "exercises" / NAME, {
        "exercise.toml": MANIFEST, "README.md": STATEMENT, "README.zh-CN.md": STATEMENT, "test_public.py": PUBLIC, **STARTER,
    })  # fmt: skip
    put(folder / "tests" / "hidden" / NAME, {"test_hidden.py": HIDDEN})
    put(folder / "solutions" / NAME, PACKAGE)
    return load_course(folder)


def zipped(files: dict[str, bytes], *names: str) -> bytes:
    """Return a zip archive of files; ``names`` are members more, a slash at the end for folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [*files.items(), *((name, b"") for name in names)]:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    """Return a tar.gz archive of files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def of_count(count: int) -> dict[str, bytes]:
    """Return so many files of the directory."""
    return {f"watchlist/{number}.py": b"" for number in range(count)}
