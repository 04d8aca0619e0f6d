"""D1, hidden: what a framework adds to the promises of part A, whose hidden tests are run again on the port.

All but the last test look at answers only, so that any WSGI callable may pass them. The last one adds a view, which takes a
Flask app; and a secret is judged by whether two processes have the same one.
"""

import random
from urllib.parse import urlencode

from pytest import mark

from grader.testing import App, Finding, Probes, StudentError, StudentObject, Submission, Tracer
from grader.testing.app import AppMaker
from grader.testing.content import media_type, read_json, read_page, same_data, target
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-7be04d15-d1"
SITE = "http://films.example"

Film = dict[str, int | str]


# -- links


OUT = Finding("the app was mounted below a prefix, and a link or a form on one of its pages led out of it",
              "which addresses does url_for() make, and which stand there by hand? Forms and error pages count too")  # fmt: skip
ELSEWHERE = Finding("one app was mounted at two places, and a link led from one of them to the other",
                    "when is the address of a link made: anew in each request, or once for all of them?")  # fmt: skip
PAGES = ("/movies", "/movies/1", "/", "/search", "/watchlist", "/nothing", "/movies/987654")


@mark.points(6, "design", statement="under-mount")
def test_uses_url_for_under_mount(make_app: AppMaker, trace: Tracer) -> None:
    """no page has a link or a form that leads out of the app, also when one app is mounted at several places"""
    app = make_app()
    for path in PAGES:
        begun = [(mount, trace.start(app, "GET", path, environ={"SCRIPT_NAME": mount})) for mount in ("/one", "/two")]
        for mount, seen in begun:
            seen.finish().close()
            assert seen.code == (404 if path in PAGES[5:] else 200), "the status of a page below a prefix"
            targets = links(seen, f"{SITE}{mount}{path}")
            if path == "/":
                assert targets, "is there a link to the list of films?"
            for place in targets:
                if not inside(place, mount):
                    raise ELSEWHERE if any(inside(place, other) for other, _ in begun) else OUT


def links(seen: Trace, url: str) -> list[str]:
    """Return where the links and the forms of a page lead, without those to other sites."""
    page = read_page(seen.body)
    targets = [page.target(link, url) for link in page.all("a") if "href" in link.attributes]
    targets += [target(form.attributes["action"], url) for form in page.all("form") if form.attributes.get("action")]
    return [place for place in targets if place.startswith(f"{SITE}/")]


def inside(place: str, mount: str) -> bool:
    """Tell whether an address is one of the app that is mounted at a prefix."""
    return f"{place}/".startswith(f"{SITE}{mount}/")


# -- apps


@mark.points(6, "design", statement="isolated")
def test_factory_isolated(make_app: AppMaker, app: App, trace: Tracer, rng: random.Random) -> None:
    """an app that has answered requests stays as it is when create_app makes others"""
    films = some_films(rng, 6)
    apps = []
    for own in (films[:2], films[2:3], films[3:]):
        apps.append((make_app(catalog=own), own))
        assert shows(trace(apps[-1][0], "GET", "/movies"), own), "does the app show the films of its CATALOG?"
        for made, expected in apps[:-1]:
            if not shows(trace(made, "GET", "/movies"), expected):
                raise Finding("after another app was made, an app did not show the films of its own config",
                              "what is made once for the module, and what in each call of create_app?")  # fmt: skip
    (first, mine), (_, foreign), *_ = apps
    for place in ("/movies/", "/api/movies/"):
        assert trace(first, "GET", f"{place}{mine[0]['id']}").code == 200, "does an app still find its own films?"
        assert trace(first, "GET", f"{place}{foreign[0]['id']}").code == 404, (
            "does an app find the films of another one?"
        )
    add(trace, first, mine[0])
    for made, _ in apps[1:]:
        if shown(trace(made, "GET", "/watchlist")):
            raise Finding("an entry was added in one app, and it stood in the list of another one",
                          "what is made once for the module, and what in each call of create_app?")  # fmt: skip
    assert len(shown(trace(app, "GET", "/movies"))) == 12, "does application still show the built-in films?"


