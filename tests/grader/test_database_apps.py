"""What tests of apps with a database need: modules of a package, settings for every app, SQL in a view, bare Flask apps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.models import Exercise, Factory, Limits
from grader.sandbox.plain import Plain
from grader.testing import Finding, StudentError
from grader.testing.app import AppMaker
from grader.testing.events import Recorder
from grader.testing.probes import Probes
from grader.testing.runtime import Runtime
from grader.testing.submission import Submission
from grader.testing.tracer import Tracer

FILES = {
    "shop/__init__.py": """
from flask import Flask

def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(config or {})
    from .db import close_db
    app.teardown_appcontext(close_db)
    return app
""",
    "shop/db.py": """
import sqlite3
from flask import current_app, g

def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"])
    return g.db

def close_db(error=None):
    if "db" in g:
        g.pop("db").close()
""",
    "shop/broken.py": "import nowhere_to_be_found\n",
    "shop/ext.py": "def init_app(app):\n    app.add_url_rule('/hello', 'hello', lambda: 'hello')\n",
}
FACTORY = Factory("create_app", "settings", {"DATABASE": "{new}.sqlite3", "SIZE": 3})


@pytest.fixture
def submission() -> Iterator[Submission]:
    names = {"en": "Shop", "zh-CN": "商店"}
    exercise = Exercise(
        "t1_shop", names, ("shop/",), "shop:create_app()", Path("/"), None, None, limits=Limits(call=9.0)
    )
    runtime = Runtime(Plain(exercise.limits), exercise, {name: text.encode() for name, text in FILES.items()})
    yield runtime.submission("tests", probes=True)
    runtime.close()


def test_every_app_gets_the_settings_of_the_manifest_and_words_of_its_own(submission: Submission) -> None:
    make_app = AppMaker(submission, FACTORY, Recorder())
    probes = Probes(submission)
    apps = [probes.flask_app(make_app(**more)).config for more in ({}, {"size": 4}, {"database": "chosen"})]
    assert [app.get("SIZE") for app in apps] == [3, 4, 3]
    files = [app.get("DATABASE") for app in apps]
    assert files[2] == "chosen"
    assert files[0] != files[1]
    assert all(name.endswith(".sqlite3") and "{" not in name for name in files[:2])
    other = make_app.of(submission.fresh())
    assert probes.of(other.submission).flask_app(other()).config.get("DATABASE") not in files


def test_modules_of_a_package_are_found_by_name(submission: Submission) -> None:
    assert submission.part("db").get_db is not None
    with pytest.raises(Finding) as missing:
        submission.part("database")
    assert missing.value.values["name"].text == "shop.database"
    with pytest.raises(Finding) as unnamed:
        submission.part("db").connect_db  # noqa: B018
    assert unnamed.value.values["module"].text == "shop.db"
    with pytest.raises(StudentError, match="nowhere_to_be_found"):
        submission.part("broken")


def test_a_view_runs_sql_on_the_connection_of_its_request(submission: Submission) -> None:
    trace, probes = Tracer(Recorder()), Probes(submission)
    app = AppMaker(submission, FACTORY, Recorder())(propagate_exceptions=False)
    probes.flask_sql(app, "/sql", submission.part("db").get_db)

    def ask(query: str) -> object:
        seen = trace(app, "GET", "/sql", query=query)
        return json.loads(seen.body) if seen.code == 200 else seen.code

    assert ask("run=CREATE+TABLE+t+(x)&run=INSERT+INTO+t+VALUES+(1)&commit=1") == {"rows": [], "held": 0}
    assert ask("run=INSERT+INTO+t+VALUES+(2)&run=SELECT+*+FROM+t") == {"rows": [[1], [2]], "held": 0}
    assert ask("run=SELECT+*+FROM+t") == {"rows": [[1]], "held": 0}, "closed without a commit"
    assert ask("run=INSERT+INTO+t+VALUES+(3)&raises=1") == 500
    assert ask("run=SELECT+count(*)+FROM+t&go=1") == {"rows": [[1]], "held": 0}
    assert ask("hold=1") == {"rows": [], "held": 0}, "nobody says go, and it ends all the same"


def test_an_extension_meets_an_app_that_has_nothing(submission: Submission) -> None:
    probes, trace = Probes(submission), Tracer(Recorder())
    bare = probes.bare_flask()
    assert trace(bare, "GET", "/hello").code == 404
    other = probes.bare_flask()
    submission.part("ext").init_app(other)
    assert trace(other, "GET", "/hello").body == b"hello"
