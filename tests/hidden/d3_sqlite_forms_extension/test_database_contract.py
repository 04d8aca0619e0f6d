"""D3, hidden: one promise of the statement per test, on real files, with real threads and a real command.

Probes say how many connections there were. Beside what they say, the box counts too: there are 64 open files, and no more.
"""

import contextlib
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import requests
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from pytest import mark
from werkzeug.test import Client

from grader.testing import App, Finding, Probes, StudentError, StudentObject, Submission, Tracer, declares
from grader.testing.app import AppMaker
from grader.testing.content import Element, read_json, read_page
from grader.testing.serve import Serve
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-3c91e7a2-d3"
PLACE = "/watchlist"
FORM = "application/x-www-form-urlencoded"
SQL = "/out-of-band"
OPEN_FILES = 64
SPEAKERS = 4
TIMEOUT = 4.0
COUNT = "SELECT count(*) FROM scratch"
ATTEMPTS = 3
LONG = 1.0
"""Seconds after which a look that got no answer was waiting; a loaded machine may be slow, so else it is tried again."""

Film = dict[str, int | str]


def some_films(rng: random.Random, *titles: str) -> list[Film]:
    """Make films with English titles, and with ids that are none of the built-in ones."""
    return [
        {"id": number, "title_zh": f"影片{number}", "title_en": title, "year": 1900 + number % 100, "director": LEAK_MARKER}
        for number, title in zip(rng.sample(range(100, 1000), len(titles)), titles, strict=True)
    ]


def word_of(rng: random.Random) -> str:
    """Return a text that nobody else sends."""
    return "".join(rng.choices("abcdefghijkmpquvwxyz", k=12))


def send(trace: Tracer, app: App, **fields: object) -> Trace:
    """Send a form."""
    body = urlencode(fields).encode()
    environ = {"CONTENT_LENGTH": str(len(body))}
    return trace(app, "POST", PLACE, body=body, headers={"Content-Type": FORM}, environ=environ, input_ends=True)


def entries(body: bytes) -> list[Element]:
    """Return what stands for an entry in the list."""
    return read_page(body).having("data-id")


def ask(trace: Tracer, app: App, *statements: str, **more: str) -> Trace:
    """Ask the view of a probe to run SQL on the connection of get_db()."""
    return trace(app, "GET", SQL, query=urlencode([("run", text) for text in statements] + list(more.items())))


def rows(seen: Trace) -> list[list[Any]]:
    """Return the rows that a view of a probe came to."""
    if seen.code != 200:
        raise Finding("a view used the connection of get_db(), and its answer was not 200",
                      "what does get_db() return inside a request? Call it in a view of your own")  # fmt: skip
    return list(read_json(seen.body)["rows"])


# -- what is sent is no SQL


TITLES = (
    "Robert'); DROP TABLE film;--", "100% _real_", 'say "hi"; --', "back\\slash", "O'Brien", "plain Élégie", "? ?1 :id {0} %s",
)  # fmt: skip
SOUGHT = (
    "'", "%", "_", '"', "\\", "o'b", "' OR '1'='1", "'); DROP TABLE entry; --", "?", "%s", "PLAIN", "éLÉG", "a%l", "%' OR 1=1 --",
)  # fmt: skip
NO_FILM = ("{id} OR 1=1", "{id};--", "{id}'", "0 OR id={id}", "' OR '1'='1", "{id} --", "9" * 25, "9223372036854775808")