def add(trace: Tracer, app: App, film: Film) -> None:
    """Add an entry for a film, as a browser does."""
    form = urlencode({"movie_id": film["id"], "stars": 3, "note": ""}).encode()
    headers, environ = {"Content-Type": "application/x-www-form-urlencoded"}, {"CONTENT_LENGTH": str(len(form))}
    trace(app, "POST", "/watchlist", body=form, headers=headers, environ=environ, input_ends=True)
    assert shown(trace(app, "GET", "/watchlist")) == [str(film["id"])], "does the list have the entry that was added?"


def shown(seen: Trace) -> list[str]:
    """Return the ids of the films in a list."""
    return [item.attributes["data-id"] for item in read_page(seen.body).having("data-id")]


def shows(seen: Trace, films: list[Film]) -> bool:
    """Tell whether a list shows these films."""
    return shown(seen) == [str(film["id"]) for film in films]


def some_films(rng: random.Random, count: int) -> list[Film]:
    """Make films whose ids are none of the built-in ones."""
    return [
        {"id": number, "title_zh": f"影片{number}", "title_en": f"Film No. {number}", "year": 1900 + number % 100,
         "director": LEAK_MARKER}
        for number in rng.sample(range(100, 1000), count)
    ]  # fmt: skip


# -- numbers


PAGE_INSTEAD = Finding("an error below /api/ was not JSON",
                       "which function of yours is called when no route fits, or the method does not?")  # fmt: skip
DEFAULT = Finding("a parameter that is no number was answered as if it had not been sent",
                  "what does request.args.get() return when type raises? Ask yourself what was sent, and refuse it")  # fmt: skip
FAILED = Finding("a parameter that is no number was answered with a status from 500 on",
                 "what does int() do with such a text, and who hears of it?")  # fmt: skip
NO_NUMBERS = ("abc", "", "-1", "1.5", "2x", "1e1", "None", "%20", "0x2", "%C2%B2")
OUT_OF_RANGE = ("page=0", "per_page=0", "per_page=101")


