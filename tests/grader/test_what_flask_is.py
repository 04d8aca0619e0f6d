"""What the reading R3 says of Flask is so: its programs are taken from the page, served, and asked over HTTP."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import flask
import pytest
import requests
import werkzeug
from flask import Flask
from waitress.server import create_server
from werkzeug.routing import Map

from grader.models import LANGUAGES
from grader.predictions.pages import PROGRAM
from grader.statement import statement_file
from tests.grader.conftest import ROOT, skip

FOLDER = ROOT / "exercises" / "readings" / "r3_what_flask_is"
PAGES = {language: statement_file(FOLDER, language).read_text(encoding="utf-8") for language in LANGUAGES}
PROGRAMS = {language: {name: source for name, _, source in PROGRAM.findall(page)} for language, page in PAGES.items()}
LAYERS = ("raw", "werkzeug", "flask")
FILM = {"id": 1, "title_zh": "霸王别姬", "title_en": "Farewell My Concubine", "year": 1993, "director": "Chen Kaige"}
PATIENCE = 20.0
"""Seconds until a server has to have answered."""
ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
PACKAGE = re.compile(r"^\| \**([A-Za-z]\w+)\** \| [^|]+ \|$", re.MULTILINE)
SIX = {"werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker"}
NO_BODY = {"en": "no body", "zh-CN": "没有响应体"}


class Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def behind_wsgiref(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an app and yield its address."""
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def behind_waitress(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an app and yield its address."""
    sockets: dict[Any, Any] = {}
    server: Any = create_server(app, host="127.0.0.1", port=0, map=sockets)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        left = list(sockets.values())
        server.trigger.pull_trigger(sockets.clear)  # its loop ends when it has nothing to listen to
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()
        for one in left:
            one.close()


SERVERS = {"wsgiref": behind_wsgiref, "waitress": behind_waitress}
each_server = pytest.mark.parametrize("server", SERVERS)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def names_of(language: str, program: str) -> dict[str, Any]:
    """Load a program of the page, as whoever imports it does; returns what it defines."""
    names: dict[str, Any] = {"__name__": program}
    exec(compile(PROGRAMS[language][program], f"{program}.py", "exec"), names)
    return names


def ask(address: str, method: str = "GET", path: str = "/") -> requests.Response:
    """Make one request."""
    return requests.request(method, address + path, timeout=PATIENCE)


# -- the demo


@each_language
@each_server
def test_the_demo_answers_as_the_page_says(language: str, server: str) -> None:
    with SERVERS[server](names_of(language, "demo")["app"]) as address:
        check_demo(address)
        head = ask(address, "HEAD")
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "22")
        assert "<p>Hello, &lt;b&gt;Ada!</p>\n" in ask(address, path="/hello/%3Cb%3EAda").text
        assert ask(address, path="/goodbye").status_code == 404
        assert ask(address, "POST").status_code == 405


def check_demo(address: str) -> None:
    """See that the first page of the demo is there."""
    answer = ask(address)
    assert (answer.status_code, answer.text) == (200, "<p>Hello, 影单!</p>\n")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@contextlib.contextmanager
def running(folder: Path, *words: str) -> Iterator[Iterator[str]]:
    """Run Python with some words in a folder; yields the lines that it prints, and ends it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FLASK_", "WERKZEUG_"))}
    process = subprocess.Popen(
        [sys.executable, "-u", *words], cwd=folder, env=environment | {"PYTHONUTF8": "1"}, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    end = threading.Timer(3 * PATIENCE, process.kill)
    end.start()
    try:
        assert process.stdout
        yield iter(process.stdout)
    finally:
        end.cancel()
        process.kill()
        process.communicate()


def until(pattern: re.Pattern[str], lines: Iterator[str]) -> tuple[str, str]:
    """Return what a pattern finds first, and all that was printed until then; nothing, if it never comes."""
    said = ""
    for line in lines:
        said += line
        if found := pattern.search(line):
            return found[0], said
    return "", said


@each_language
def test_the_demo_started_as_a_file_is_served_by_a_server_that_warns(language: str, tmp_path: Path) -> None:
    (tmp_path / "demo.py").write_text(PROGRAMS[language]["demo"], encoding="utf-8")
    with running(tmp_path, "demo.py") as lines:
        address, said = until(ADDRESS, lines)
        if "Port 5000 is in use" in said:
            skip("port 5000 is taken", "end the program that listens there, or switch AirPlay off")
        assert address == "http://127.0.0.1:5000", said
        assert f"<{address}/>" in PAGES[language]
        (warning,) = re.findall(r"^```text\n(WARNING: .+)\n```$", PAGES[language], re.MULTILINE)
        assert warning in said
        check_demo(address)


@each_language
def test_the_demo_is_served_by_the_command_on_the_page(language: str, tmp_path: Path) -> None:
    (tmp_path / "demo.py").write_text(PROGRAMS[language]["demo"], encoding="utf-8")
    (word,) = re.findall(r"`waitress-serve (\S+)`", PAGES[language])
    with running(tmp_path, "-m", "waitress", "--listen=127.0.0.1:0", word) as lines:
        address, said = until(ADDRESS, lines)
        assert address, said
        check_demo(address)


def test_what_replaces_the_app_has_no_run(tmp_path: Path) -> None:
    (middleware,) = re.findall(r"^class Https:.*?\n\n\n", PROGRAMS["en"]["door"], re.MULTILINE | re.DOTALL)
    demo = PROGRAMS["en"]["demo"].replace("if __name__", f"{middleware}app = Https(app)\n\n\nif __name__")
    (tmp_path / "demo.py").write_text(demo, encoding="utf-8")
    with running(tmp_path, "demo.py") as lines:
        assert "AttributeError: 'Https' object has no attribute 'run'" in "".join(lines)


# -- the three layers


@each_language
@each_server
def test_three_layers_give_the_same_answer(language: str, server: str) -> None:
    answers = []
    for layer in LAYERS:
        with SERVERS[server](names_of(language, layer)["application"]) as address:
            answer = ask(address, path="/api/movies/1")
            answers.append((answer.status_code, answer.headers["Content-Type"], answer.json()))
    assert answers == [(200, "application/json", FILM)] * 3


@each_language
@each_server
def test_what_the_page_compares_is_so(language: str, server: str) -> None:
    rows = ROW.findall(PAGES[language])
    assert [row[:2] for row in rows] == [
        *((method, "/api/movies/1") for method in ("GET", "HEAD", "POST", "OPTIONS")), ("GET", "/api/movies/2"),
    ]  # fmt: skip
    for number, layer in enumerate(LAYERS, 2):
        with SERVERS[server](names_of(language, layer)["application"]) as address:
            for row in rows:
                check(row[number], ask(address, *row[:2]), language)


def check(cell: str, answer: requests.Response, language: str) -> None:
    """Compare what a cell says with an answer: the status, headers, and whether there is a body."""
    status, *headers = re.findall(r"`([^`]+)`", cell)
    assert status == str(answer.status_code)
    assert (NO_BODY[language] in cell) == (answer.content == b"")
    for name, value in (header.split(": ", 1) for header in headers):
        assert in_order(name, answer.headers[name]) == value


def in_order(name: str, value: str) -> str:
    """Return a header's value; the methods of Allow have no order."""
    return ", ".join(sorted(value.split(", "))) if name == "Allow" else value


def test_flask_is_made_of_werkzeug() -> None:
    assert issubclass(flask.Request, werkzeug.Request)
    assert issubclass(flask.Response, werkzeug.Response)
    assert isinstance(Flask(__name__).url_map, Map)
    imports = "import werkzeug.wrappers, werkzeug.exceptions, sys; print('flask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


@each_language
def test_the_packages_on_the_page_are_those_that_flask_needs(language: str) -> None:
    table = PAGES[language].split("\n## ")[1]
    assert {name.lower() for name in PACKAGE.findall(table)} - {"package"} == needed("flask") == SIX


def needed(package: str) -> set[str]:
    """Return what a package needs everywhere, and what that needs."""
    rows = [row for row in importlib.metadata.requires(package) or [] if ";" not in row]
    first = {re.split(r"[^\w-]", row)[0].lower() for row in rows}
    return first.union(*map(needed, first))


# -- the door


@each_language
def test_a_middleware_goes_through_the_door(language: str) -> None:
    names = names_of(language, "door")
    with behind_waitress(names["app"]) as address:
        assert ask(address).text == "You came by https.\n"
        assert ask(address, path="/nowhere").status_code == 404
    seen = []
    inside = names["app"].wsgi_app

    def watching(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401
        seen.append(environ["PATH_INFO"])
        return inside(environ, start_response)

    names["app"].wsgi_app = watching
    assert isinstance(names["app"], Flask)
    assert names["app"].test_client().get("/nowhere").status_code == 404
    assert seen == ["/nowhere"]


def test_what_a_middleware_raises_reaches_the_server() -> None:
    app: Any = Flask(__name__)  # mypy wants no method to be replaced

    def broken(_environ: object, _start: object) -> list[bytes]:
        raise LookupError("mine")

    app.register_error_handler(Exception, lambda _: "handled")
    assert app.test_client().get("/").text == "handled"
    app.wsgi_app = broken
    with pytest.raises(LookupError, match="mine"):
        app.test_client().get("/")


@each_language
def test_request_and_g_belong_to_one_request(language: str) -> None:
    with behind_waitress(names_of(language, "proxies")["application"]) as address:
        for path in ("/first", "/second"):
            lines = ask(address, path=path).text.splitlines()
            assert lines[:2] == [f"path: {path}", "count: 1"]
            assert lines[2].endswith("Working outside of request context.")


def test_each_of_two_threads_sees_its_own_request() -> None:
    app = Flask(__name__)
    both = threading.Barrier(2, timeout=PATIENCE)

    @app.get("/<word>")
    def show(word: str) -> str:
        both.wait()
        return f"{word} {flask.request.path}"

    with behind_waitress(app) as address:
        said: dict[str, str] = {}
        threads = [
            threading.Thread(target=lambda word=word: said.update({word: ask(address, path=f"/{word}").text}))
            for word in ("one", "two")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == {"one": "one /one", "two": "two /two"}


# -- what Flask takes over, and what it leaves


@pytest.fixture
def app() -> Flask:
    """An app for what the tables and lists of the page say."""
    made = Flask(__name__)

    @made.route("/form", methods=["GET", "POST"])
    def form() -> dict[str, Any]:
        return {"page": flask.request.args.get("page", 1, type=int), "form": flask.request.form.to_dict()}

    @made.post("/body")
    def body() -> str:
        return str(len(flask.request.get_data()))

    @made.get("/away")
    def away() -> Any:  # noqa: ANN401
        return flask.redirect(flask.url_for("form"))

    @made.get("/broken")
    def broken() -> str:
        raise LookupError("a secret cause")

    return made


def test_nobody_looks_at_forms_and_parameters(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/form?page=abc").json == {"page": 1, "form": {}}
    assert client.post("/form", json={"stars": 5}).json == {"page": 1, "form": {}}
    assert client.post("/form", data={"stars": "seven"}).json == {"page": 1, "form": {"stars": "seven"}}


def test_a_body_has_no_limit_until_there_is_a_setting(app: Flask) -> None:
    assert app.config["MAX_CONTENT_LENGTH"] is None
    assert app.test_client().post("/body", data=b"x" * 3_000_000).text == "3000000"
    fields = {"note": "x" * 600_000}
    newer = "MAX_FORM_MEMORY_SIZE" in app.config  # since Flask 3.1
    assert app.test_client().post("/form", data=fields).status_code == 200
    sent = requests.Request("POST", "http://localhost/form", files={"note": (None, fields["note"])}).prepare()
    multipart = app.test_client().post("/form", data=sent.body, content_type=sent.headers["Content-Type"])
    assert multipart.status_code == (413 if newer else 200)
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert app.test_client().post("/body", data=b"x" * 11).status_code == 413


def test_a_redirect_is_302_and_a_link_knows_its_prefix(app: Flask) -> None:
    answer = app.test_client().get("/away", base_url="http://localhost/tools")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/tools/form")


def test_an_exception_is_for_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "a secret cause" in caplog.text


@pytest.mark.parametrize("ending", ["html", "htm", "xml", "xhtml", "svg", "txt", "js", "HTML", "jinja"])
def test_the_page_lists_the_names_for_which_jinja_escapes(ending: str, app: Flask) -> None:
    for page in PAGES.values():
        listed = "`.html`" in page and f"`.{ending}`" in page
        assert app.select_jinja_autoescape(f"page.{ending}") == listed


# -- that it would be noticed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hello, 影单!", "Hello!"),
        ('@app.get("/")', '@app.get("/home")'),
        ("    return ", "    "),
        ('return "<p>', 'return {}, 201, "<p>'),
    ],
)
def test_a_demo_that_does_not_work_is_noticed(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = PROGRAMS["en"]["demo"]
    assert old in source
    monkeypatch.setitem(PROGRAMS["en"], "demo", source.replace(old, new))
    with behind_wsgiref(names_of("en", "demo")["app"]) as address, pytest.raises(AssertionError):
        check_demo(address)


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        ("`200`, `Content-Type: application/json`", True),
        ("`404`, `Content-Type: application/json`", False),
        ("`200`, `Content-Type: text/html`", False),
        ("`200`, no body", False),
    ],
)
def test_a_cell_that_says_something_else_is_noticed(cell: str, right: bool) -> None:
    with behind_wsgiref(names_of("en", "flask")["application"]) as address:
        answer = ask(address, path="/api/movies/1")
    with contextlib.nullcontext() if right else pytest.raises(AssertionError):
        check(cell, answer, "en")
