"""D2, hidden: what templates, hooks and the middleware have to do with each other.

Pages and headers are looked at from outside. Where a test asks the app itself, what it says is testimony: it adds to what was
seen from outside, or the test is about design or robustness.
"""

import random
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from pytest import mark

from grader.testing import Finding, Probes, StudentError, StudentObject, Submission, Tracer, Unsuited, public
from grader.testing.app import App, AppMaker
from grader.testing.content import read_page
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-c93f60ad-d2"
GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME, KEY = "X-Request-ID", "yingdan.request_id"

Film = dict[str, int | str]


def send(
    trace: Tracer, app: App, fields: Mapping[str, object], before_read: Callable[[], object] | None = None
) -> Trace:  # fmt: skip
    """Send a form to the list, as a browser does."""
    form = urlencode(fields).encode()
    return trace(app, "POST", "/watchlist", body=form, before_read=before_read, input_ends=True,
                 headers={"Content-Type": "application/x-www-form-urlencoded"},
                 environ={"CONTENT_LENGTH": str(len(form))})  # fmt: skip


# -- templates


HARMLESS = str.maketrans("<>\"'&={}", "()*+^:[]")
TITLES = '"><zq>甲', "乙' zq='1' <zq>"
FILM = {"title_zh": TITLES[0], "title_en": TITLES[1], "year": 1988, "director": "&lt;丙&gt; &amp; </dd><zq a=1>"}
SEARCHES = "<zq>", '"><zq a="', "' zq='1'", "甲 zq=1 乙", "</title></h1><zq>", "&lt;zq&gt; &amp;amp;"
NOTE = "<zq>丁</zq> & \"' &lt;"


@mark.points(10, "robustness", statement="escaping")
def test_autoescape_everywhere(make_app: AppMaker, trace: Tracer) -> None:
    """text of films and of visitors is shown letter by letter, on every page that has a template, and never becomes HTML"""
    pages, twins = Pages(make_app, trace, str), Pages(make_app, trace, lambda text: text.translate(HARMLESS))
    for page, path, query, shown in (
        ("/movies", "/movies", "", TITLES), ("/movies/ID", "/movies/5", "", tuple(FILM.values())),
        *(("/search", "/search", text, (text,)) for text in SEARCHES),
        ("/search", "/search", TITLES[1], TITLES), ("/watchlist", "/watchlist", "", (NOTE,)),
        *(("404", f"/nothing/{text}", "", ()) for text in SEARCHES[1:5]),
        ("404", f"/movies/{SEARCHES[0]}", "", ()),
    ):  # fmt: skip
        compare(page, pages.ask(path, query), twins.ask(path, query), shown)
    wrong = {"movie_id": f"5{TITLES[0]}", "stars": f"1{TITLES[1]}", "note": NOTE * 20}
    compare("400", pages.send(wrong), twins.send(wrong), ())


class Pages:
    """The pages of an app whose films and visitors write in a certain way."""

    def __init__(self, make_app: AppMaker, trace: Tracer, written: Callable[[str], str]) -> None:
        self.trace = trace
        self.written = written
        words = {key: written(value) if isinstance(value, str) else value for key, value in FILM.items()}
        self.app = make_app(catalog=[{"id": 5, **words}])
        taken = self.send({"movie_id": "5", "stars": "4", "note": NOTE})
        assert taken.code == 303, "is a form taken whose note has characters of HTML in it?"

    def ask(self, path: str, query: str) -> Trace:
        """Ask for a page."""
        return self.trace(self.app, "GET", self.written(path), query=f"q={quote(self.written(query))}" if query else "")

    def send(self, fields: dict[str, str]) -> Trace:
        """Send a form."""
        return send(self.trace, self.app, {name: self.written(text) for name, text in fields.items()})


def compare(page: str, hostile: Trace, harmless: Trace, shown: tuple[object, ...]) -> None:
    """Check that a page has the elements of its harmless twin, and shows the texts as they are."""
    expected = 200 if page.startswith("/") else int(page)
    if hostile.code != expected or harmless.code != expected:
        raise Finding("{page} had another status than it should, when there were characters of HTML in a text",
                      "which view answers, and which template does it render?", page=public(page))  # fmt: skip
    seen = read_page(hostile.body)
    if seen.structure != read_page(harmless.body).structure:
        raise Finding("on {page} characters of a text became a tag or an attribute",
                      "is this page made from a template whose name Flask escapes for? What do |safe, Markup() and missing "
                      "quotes around an attribute do?", page=public(page))  # fmt: skip
    if not all(str(text) in seen.text for text in shown):
        raise Finding("on {page} a text with characters of HTML was not shown letter by letter",
                      "how often is the text escaped on its way into the page? The template does it already",
                      page=public(page))  # fmt: skip