@mark.points(4, "correctness", statement="bad-number")
def test_bad_number_is_400_not_default(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """a page, per_page or year that is no number is refused with 400 in JSON, and no default takes its place"""
    films = some_films(rng, 12)
    app = make_app(catalog=films)
    good = ("", films[:10]), ("page=2", films[10:]), ("per_page=3", films[:3]), ("page=2&page=x", films[10:])
    for query, expected in good:
        seen = trace(app, "GET", "/api/movies", query=query)
        assert seen.code == 200, "are good numbers taken, and is the first value the one that counts?"
        said = read_json(seen.body)
        assert isinstance(said, dict), "what does /api/movies return?"
        assert same_data(said.get("items"), expected), "which films are on the page that was asked for?"
    for query in (*(f"{name}={text}" for name in ("page", "per_page", "year") for text in NO_NUMBERS), *OUT_OF_RANGE):
        seen = trace(app, "GET", "/api/movies", query=query)
        if seen.code == 200:
            raise DEFAULT
        if not seen.code or seen.code >= 500:
            raise FAILED
        assert seen.code == 400, "the status of the answer to a bad number"
        if media_type(seen.header("Content-Type"))[0] != "application/json":
            raise PAGE_INSTEAD


# -- errors


NO_OBJECT = Finding("an error below /api/ was JSON, but not an object with the key error",
                    "what does the function that answers errors return?")  # fmt: skip
JSON_INSTEAD = Finding("an error outside of /api/ was not a page",
                       "by what does the function that answers errors see where it is? By the beginning of the path")  # fmt: skip
REFUSED = (
    ("GET", "", "/api/movies/987654", 404), ("GET", "", "/api/zzz", 404), ("GET", "", "/api/movies/1/cast", 404),
    ("PUT", "", "/api/zzz", 404), ("DELETE", "", "/api/movies/1", 405), ("GET", "", "/api/\xe7\x94", 404),
    ("GET", "/films", "/api/zzz", 404), ("GET", "", "/apiary", 404), ("GET", "", "/old/api/movies", 404),
    ("GET", "/api", "/zzz", 404), ("POST", "/api", "/movies", 405),
    ("POST", "", "/api/titles/x", 405), ("PUT", "", "/watchlist", 405),
)  # fmt: skip
"""Method, SCRIPT_NAME, PATH_INFO, status."""


@mark.points(6, "correctness", statement="api-errors")
def test_api_errors_are_json(make_app: AppMaker, trace: Tracer) -> None:
    """every error below /api/ is JSON, whichever part of the app found it, and every other error is a page"""
    app = make_app()
    assert trace(app, "GET", "/api/movies/1").code == 200, "is film 1 found below /api/ ?"
    assert trace(app, "GET", "/movies/1").code == 200, "is the page of film 1 found?"
    for method, mount, path, status in REFUSED:
        seen = trace(app, method, environ={"SCRIPT_NAME": mount, "PATH_INFO": path})
        if seen.code != status:
            raise Finding("an error had another status than the one promised",
                          "which errors does your function take, and does it keep their status?")  # fmt: skip
        kind, charset = media_type(seen.header("Content-Type"))
        if path.startswith("/api/"):
            if kind != "application/json":
                raise PAGE_INSTEAD
            said = read_json(seen.body)
            if not isinstance(said, dict) or "error" not in said:
                raise NO_OBJECT
        elif kind != "text/html" or not charset or str(status) not in read_page(seen.body).text:
            raise JSON_INSTEAD


# -- what must not get out


@mark.points(6, "robustness", statement="no-secrets")
def test_no_debug_no_hardcoded_secret(
    submission: Submission, make_app: AppMaker, probes: Probes, trace: Tracer, rng: random.Random
) -> None:
    """visitors learn nothing of a view that fails, and nobody can read the secret key in the file"""
    (film,) = some_films(rng, 1)
    app = make_app(catalog=[film])
    flask_app = probes.flask_app(app)
    probes.flask_view(app, "/out-of-order", raises="ZeroDivisionError")
    check_page(trace, app, film)
    try:
        failed = trace(app, "GET", "/out-of-order")
    except StudentError as error:
        if error.type != "ZeroDivisionError":
            raise
        raise Finding("a view failed, and its exception went through the app to the server",
                      "which settings does create_app choose? DEBUG and TESTING let exceptions through") from None  # fmt: skip
    if failed.code != 500:
        raise Finding("a view failed, and the answer was not 500",
                      "which errors does your function for errors take? And is a view that somebody adds called?")  # fmt: skip
    if b"ZeroDivisionError" in failed.body or b"added by a probe" in failed.body:
        raise Finding("a view failed, and the answer told the visitor about its exception",
                      "what do you write into the body of an error? The exception belongs into the log")  # fmt: skip
    if flask_app.debug is not False:
        raise Finding("app.debug was on, although nobody had asked for it",
                      "which settings does create_app choose? debug is for your own machine")  # fmt: skip
    other = submission.fresh()
    again = make_app.of(other)(catalog=[film])
    check_page(trace, again, film)
    check_keys(secret_key(flask_app), secret_key(probes.of(other).flask_app(again)))


def check_page(trace: Tracer, app: App, film: Film) -> None:
    """Check that the app does its work."""
    seen = trace(app, "GET", f"/movies/{film['id']}")
    assert str(film["title_en"]) in read_page(seen.body).text, "is the title of a film on its page?"


def secret_key(flask_app: StudentObject) -> str | bytes | None:
    """Return the secret key of a Flask app."""
    key: object = flask_app.secret_key
    again: object = flask_app.secret_key
    if not (key is None or isinstance(key, str | bytes)) or type(key) is not type(again) or key != again:
        raise Finding("app.secret_key was no text and no bytes, or changed from one look to the next",
                      "a secret key is chosen once, for all requests of an app")  # fmt: skip
    return key


def check_keys(one: str | bytes | None, other: str | bytes | None) -> None:
    """Check that two processes did not find the same key in the file."""
    if one and type(one) is type(other) and one == other:
        raise Finding("the secret key was the same one in two processes, so it stands in your file",
                      "whoever reads the file can forge what is signed with it; where else can a secret come from?")  # fmt: skip