@mark.points(8, "robustness", statement="parameters")
def test_sql_injection(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """whatever is sent stays text: it comes out of the database as it went in, and finds what it names"""
    films = some_films(rng, *TITLES)
    app = make_app(catalog=films)
    notes = [f"{word_of(rng)} {text}" for text in (*TITLES, *SOUGHT, "'; DELETE FROM entry; --", "NULL", "1); --")]
    for note in notes:
        if send(trace, app, movie_id=films[0]["id"], stars=4, note=note).code != 303:
            raise Finding("a form that is right had a quote or other characters of SQL in its note, and was refused",
                          "how does the note get into your INSERT? A ? holds its place, the value is passed beside")  # fmt: skip
    for text in NO_FILM:
        check_no_film(trace, app, text.format(id=films[0]["id"]))
    for text in SOUGHT:
        check_search(trace, app, text, films)
    seen = send(trace, app, movie_id=films[0]["id"], stars="5; DELETE FROM entry", note="")
    assert seen.code == 400, "a form whose stars are a number and SQL behind it: is it refused?"
    shown = [item.text for item in entries(trace(app, "GET", PLACE).body)]
    if len(shown) != len(notes) or not all(note in text for note, text in zip(notes, shown, strict=True)):
        raise Finding("notes with quotes, % or SQL in them did not stand in the list as they were sent, each of them once",
                      "which of your statements is put together from text that was sent?")  # fmt: skip
    found = trace(app, "GET", "/movies")
    assert [item.attributes["data-id"] for item in entries(found.body)] == [str(film["id"]) for film in films], (
        "are all films still there, in the order of the catalogue?"
    )


def check_no_film(trace: Tracer, app: App, text: str) -> None:
    """Ask for a film by what is no id, in every place where an id or a title can stand."""
    places = [f"/movies/{text}", f"/api/movies/{text}", f"/api/titles/{text}"]
    codes = [trace(app, "GET", place).code for place in places] + [send(trace, app, movie_id=text, stars=4).code]
    if any(not code or code >= 500 for code in codes):
        raise Finding("an id that is none, or a number without a film, was answered with a status from 500 on",
                      "quotes, and numbers of more than 63 bits: who compares the text with the ids?")  # fmt: skip
    if codes != [404, 404, 404, 400]:
        raise Finding("an id with SQL in it, or a number without a film, found a film all the same",
                      "is the id compared as a whole, as a value for which a ? holds the place?")  # fmt: skip


def check_search(trace: Tracer, app: App, text: str, films: list[Film]) -> None:
    """Search for a text, on the page and below /api/."""
    expected = [str(film["id"]) for film in films if text.lower() in str(film["title_en"]).lower()]
    page, api = (trace(app, "GET", path, query=f"q={quote(text)}") for path in ("/search", "/api/movies"))
    if page.code != 200 or api.code != 200:
        raise Finding("a search for a quote or another character of SQL was not answered with 200",
                      "how does the text get into your SELECT? A ? holds its place, and the value is passed beside")  # fmt: skip
    said = read_json(api.body)
    items = said.get("items") if isinstance(said, dict) else None
    assert isinstance(items, list), "what does /api/movies return?"
    found = [str(item.get("id")) for item in items if isinstance(item, dict)]
    if [item.attributes["data-id"] for item in entries(page.body)] != expected or found != expected:
        raise Finding("a search found other films than those with exactly this text in a title",
                      "for LIKE, % and _ stand for any text; and a ' that ends the text lets the rest be SQL")  # fmt: skip


# -- one connection per request


LEFT_OPEN = Finding("a request had ended, and a connection that it had opened was not closed",
                    "who calls close(), and is it called too when a view raises, or the client leaves?")  # fmt: skip


@mark.points(8, "protocol", rule="PEP 3333 (should): Specification Details", statement="closed")
def test_connection_per_request_closed(
    submission: Submission, make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random
) -> None:
    """a request that needs the database opens one connection, and when it has ended, none is open"""
    films = some_films(rng, *(word_of(rng) for _ in range(130)))
    app = make_app(catalog=films)
    get_db = submission.part("db").get_db
    probes.flask_view(app, "/fails", raises="RuntimeError", first=twice(get_db))
    probes.flask_view(app, "/reads", raises="", first=twice(get_db))
    answers: list[int | None] = []
    probes.flask_view(app, "/overlaps", raises="", first=overlapping(trace, app, get_db, answers))
    note = word_of(rng)
    with probes.sqlite() as found:
        added = send(trace, app, movie_id=films[0]["id"], stars=3, note=note)
    assert added.code == 303, "the status of the answer to a form that is right"
    check_counts(found.opened, found.closed, least=1)
    cases = ((PLACE, 200, 1), ("/reads", 200, 1), ("/fails", 500, 1), ("/movies", 200, 0), ("/nothing", 404, 0))
    for path, status, least in cases:
        with probes.sqlite() as found:
            seen = trace(app, "GET", path)
        assert seen.code == status, "the status of a request that uses the database, or has a view that fails"
        check_counts(found.opened, found.closed, least=least)
    with probes.sqlite() as found:
        bad = send(trace, app, movie_id="0", stars="9")
    assert bad.code == 400, "the status of the answer to a form that is bad"
    check_counts(found.opened, found.closed)
    check_contexts(probes, trace, app, get_db, answers)
    for _ in range(OPEN_FILES + 6):
        seen = trace(app, "GET", PLACE)
        if seen.code != 200 or note not in read_page(seen.body).text:
            raise Finding("after many requests one more was not answered: no more files could be opened",
                          "each connection is an open file; who closes it?")  # fmt: skip
    check_export(probes, trace, app, films)


def twice(get_db: StudentObject) -> Callable[[], object]:
    """Return what asks for the connection of a request more than once, and uses it.

    All rows are fetched: a statement that is not at its end would keep its lock as long as this side knows it.
    """

    def first() -> None:
        get_db()
        (found,) = get_db().execute("SELECT 'x' AS name").fetchall()
        try:
            named = found["name"]
        except StudentError:
            named = None
        if named != "x":
            raise Finding("a row of a connection of get_db() could not be asked for a column by its name",
                          "what is the row_factory of a new connection?")  # fmt: skip
        (checked,) = get_db().execute("SELECT foreign_keys FROM pragma_foreign_keys").fetchall()
        if checked["foreign_keys"] != 1:
            raise Finding("foreign keys were not checked on a connection of get_db()",
                          "PRAGMA foreign_keys = ON is said to each connection; the file does not remember it")  # fmt: skip

    return first


def overlapping(trace: Tracer, app: App, get_db: StudentObject, answers: list[int | None]) -> Callable[[], object]:
    """Return what uses the connection of a request before and after another request."""

    def first() -> None:
        mine = get_db()
        answers.append(trace(app, "GET", "/reads").code)
        try:
            (row,) = mine.execute("SELECT 200 AS code").fetchall()
            answers.append(row["code"])
        except StudentError:
            raise Finding("a request could not use its connection any more after another one had come and gone in between",
                          "where does get_db() keep the connection: with the request, or with the thread?") from None  # fmt: skip

    return first


def check_contexts(probes: Probes, trace: Tracer, app: App, get_db: StudentObject, answers: list[int | None]) -> None:
    """Ask for connections outside of requests, and in a request that waits while another one comes and goes."""
    with probes.sqlite() as found:
        probes.in_app_context(app, get_db)
    check_counts(found.opened, found.closed, least=1)
    answers.clear()
    with probes.sqlite() as found:
        seen = trace(app, "GET", "/overlaps")
    assert [seen.code, *answers] == [200, 200, 200], "a request that comes while another one is answered: are both answered?"
    if found.opened != 2:
        raise Finding("two requests that overlapped did not have a connection each",
                      "where does get_db() keep the connection: with the request, or with the thread?")  # fmt: skip
    check_counts(found.opened, found.closed, most=2)


def check_counts(opened: int, closed: int, *, least: int = 0, most: int = 1) -> None:
    """Compare how many connections a request opened and closed."""
    if opened < least:
        raise Finding("a request used the database and opened no connection of its own with sqlite3.connect()",
                      "which connection does get_db() return? One that another request, or the module, has opened?")  # fmt: skip
    if closed < opened:
        raise LEFT_OPEN
    if opened > most:
        raise Finding("one request opened more than one connection",
                      "where does get_db() put the connection, and does it look there first?")  # fmt: skip


def check_export(probes: Probes, trace: Tracer, app: App, films: list[Film]) -> None:
    """Ask for the export in all the ways in which it may end."""
    for method, steps in (("GET", None), ("GET", 1), ("GET", 0), ("HEAD", None)):
        with probes.sqlite() as found:
            seen = trace(app, method, "/export.csv", stop_after=steps)
        assert seen.code == 200, "the status of the answer to a request for the export"
        check_counts(found.opened, found.closed, most=2)
        if method == "GET" and steps is None:
            text = seen.body.decode("utf-8", "replace")
            if not all(str(film["title_en"]) in text for film in films):
                raise Finding("the export did not have a line for each film",
                              "when are the chunks taken: before the request's connection is closed, or after?")  # fmt: skip


# -- threads


@mark.points(8, "robustness", rule="PEP 3333 (should): Thread Support", statement="threads")
def test_threads_two_requests(
    submission: Submission, make_app: AppMaker, probes: Probes, serve: Serve, rng: random.Random
) -> None:
    """requests in several threads all get their answers, and none sees what another one has not committed"""
    (film,) = some_films(rng, word_of(rng))
    app = make_app(catalog=[film])
    probes.flask_sql(app, SQL, submission.part("db").get_db)
    url = serve(app, "waitress")
    notes = [word_of(rng) for _ in range(3 * SPEAKERS)]
    with ThreadPoolExecutor(SPEAKERS) as pool:
        codes = list(pool.map(lambda note: post(url, film, note), notes))
    if codes != [303] * len(notes):
        raise Finding("forms were sent to waitress, several at a time, and not all of them were answered with 303",
                      "a connection belongs to the thread that opened it; in which thread was yours opened?")  # fmt: skip
    shown = " ".join(item.text for item in entries(get(url, PLACE).content))
    assert all(shown.count(note) == 1 for note in notes), "does the list have every entry, and each of them once?"
    check_isolation(url)
    assert post(url, film, "afterwards") == 303, "a form after a request that failed: is it taken?"


def get(url: str, path: str, *statements: str, **more: str) -> requests.Response:
    """Ask the server."""
    query = [("run", text) for text in statements] + list(more.items())
    with answered():
        return requests.get(f"{url}{path}", params=query, timeout=TIMEOUT)


def post(url: str, film: Film, note: str) -> int:
    """Send a form to the server, in a connection of its own."""
    form = {"movie_id": film["id"], "stars": 4, "note": note}
    with answered():
        return requests.post(f"{url}{PLACE}", data=form, allow_redirects=False, timeout=TIMEOUT).status_code


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Say of an answer that did not come what happened."""
    try:
        yield
    except requests.RequestException:
        raise Finding("a request to waitress got no answer",
                      "which lock or other request does it wait for? Does somebody end the process?") from None  # fmt: skip


def check_isolation(url: str) -> None:
    """Have one request write and wait, and look from another one; then the first one fails."""
    check_sql(get(url, SQL, "CREATE TABLE scratch (word TEXT)", commit="1"))
    for _ in range(ATTEMPTS):
        writer = threading.Thread(target=write_and_fail, args=(url,))
        writer.start()
        try:
            others, slowest = look(url, writer)
            listed = get(url, PLACE).status_code
        finally:
            get(url, SQL, go="1")
            writer.join()
        if others or slowest > LONG:
            break
    if not others:
        raise Finding("while one request had written and not committed, another one that only reads had to wait",
                      "does each request write something? Which lock does your kind of transaction take?")  # fmt: skip
    if others != [[0]]:
        raise Finding("a request saw what another one, in another thread, had written and not committed",
                      "do two threads share a connection? Then they share its transaction too")  # fmt: skip
    assert listed == 200, "the list, while another request has written and not committed: is it shown?"
    if check_sql(get(url, SQL, COUNT)) != [[0]]:
        raise Finding("a view failed after it had written, and what it had written was in the database afterwards",
                      "who has committed it? Another request on the same connection, or the end of the request")  # fmt: skip


def write_and_fail(url: str) -> None:
    """Write, and fail as soon as somebody says go, without a commit."""
    with contextlib.suppress(Finding):
        get(url, SQL, "INSERT INTO scratch VALUES ('x')", hold="1", raises="1")


def look(url: str, writer: threading.Thread) -> tuple[list[list[Any]], float]:
    """Count while another request has written and waits; return the rows, none if that never came to be, and the slowest look."""
    slowest = 0.0
    while writer.is_alive():
        begun = time.monotonic()
        seen = get(url, SQL, COUNT)
        found = check_sql(seen)
        slowest = max(slowest, time.monotonic() - begun)
        if seen.json()["held"]:
            return found, slowest
    return [], slowest


def check_sql(answer: requests.Response) -> list[list[Any]]:
    """Return the rows that a view of a probe came to."""
    if answer.status_code != 200:
        raise Finding("a view used the connection of get_db() in a thread of waitress, and its answer was not 200",
                      "in which thread was the connection opened that get_db() returns?")  # fmt: skip
    return list(answer.json()["rows"])


# -- failures


@mark.points(6, "robustness", statement="rollback")
def test_rollback_on_error(
    submission: Submission, make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random
) -> None:
    """what a view has written and not committed is gone when it raises, and the database is free again"""
    films = some_films(rng, word_of(rng))
    app = make_app(catalog=films, database="accounts.sqlite3")
    probes.flask_sql(app, SQL, submission.part("db").get_db)
    assert rows(ask(trace, app, "CREATE TABLE scratch (word TEXT)", "SELECT 1", commit="1")) == [[1]], "SQL in a view"
    failed = ask(trace, app, "INSERT INTO scratch VALUES ('lost')", raises="1")
    assert failed.code == 500, "the status of the answer when a view raises"
    if rows(ask(trace, app, "SELECT word FROM scratch")) or outside(submission):
        raise Finding("a view failed after it had written, and what it had written was in the database afterwards",
                      "who has committed it? Nobody must, but the code that wrote, when it is done")  # fmt: skip
    note = word_of(rng)
    seen = send(trace, app, movie_id=films[0]["id"], stars=2, note=note)
    assert seen.code == 303, "a form after a request that failed: is it taken?"
    ask(trace, app, "INSERT INTO scratch VALUES ('kept')", commit="1")
    if outside(submission) != ["kept"]:
        raise Finding("a view wrote and committed, and another program did not find it in the file",
                      "is the file that DATABASE names the one that you open?")  # fmt: skip
    shown = [item.text for item in entries(trace(app, "GET", PLACE).body)]
    assert len(shown) == 1, "the list after a request that failed: has it the entry of the next one?"
    assert note in shown[0], "the list after a request that failed: has it the entry of the next one?"


LOOK = """import json, sqlite3
print(json.dumps([word for word, in sqlite3.connect("accounts.sqlite3").execute("SELECT word FROM scratch")]))"""


def outside(submission: Submission) -> list[str]:
    """Return what another program finds in the file."""
    done = submission.run(["python", "-I", "-c", LOOK])
    if done.returncode:
        raise Finding("another program could not read the file that DATABASE names",
                      "is the file that DATABASE names the one that you open?")  # fmt: skip
    found: list[str] = json.loads(done.stdout)
    return found


# -- the validator


@declares(ValueError)
def number(text: str | None) -> int:
    """Take a number."""
    if text is None or not re.fullmatch("[0-9]{1,3}", text):
        raise ValueError(f"no number: {text}")
    return int(text)


def as_sent(text: str | None) -> list[str | None]:
    """Take everything."""
    return [text]


def nothing(text: str | None) -> None:
    """Take everything, and make nothing of it."""


@declares(ValueError)
def never(text: str | None) -> int:
    """Take nothing."""
    raise ValueError("never")


FORMS: tuple[tuple[dict[str, str], dict[str, Any], dict[str, Any], dict[str, str]], ...] = (
    ({"a": "1", "b": "x"}, {"a": number, "b": as_sent}, {"a": 1, "b": ["x"]}, {}),
    ({"a": "0", "b": ""}, {"a": number, "b": as_sent}, {"a": 0, "b": [""]}, {}),
    ({}, {"a": number, "b": as_sent}, {"b": [None]}, {"a": "no number: None"}),
    ({"a": "x", "b": "y"}, {"a": number, "b": number}, {}, {"a": "no number: x", "b": "no number: y"}),
    ({"b": " 影 ", "a": "7", "z": "1"}, {"a": never, "b": as_sent, "c": nothing}, {"b": [" 影 "], "c": None}, {"a": "never"}),
    ({"a": "1"}, {}, {}, {}),
)  # fmt: skip
"""What is sent, the rules, the good values, the errors."""


@mark.points(6, "correctness", statement="validate")
def test_validator_table(submission: Submission) -> None:
    """each rule is asked once, gets the raw text or None, and decides: a value in the one dict, a message in the other"""
    validate = submission.part("forms").validate
    for data, rules, good, bad in FORMS:
        asked: list[tuple[str, str | None]] = []
        said = validate(dict(data), {name: noting(name, rule, asked) for name, rule in rules.items()})
        if type(said) not in (tuple, list) or len(said) != 2 or not all(type(part) is dict for part in said):
            raise Finding("validate() did not return two dicts", "the last line of validate(): both of them")
        if sorted(asked) != sorted((name, data.get(name)) for name in rules):
            raise Finding("not each rule was called once, with the text as it was sent, or with None if there was none",
                          "data.get(name) is what a rule gets, also after another rule has refused")  # fmt: skip
        clean, errors = said
        if set(clean) & set(errors) or set(clean) != set(good):
            raise Finding("a field was among the good ones and should not have been, or was missing there",
                          "a field is good if its rule returns, whatever it returns; what has no rule is ignored")  # fmt: skip
        assert clean == good, "the value of a good field: is it what its rule returned?"
        if set(errors) != set(bad):
            raise Finding("a field was among the bad ones and should not have been, or was missing there",
                          "a field is bad if its rule raises ValueError; all of them are reported")  # fmt: skip
        assert errors == bad, "the message for a bad field: is it the text of the ValueError?"


def noting(name: str, rule: Any, asked: list[tuple[str, str | None]]) -> Any:  # noqa: ANN401 - functions
    """Return a rule that notes what it is called with."""

    @declares(ValueError)
    def noted(text: str | None) -> object:
        asked.append((name, text))
        return rule(text)

    return noted


# -- the token of a form


KEY = "the key of one app in a test"


@mark.points(4, "robustness", statement="csrf")
def test_csrf(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """with CSRF only a form with the token of its own session is taken, and any other one is refused with 403"""
    film, note = some_films(rng, word_of(rng))[0], word_of(rng)
    off = Client(make_app(catalog=[film]))
    assert form(off, film, note) == 303, "without the setting CSRF: is a form without a token taken?"
    app = make_app(catalog=[film], csrf=True, secret_key=KEY)
    mine, other, stranger = Client(app), Client(app), Client(app)
    foreign = token_of(other)
    for sent in ({}, {"csrf": ""}, {"csrf": "None"}, {"csrf": foreign}):
        refused(form(stranger, film, "s", **sent))
    for make_wrong in (lambda _: "", lambda right: right + "x", lambda right: right[:-1], lambda _: foreign, lambda _: "影",
                       lambda right: f"影{right}"):  # fmt: skip
        refused(form(mine, film, "m", csrf=make_wrong(token_of(mine))))
    token_of(mine)
    refused(form(mine, film, "m"))
    right = token_of(mine)
    if session_of(mine).get("csrf") != right:
        raise Finding('the token on the page was not the one in session["csrf"]', "which of the two do you compare with?")
    assert form(mine, film, "x" * 201, csrf=right) == 400, "a bad form with the right token: is it answered with 400?"
    assert form(mine, film, note, csrf=token_of(mine)) == 303, "a good form with the right token: is it taken?"
    shown = [item.text for item in entries(mine.get(PLACE).data)]
    assert len(shown) == 1, "a form that is refused: what does it add to the list?"
    assert note in shown[0], "a good form with the right token: does it add its entry?"
    for kind, length, status in (("text/plain", "65537", 415), (FORM, "65537", 413), (FORM, "0", 403)):
        seen = trace(app, "POST", PLACE, environ={"CONTENT_TYPE": kind, "CONTENT_LENGTH": length}, input_ends=True)
        assert seen.code == status, "without a token: media type and length are looked at first, the fields last"


def form(client: Client, film: Film, note: str, **more: str) -> int:
    """Send a form and return the status of the answer."""
    return client.post(PLACE, data={"movie_id": film["id"], "stars": 5, "note": note, **more}).status_code


def token_of(client: Client) -> str:
    """Return the token on the page of the list."""
    answer = client.get(PLACE)
    assert answer.status_code == 200, "GET /watchlist: is the list shown with status 200?"
    fields = [field.attributes for field in read_page(answer.data).all("input")]
    found = [field.get("value", "") for field in fields if field.get("name") == "csrf" and field.get("type") == "hidden"]
    if len(found) != 1 or not found[0]:
        raise Finding("with CSRF the page of the list had no hidden field csrf with a token in it, or more than one",
                      "the form on the page carries the token, so that the browser sends it back")  # fmt: skip
    return found[0]


def refused(code: int) -> None:
    """Ask for 403."""
    if code == 303:
        raise Finding("a form without the token of its session was taken",
                      "without a token None == None; one of another session is none; is all of it compared?")  # fmt: skip
    if code >= 500:
        raise Finding("a form with a wrong token was answered with a status from 500 on",
                      "what does compare_digest() take? Text in ASCII, or bytes")  # fmt: skip
    assert code == 403, "the status of the answer to a form without the right token: 403"


def session_of(client: Client) -> Mapping[str, Any]:
    """Return what is in the session of a visitor, whose cookie is signed with the key of the app."""
    cookie = client.get_cookie("session")
    reader = Flask("reader")
    reader.secret_key = KEY
    serializer: Any = SecureCookieSessionInterface().get_signing_serializer(reader)
    assert cookie is not None, "is there a cookie with the session?"
    try:
        found: Mapping[str, Any] = serializer.loads(cookie.decoded_value)
    except Exception:  # noqa: BLE001 - whatever is wrong with the cookie
        raise Finding("the session was not signed with the SECRET_KEY of the config",
                      "which is set last, the config or a value of your own?") from None  # fmt: skip
    return found


# -- the extension


@mark.points(6, "design", statement="watchstats")
def test_extension_two_apps(
    submission: Submission, make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random
) -> None:
    """each app is counted for itself, whichever WatchStats is asked, and an app without a database too"""
    (film,) = some_films(rng, word_of(rng))
    one, other = make_app(catalog=[film]), make_app(catalog=[film])
    stats = submission.part("ext").WatchStats()
    check_stats(probes, one, stats, 0, 0)
    for path in (PLACE, "/movies", "/nothing"):
        trace(one, "GET", path)
    assert send(trace, one, movie_id=film["id"], stars=1).code == 303, "a form that is right: is it taken?"
    assert send(trace, one, movie_id="0", stars="9").code == 400, "a bad form: is it refused?"
    trace(other, "GET", "/movies")
    check_stats(probes, one, stats, 5, 1)
    check_stats(probes, other, stats, 1, 0)
    bare, second = probes.bare_flask(), probes.bare_flask()
    for app in (bare, second):
        stats.init_app(app)
        probes.flask_view(app, "/hello", raises="", message="hello")
    check_stats(probes, second, stats, 0, 0)
    for _ in range(3):
        assert trace(bare, "GET", "/hello").body == b"hello", "an app with nothing but WatchStats: does it answer?"
    check_stats(probes, bare, stats, 3, 0)
    check_stats(probes, second, stats, 0, 0)
    third = probes.bare_flask()
    probes.flask_view(third, "/hello", raises="", message="hello")
    begun = submission.part("ext").WatchStats(third)
    trace(third, "GET", "/hello")
    check_stats(probes, third, begun, 1, 0)
    check_stats(probes, one, begun, 5, 1)


def check_stats(probes: Probes, app: object, stats: StudentObject, count: int, added: int) -> None:
    """Ask for the counts of an app."""
    said = probes.in_app_context(app, stats.current)
    if type(said) is not dict or any(type(said.get(name)) is not int for name in ("requests", "added")):
        raise Finding("current() did not return a dict with the numbers requests and added",
                      "what does current() return inside an application context?")  # fmt: skip
    if said["requests"] != count:
        raise Finding("an app was counted with another number of requests than it had answered",
                      "where do the numbers stand: on the extension, or with the app? Does a 404 count?")  # fmt: skip
    if said["added"] != added:
        raise Finding("an app was counted with another number of entries than were added to its list",
                      "which answers count as an entry, and of which app?")  # fmt: skip


# -- secrets


@mark.points(4, "robustness", statement="required")
def test_no_secret_in_source(submission: Submission, trace: Tracer, rng: random.Random) -> None:
    """without a key no app is made, and for a test it is one that nobody can know"""
    films = some_films(rng, word_of(rng))
    complete = {"SECRET_KEY": word_of(rng), "DATABASE": "complete.sqlite3", "CATALOG": films}
    whole = App(submission.create_app(dict(complete)), trace.recorder)
    assert trace(whole, "GET", PLACE).code == 200, "an app with all that it needs: does it answer?"
    for key in ("SECRET_KEY", "DATABASE"):
        check_missing(submission, {name: value for name, value in complete.items() if name != key}, key)
    check_missing(submission, {}, "SECRET_KEY")
    done = submission.run(["python", "-m", "flask", "--app", "watchlist", "init-db"], env={"FLASK_DATABASE": "no.sqlite3"})
    if not done.returncode or b"SECRET_KEY" not in done.stdout + done.stderr:
        raise Finding("flask init-db was run without a SECRET_KEY, and did not fail with a message that names it",
                      "where could a key come from that nobody has given?")  # fmt: skip
    config = {"TESTING": True, "CSRF": True, "CATALOG": films}
    made = [process.create_app(dict(config)) for process in (submission, submission.fresh())]
    mine, other = (Client(App(app, trace.recorder)) for app in made)
    token = token_of(mine)
    assert token_of(other), "under TESTING: does an app without a key and without a file work?"
    cookie = mine.get_cookie("session")
    assert cookie is not None, "is there a cookie with the session?"
    other.set_cookie("session", cookie.value)
    assert form(mine, films[0], "mine", csrf=token) == 303, "under TESTING: is a form with the right token taken?"
    if form(other, films[0], "other", csrf=token) != 403:
        raise Finding("a session that one process has signed was good in another one, so the key stands in your files",
                      "whoever reads the file can forge what is signed with it; where else can a secret come from?")  # fmt: skip


def check_missing(submission: Submission, config: dict[str, Any], key: str) -> None:
    """Make an app without a setting that it needs."""
    try:
        submission.create_app(config)
    except StudentError as error:
        if key in error.text:
            return
        raise Finding("an app without a setting that it needs was refused, and the error did not name the setting",
                      "what does whoever starts the app read? Raise an error with the name of the key") from None  # fmt: skip
    raise Finding("an app was made without a SECRET_KEY, or without a DATABASE, although TESTING was off",
                  "Flask has SECRET_KEY in its config from the beginning, as None; is that a key?")  # fmt: skip