EVALUATED = Finding("an expression of a visitor's was evaluated by Jinja, and the result stood on the page",
                    "which text does Jinja read as a template: a file of yours, or something that a visitor wrote?")  # fmt: skip
CHANGED = Finding("a text with braces was not shown letter by letter, or the page failed",
                  "which text does Jinja read as a template: a file of yours, or something that a visitor wrote?")  # fmt: skip
BRACES = "{{", "{% if %}", "{{ config }}", "{# nobody #}", "{{ request.application }}", "{{ nothing.at.all }}", "}}"


@mark.points(6, "robustness", statement="injection")
def test_no_template_injection(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """what a visitor writes is never read as a template"""
    one, other = rng.sample(range(10_000, 100_000), 2)
    formula, result = f"{{{{{one}*{other}}}}}", str(one * other).encode()
    app = make_app(catalog=[{**FILM, "id": 3, "title_zh": formula, "title_en": "{{ x"}])
    note = f"{formula} {{% x"
    taken = send(trace, app, {"movie_id": 3, "stars": 2, "note": note})
    assert taken.code == 303, "is a form taken whose note has braces in it?"
    for text in (formula, *BRACES):
        seen = trace(app, "GET", "/search", query=f"q={quote(text)}")
        if result in seen.body:
            raise EVALUATED
        if seen.code != 200 or not any(text in heading.text for heading in read_page(seen.body).all("h1")):
            raise CHANGED
    for path, shown in (("/movies/3", formula), ("/movies", "{{ x"), ("/watchlist", note)):
        seen = trace(app, "GET", path)
        if result in seen.body:
            raise EVALUATED
        if seen.code != 200 or shown not in read_page(seen.body).text:
            raise CHANGED
    for text in (formula, *BRACES):
        seen = trace(app, "GET", f"/{text}")
        if result in seen.body:
            raise EVALUATED
        assert seen.code == 404, "does the page of an error make a template of the path?"


# -- the app


@mark.points(8, "design", statement="flask-object")
def test_app_object_still_flask(make_app: AppMaker, app: App, probes: Probes, trace: Tracer) -> None:
    """create_app returns the Flask app itself: its own client and url_for work, and the middleware is behind them"""
    made = make_app(server_name="films.example")
    for place in (made, app):
        flask_app = flask_app_of(probes, place)
        assert trace(place, "GET", "/movies/1").code == 200, "is film 1 found?"
        answer = flask_app.test_client().get("/movies/1")
        assert answer.status_code == 200, "does the app's own test_client() find film 1?"
        if GOOD_ID.fullmatch(str(answer.headers.get(NAME))) is None:
            raise Finding("an answer had no id when it was asked for by the app's own test_client()",
                          "what does test_client() call, and what is around that? Flask has a door for middleware")  # fmt: skip
    other = make_app(server_name="films.example")
    probes.flask_view(other, "/added", raises="", message="added")
    address = probes.in_app_context(other, flask_app_of(probes, other).url_for, "added /added")
    assert str(address).endswith("//films.example/added"), "does url_for know the views that are added to your app?"
    assert trace(other, "GET", "/added").body == b"added", "is a view that is added to the app called?"


def flask_app_of(probes: Probes, app: App) -> StudentObject:
    """Return the Flask app, which this time there has to be."""
    try:
        return probes.flask_app(app)
    except Unsuited:
        raise Finding("where the Flask app should be there was an object of another kind",
                      "which name do you bind to the wrapped application? Flask has a door for middleware") from None  # fmt: skip


LONELY = Finding("flask.g held no id while a view was running",
                 "who puts the id into g.request_id, and before which views? The one here is in no blueprint")  # fmt: skip
TWO_IDS = Finding("the id in flask.g was not the one in the header of the answer",
                  "where does g.request_id come from? The middleware has chosen already, and says where to find it")  # fmt: skip
UNLOGGED = Finding("a request was answered, and no record of app.logger had its id in the message",
                   "for which requests is the function called that logs, and is it app.logger that it logs on?")  # fmt: skip


@mark.points(8, "correctness", statement="request-id")
def test_id_same_in_g_header_log(make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random) -> None:
    """each request has one id: in the header of its answer, in flask.g and in the log"""
    app = make_app()
    probes.flask_view(app, "/told", raises="", tells="g.request_id")
    incoming = [f"film-{rng.getrandbits(64):x}" for _ in range(2)]
    inner: list[Trace] = []
    with probes.flask_log(app) as log:
        told = [asked(trace, app, "/told", given) for given in (incoming[0], "", "two words")]
        others = [trace(app, "GET", path) for path in ("/movies", "/api/movies/1", "/nothing", "/api/movies/0")]
        outer = send(trace, app, {"movie_id": 1, "stars": 5, "note": ""},
                     lambda: inner.append(asked(trace, app, "/told", incoming[1])))  # fmt: skip
    assert told[0].code == 200, "is a view that is added to the app called?"
    assert [seen.code for seen in (*others[:2], outer)] == [200, 200, 303], (
        "do a page, a film and a form get their answers?"
    )
    assert told[0].header(NAME) == incoming[0], "a good id that came with a request: is it the one of the answer?"
    ids = [seen.header(NAME) or "" for seen in (*told, *others, *inner, outer)]
    assert all(GOOD_ID.fullmatch(one) for one in ids), "do all answers carry an id?"
    assert len(set(ids)) == len(ids), "do two requests have the same id?"
    for seen in (*told, *inner):
        if not seen.body:
            raise LONELY
        if seen.body.decode("utf-8", "replace") != seen.header(NAME):
            raise TWO_IDS
    if not all(any(one in message for _, message in log.records) for one in ids):
        raise UNLOGGED


def asked(trace: Tracer, app: App, path: str, given: str = "", method: str = "GET") -> Trace:
    """Ask for a page, with an id or without."""
    return trace(app, method, path, headers={NAME: given} if given else {})


def sort_of(method: str, path: str, status: int) -> str:
    """Return words for a kind of answer, such as ``GET /api/… 404``."""
    return f"{method} {'/api/…' if path.startswith('/api/') else '/…'} {status}"


# -- hooks


ANSWERS = (
    ("GET", "/movies", 200), ("GET", "/api/movies/1", 200), ("GET", "/export.csv", 200), ("GET", "/nothing", 404),
    ("GET", "/api/nothing", 404), ("GET", "/movies/0", 404), ("DELETE", "/movies", 405), ("DELETE", "/api/movies/1", 405),
    ("GET", "/api/movies?page=x", 400), ("POST", "/watchlist", 303), ("PUT", "/watchlist", 405), ("GET", "/fails", 500),
    ("GET", "/api/fails", 500),
)  # fmt: skip


@mark.points(6, "correctness", statement="after-request")
def test_after_request_on_404_and_500(make_app: AppMaker, probes: Probes, trace: Tracer) -> None:
    """every answer says how long it took, those for unknown paths and for views that fail among them"""
    app = make_app(propagate_exceptions=False)
    for _, place, status in ANSWERS:
        if status == 500:
            probes.flask_view(app, place, raises="ZeroDivisionError")
    for method, place, status in ANSWERS:
        path, _, query = place.partition("?")
        if method == "POST":
            seen = send(trace, app, {"movie_id": 1, "stars": 5, "note": ""})
        else:
            seen = trace(app, method, path, query=query)
        if seen.code != status:
            raise Finding("an answer had another status than it should: {answer}",
                          "which function of yours answers, and does it keep the status of the error?",
                          answer=public(sort_of(method, path, status)))  # fmt: skip
        if not (seen.header("Server-Timing") or seen.header("X-Elapsed-Ms")):
            raise Finding("an answer had neither Server-Timing nor X-Elapsed-Ms: {answer}",
                          "on what do you hang the function: on the app, or on a blueprint? Whose are these answers?",
                          answer=public(sort_of(method, path, status)))  # fmt: skip


NO_NUMBER = Finding("app.extensions had no number of finished requests",
                    "what does create_app put into app.extensions, under which names? The number is an int")  # fmt: skip
COUNTED = (
    ("GET", "/movies", 200), ("GET", "/api/movies/1", 200), ("GET", "/nothing", 404), ("DELETE", "/movies", 405),
    ("HEAD", "/movies", 200), ("GET", "/fails", 500),
)  # fmt: skip


@mark.points(6, "robustness", statement="finished")
def test_teardown_even_on_error(
    make_app: AppMaker, submission: Submission, probes: Probes, trace: Tracer, rng: random.Random
) -> None:
    """every request is counted once, whatever became of it, by the app that it went to and by no other one"""
    app, other, strict = make_app(propagate_exceptions=False), make_app(), make_app(testing=True)
    for one in (app, strict):
        probes.flask_view(one, "/fails", raises="ZeroDivisionError")
    unseen, count = finished(probes, other), finished(probes, app)
    for method, path, status in rng.sample(COUNTED, len(COUNTED)):
        assert trace(app, method, path).code == status, "do pages and errors get their answers?"
        now = finished(probes, app)
        if now != count + 1:
            raise Finding("a request was not counted once: {answer}",
                          "which of the hooks is called for every request, and once?",
                          answer=public(sort_of(method, path, status)))  # fmt: skip
        count = now
    during: list[int] = []
    taken = send(trace, app, {"movie_id": 1, "stars": 5, "note": ""}, lambda: during.append(finished(probes, app)))
    assert taken.code == 303, "is a form taken?"
    if during != [count]:
        raise Finding("a request was counted while it was still being answered",
                      "at which moment of a request is the function called that counts?")  # fmt: skip
    assert trace(app, "GET", "/export.csv").code == 200, "is there an export?"
    assert finished(probes, app) > count, "is a request for the export counted when it is over?"
    before = finished(probes, strict)
    assert trace(strict, "GET", "/movies/1").code == 200, "is film 1 found?"
    fail(trace, strict)
    if finished(probes, strict) != before + 2:
        raise Finding("a view failed, its exception went on to the server, and the request was not counted once",
                      "which of the hooks is called also if nobody makes an answer of the exception?")  # fmt: skip
    probes.in_app_context(other, submission.create_app)
    if finished(probes, other) != unseen:
        raise Finding("an app counted although it had no request of its own",
                      "where does the number live, and is it requests that are counted? A command has a context too")  # fmt: skip


def fail(trace: Tracer, app: App) -> None:
    """Ask for a view that fails; its exception may go through to the server."""
    try:
        trace(app, "GET", "/fails")
    except StudentError as error:
        if error.type != "ZeroDivisionError":
            raise


def finished(probes: Probes, app: App) -> int:
    """Return how many requests an app says that it has seen."""
    state = probes.flask_app(app).extensions
    try:
        number: object = state["watchlist"]["finished"]
    except (KeyError, TypeError, StudentError):
        raise NO_NUMBER from None
    if type(number) is not int:
        raise NO_NUMBER
    return number


OUTSIDE = (
    ("GET", "/movies", 200), ("GET", "/nothing", 404), ("GET", "/api/nothing", 404), ("DELETE", "/movies", 405),
    ("HEAD", "/movies", 200), ("GET", "/fails", 500),
)  # fmt: skip


@mark.points(4, "design", statement="stack")
def test_stack_order(make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random) -> None:
    """the id is chosen before Flask begins, and every answer that Flask makes leaves with it"""
    app = make_app(propagate_exceptions=False)
    probes.flask_view(app, "/fails", raises="ZeroDivisionError")
    probes.flask_view(app, "/told", raises="", tells=f"environ.{KEY}")
    for method, path, status in OUTSIDE:
        given = f"{rng.getrandbits(48):x}"
        seen = asked(trace, app, path, given, method)
        assert seen.code == status, "the status of a page, and of what Flask itself refuses"
        if seen.all_headers(NAME) != [given]:
            raise Finding("an answer did not have the id of the request, once: {answer}",
                          "what is around what: does every answer of Flask's pass through your middleware?",
                          answer=public(sort_of(method, path, status)))  # fmt: skip
    seen = trace(app, "GET", "/told")
    assert seen.code == 200, "is a view that is added to the app called?"
    if not seen.body or seen.body.decode("utf-8", "replace") != seen.header(NAME):
        raise Finding("a view did not find the id of its answer in the environ",
                      "who chooses the id? The middleware of B1 does, before Flask sees the request")  # fmt: skip
