"""A2, hidden: one promise of the statement per test.

Where a catalogue of our own is not what a test is about, the app shows the built-in one, of which only film 1 and the
number of films are known: an app that ignores its argument fails the tests that are about the catalogue, and no others.
What is not marked ``raw_only`` holds for a port to Flask too.
"""

import random
import re
from urllib.parse import quote

from pytest import mark, param

from grader.testing import App, Finding, Tracer, rules
from grader.testing.app import AppMaker
from grader.testing.content import Element, Page, media_type, read_json, read_page, same_data
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-c38e9a71-a2"
SITE = "http://films.example"
KNOWN = ("/", "/movies", "/movies/1", "/api/movies/1")
NO_FILM = "/movies/987654"

Film = dict[str, int | str]


def some_films(rng: random.Random, count: int) -> list[Film]:
    """Make a catalogue: the ids are falling and none of the built-in ones, the last film has the titles of the first."""
    films: list[Film] = [
        {
            "id": number,
            "title_zh": "".join(rng.choices("光影山河春秋风雨云海星月花鸟城港", k=4)),
            "title_en": " ".join(
                (rng.choice(("Quiet", "Northern", "Paper")), rng.choice(("Harbour", "Letters", "Winter")))
            ),
            "year": rng.randrange(1900, 2030),
            "director": f"{rng.choice('ABCDEFGH')}. {LEAK_MARKER}",
        }
        for number in sorted(rng.sample(range(100, 1000), count), reverse=True)
    ]
    return [*films[:-1], films[-1] | {key: films[0][key] for key in ("title_zh", "title_en")}]


def ids_of(films: list[Film]) -> list[str]:
    """Return the ids of films as they stand on a page."""
    return [str(film["id"]) for film in films]


def items(seen: Trace) -> list[Element]:
    """Return what stands for a film in a list."""
    found = read_page(seen.body).having("data-id")
    assert {item.tag for item in found} <= {"li"}, "the attribute data-id: only the li of a film has it"
    return found


def ids(seen: Trace) -> list[str]:
    """Return the ids of the films in a list."""
    return [item.attributes["data-id"] for item in items(seen)]


# -- paths and methods


@mark.points(6, "correctness", statement="unknown-path")
def test_unknown_path_404_even_for_post(make_app: AppMaker, trace: Tracer) -> None:
    """a path that is in no row of the table gets 404 and the body of an error, whatever the method is"""
    app = make_app()
    for path in KNOWN:
        assert trace(app, "GET", path).code == 200, "are the paths of the table answered at all?"
    for path, complaint in UNKNOWN:
        seen = trace(app, "GET", path)
        if seen.code != 404:
            raise complaint
        check_error(seen, path)
        seen = trace(app, "POST", path)
        if seen.code != 404:
            raise Finding("a path that is in no row of the table got 404 for GET, but not for POST",
                          "which comes first, the path or the method? 405 says: this path is in the table")  # fmt: skip
        check_error(seen, path)
    for path in (NO_FILM, f"/api{NO_FILM}"):
        seen = trace(app, "GET", path)
        assert seen.code == 404, "a film that does not exist: what does the handler answer?"
        check_error(seen, path)


def check_error(seen: Trace, path: str) -> None:
    """Check the body of an error."""
    kind, charset = media_type(seen.header("Content-Type"))
    if path.startswith("/api/"):
        if kind != "application/json":
            raise Finding("an error under /api/ got 404, but its Content-Type was not that of JSON",
                          "which part of your code answers errors, and does it look at the path?")  # fmt: skip
        said = read_json(seen.body)
        if not isinstance(said, dict) or "error" not in said:
            raise Finding(
                "an error under /api/ was JSON, but not an object with the key error", "what does json.dumps() get?"
            )
    elif kind != "text/html" or not charset:
        raise Finding("an error outside /api/ got 404, but its Content-Type was not that of a page with a charset",
                      "the Content-Type of an error is that of every other page")  # fmt: skip
    elif "404" not in read_page(seen.body).text:
        raise Finding("on the page of an error one could not read the status code", "what does a browser show of it?")


LETTERS = Finding("a path that begins like one of the table and goes on with letters did not get 404",
                  "is the whole path compared, or only its beginning?")  # fmt: skip
DEEPER = Finding("a path that goes on behind the id of a film did not get 404",
                 "is the whole path compared, or only its beginning?")  # fmt: skip
ENDING = Finding("a path that only ends like one of the table did not get 404",
                 "is the whole path compared, or only its end?")  # fmt: skip
NEWLINE = Finding("a path of the table with a newline behind it did not get 404",
                  "in a regular expression $ also fits before a newline at the end; fullmatch() is exact")  # fmt: skip
NOTHING = Finding("a path that is like none of the table did not get 404",
                  "what does your app do when no row has the shape of the path?")  # fmt: skip
UNKNOWN = (
    ("/moviesque", LETTERS), ("/movies/1/cast", DEEPER), ("/api/movies/1/cast", DEEPER), ("/old/movies", ENDING),
    ("/old/movies/1", ENDING), ("/movies\n", NEWLINE), ("/nothing", NOTHING), ("/api/nothing", NOTHING),
)  # fmt: skip


@mark.points(8, "protocol", rule="RFC 9110 (must): 405 Method Not Allowed", statement="other-method")
def test_405_has_allow_set(make_app: AppMaker, trace: Tracer) -> None:
    """another method on a path of the table gets 405, and Allow lists GET and HEAD"""
    app = make_app()
    for path, method in REFUSED:
        seen = trace(app, method, path)
        if seen.code == 200:
            raise Finding(
                "another method was answered as if it were GET", "where does your app look at REQUEST_METHOD?"
            )
        if seen.code == 404 and path == NO_FILM:
            raise Finding("another method for a film that does not exist got 404, not 405",
                          "the film is looked for last: the path of the table comes first, then the method")  # fmt: skip
        if seen.code == 404:
            raise Finding("another method on a path of the table got 404, not 405",
                          "what does the client learn from 404, and what from 405?")  # fmt: skip
        assert seen.code == 405, "the status line for a method that is not in the row"
        if not seen.all_headers("Allow"):
            raise Finding("the answer 405 had no header Allow", "the answer 405 has one header more than the others")
        allowed = {name.strip() for value in seen.all_headers("Allow") for name in value.split(",")}
        if allowed - {"", "OPTIONS"} != {"GET", "HEAD"}:
            raise Finding("Allow in the answer 405 was not a list of GET and HEAD",
                          "the value of Allow: all methods of the row, commas between them")  # fmt: skip


REFUSED = (
    ("/", "POST"), ("/", "PUT"), ("/movies", "DELETE"), ("/movies", "PROPFIND"), ("/movies/1", "POST"),
    ("/movies/1", "PATCH"), ("/api/movies/1", "PUT"), ("/api/movies/1", "POST"), (NO_FILM, "POST"),
)  # fmt: skip


@mark.points(8, "protocol", rule="RFC 9110: HEAD", statement="head")
def test_head_equals_get_headers(make_app: AppMaker, trace: Tracer) -> None:
    """HEAD gets the status and the headers of GET, and no byte of body; errors are no exception"""
    app = make_app()
    for path in (*KNOWN, NO_FILM, "/nothing", "/api/nothing"):
        get, head = trace(app, "GET", path), trace(app, "HEAD", path)
        assert get.code == (200 if path in KNOWN else 404), "is GET answered with the right status?"
        assert get.body, "is there a body in the answer to GET?"
        get.check(rules.CONTENT_LENGTH)
        if head.code == 405:
            raise Finding("HEAD got 405 where GET is answered", "which methods does each row of the table have?")
        head.check(rules.START_FIRST, rules.NO_BODY)
        assert head.code == get.code, "the status line for HEAD"
        if head.announced != get.announced:
            raise Finding("HEAD got other headers than GET, or other values in them",
                          "at which step does HEAD begin to differ? Content-Length still is that of GET")  # fmt: skip


# -- the catalogue


@mark.points(8, "correctness", statement="catalogue")
def test_other_catalog_injected(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """the pages and the JSON show the films that make_app was given, and no others"""
    films = some_films(rng, 5)
    app = make_app(catalog=films)
    listed = trace(app, "GET", "/movies")
    if set(ids(listed)) < set(ids_of(films)):
        raise Finding("a film that make_app was given was missing in the list",
                      "titles may repeat, only ids do not: in what do you keep the films?")  # fmt: skip
    if set(ids(listed)) != set(ids_of(films)):
        raise Finding("the list showed films that make_app was not given",
                      "where does the list take its films from? From the argument of make_app")  # fmt: skip
    if ids(listed) != ids_of(films):
        raise Finding("the films of the list were not in the order of the catalogue, or one stood there twice",
                      "nothing has to be sorted: the catalogue is a list and has an order")  # fmt: skip
    for item, film in zip(items(listed), films, strict=True):
        assert str(film["title_zh"]) in item.text, "the list: is title_zh of every film in its li?"
        assert str(film["title_en"]) in item.text, "the list: is title_en of every film in its li?"
    for film in films:
        check_film(trace, app, film)
    for path in ("/movies/1", "/api/movies/1"):
        assert trace(app, "GET", path).code == 404, "another catalogue was given: where was film 1 of CATALOG found?"
    if ids(trace(make_app(catalog=[]), "GET", "/movies")):
        raise Finding(
            "films were shown although the catalogue was empty", "[] and None both count as false: compare with None"
        )
    for default in (make_app(), make_app(catalog=None)):
        assert len(ids(trace(default, "GET", "/movies"))) == 12, "make_app() and make_app(None): the films of CATALOG"


def check_film(trace: Tracer, app: App, film: Film) -> None:
    """Check the page and the JSON of one film."""
    seen = trace(app, "GET", f"/movies/{film['id']}")
    if seen.code == 404:
        raise Finding(
            "the page of a film that make_app was given got 404", "how does the handler find a film by its id?"
        )
    assert seen.code == 200, "the status line for the page of a film"
    text = read_page(seen.body).text
    for key in ("title_zh", "title_en", "year", "director"):
        assert str(film[key]) in text, "the page of a film: are both titles, the year and the director on it?"
    found = trace(app, "GET", f"/api/movies/{film['id']}")
    assert found.code == 200, "the status line for the JSON of a film"
    if not same_data(read_json(found.body), film):
        raise Finding(
            "the JSON of a film was not the film of the catalogue", "the five keys, their values and their types"
        )


ODD: Film = {
    "id": 1, "title_zh": "<b>甲&乙</b>", "title_en": "\"Tom\" & 'Jerry' <i>&lt;3</i>", "year": 1999,
    "director": f"O'Hara <u \"x\"> {LEAK_MARKER}",
}  # fmt: skip
USUAL: Film = {key: re.sub("[<>&\"';/]", "x", value) if isinstance(value, str) else value for key, value in ODD.items()}


@mark.points(8, "robustness", statement="escaping")
def test_titles_escaped(make_app: AppMaker, trace: Tracer) -> None:
    """titles are shown character by character, whatever characters they have"""
    odd, usual = (
        [trace(app, "GET", path).body for path in ("/movies", "/movies/1", "/api/movies/1")]
        for app in (make_app(catalog=[film]) for film in (ODD, USUAL))
    )
    check_texts(read_page(odd[0]), read_page(usual[0]), ("title_zh", "title_en"))
    check_texts(read_page(odd[1]), read_page(usual[1]), ("title_zh", "title_en", "director"))
    assert same_data(read_json(usual[2]), USUAL), "the JSON of a film: are the titles in it at all?"
    if not same_data(read_json(odd[2]), ODD):
        raise Finding("in the JSON of a film a title with < > & or quotes was changed",
                      "escape where text becomes HTML, not before; json.dumps() does all that JSON needs")  # fmt: skip


def check_texts(odd: Page, usual: Page, keys: tuple[str, ...]) -> None:
    """Check that odd texts change nothing on a page but its text."""
    assert all(str(USUAL[key]) in usual.text for key in keys), "are the titles on the page at all?"
    if odd.structure != usual.structure:
        raise Finding("characters of a title or a name became tags or attributes of the page",
                      "where does text become HTML? There < > & and both kinds of quotes have to be escaped")  # fmt: skip
    if "&amp;" in odd.text or "&quot;" in odd.text:
        raise Finding(
            "one can read &amp; or &quot; on the page, in a title or a name", "how often is this text escaped?"
        )
    if not all(str(ODD[key]) in odd.text for key in keys):
        raise Finding("a title or a name with < > & or quotes is not shown as it is written",
                      "a title may have &lt; in it, and a browser has to show these four characters")  # fmt: skip


# -- ids


EMPTY = Finding("/movies/ with nothing behind it did not get 404", "may the variable part of a path be empty?")
WORD = Finding("an id with a letter did not get 404", "what may an id consist of?")
SIGN = Finding("an id with a sign did not get 404", "int() takes more than digits; what may an id consist of?")
POINT = Finding("an id with a point did not get 404", "what may an id consist of? 1.0 is not the id 1")
BLANK = Finding("an id with a blank or a newline did not get 404",
                "int() drops them, and in a regular expression $ also fits before a newline")  # fmt: skip
UNDERSCORE = Finding(
    "an id with an underscore did not get 404", "int() takes more than digits; what may an id consist of?"
)
RAISED = Finding("a superscript digit as an id did not get 404", "isdigit() says yes to ², and int() raises")
LONG = Finding(
    "an id of very many digits did not get 404", "int() refuses it; does an id have to become a number at all?"
)
OTHER = Finding(
    "an id in digits of another script did not get 404", "\\d, isdigit() and int() know more digits than 0 to 9"
)
BAD_IDS = (
    ("", EMPTY), ("abc", WORD), ("1x", WORD), ("-1", SIGN), ("+1", SIGN), ("1.5", POINT), ("1.0", POINT), (" 1", BLANK),
    ("1 ", BLANK), ("1\n", BLANK), ("0_1", UNDERSCORE), ("\xb2", RAISED), ("²".encode().decode("latin-1"), RAISED),
    ("9" * 5000, LONG),
)  # fmt: skip
OTHER_DIGITS = tuple((digit.encode().decode("latin-1"), OTHER) for digit in ("１", "١"))
"""Flask's own routes take these (measured), so that a port may too."""


@mark.points(10, "robustness", statement="ids")
@mark.parametrize("bad", [BAD_IDS, param(OTHER_DIGITS, marks=mark.raw_only)])
def test_bad_ids_404_not_500(make_app: AppMaker, trace: Tracer, bad: tuple[tuple[str, Finding], ...]) -> None:
    """whatever has other characters than the digits 0 to 9 is the id of no film, nor is a number without end: 404"""
    app = make_app()
    for place in ("/movies/", "/api/movies/"):
        assert trace(app, "GET", f"{place}1").code == 200, "is film 1 of CATALOG found?"
        for text, complaint in bad:
            if text or place == "/movies/":
                seen = trace(app, "GET", environ={"PATH_INFO": place + text})
                if seen.code != 404:
                    raise complaint


# -- where the app stands, and who else is there


@mark.points(6, "design", statement="links")
def test_links_carry_script_name(make_app: AppMaker, trace: Tracer) -> None:
    """every link leads to a place below SCRIPT_NAME"""
    app = make_app()
    for mount, complaint in MOUNTS:
        where, url = {"SCRIPT_NAME": mount.encode().decode("latin-1")}, SITE + quote(mount)
        home, listed = (read_page(trace(app, "GET", path, environ=where).body) for path in ("/", "/movies"))
        if f"{SITE}{mount}/movies" not in {home.target(link, f"{url}/") for link in home.all("a")}:
            raise complaint
        assert listed.having("data-id"), "are there films in the list?"
        for item in listed.having("data-id"):
            targets = {listed.target(link, f"{url}/movies") for link in item.all("a")}
            if f"{SITE}{mount}/movies/{item.attributes['data-id']}" not in targets:
                raise complaint


MOUNTS = (
    ("", Finding("a link did not lead to the list, or to the film that it stands for", "the href of each link")),
    ("/list", Finding("a link led out of the app, which was mounted below a prefix",
                      "what is in SCRIPT_NAME, and what does each href begin with?")),
    ("/电影/list", Finding("a link led elsewhere, for SCRIPT_NAME had other characters than those of ASCII",
                         "a character of SCRIPT_NAME is a byte: quote(..., encoding='latin-1') writes it for an address")),
)  # fmt: skip


@mark.points(6, "design", statement="independent")
def test_two_apps_independent(make_app: AppMaker, app: App, trace: Tracer, rng: random.Random) -> None:
    """two apps do not know of each other, nor do two requests at the same time"""
    films = some_films(rng, 8)
    one, other = make_app(catalog=films[:4]), make_app(catalog=films[4:])
    first, second = trace.start(one, "GET", "/movies"), trace.start(other, "GET", "/movies")
    for seen, expected in ((second, films[4:]), (first, films[:4])):
        if set(ids(seen.finish().close())) != set(ids_of(expected)):
            raise Finding("when there were two apps, one did not show its own films, or not them alone",
                          "what do the apps that make_app makes have in common? A global name, a class?")  # fmt: skip
    for place in ("/movies/", "/api/movies/"):
        for mine, own, foreign in ((one, films[0], films[4]), (other, films[4], films[0])):
            assert trace(mine, "GET", f"{place}{own['id']}").code == 200, "how does the handler find a film by its id?"
            assert trace(mine, "GET", f"{place}{foreign['id']}").code == 404, (
                "does an app find the films of another one?"
            )
    assert len(ids(trace(app, "GET", "/movies"))) == 12, (
        "does application still show CATALOG when other apps were made?"
    )
    listed, single = trace.start(one, "GET", "/movies"), trace.start(one, "GET", f"/movies/{films[0]['id']}")
    try:
        shown, text = ids(listed.finish().close()), read_page(single.finish().close().body).text
    except Finding:  # each for itself, both were right above
        shown, text = [], ""
    if set(shown) != set(ids_of(films[:4])) or str(films[0]["year"]) not in text:
        raise Finding("when two requests overlapped, one got the answer to the other, or none",
                      "what does your app keep outside of the call, on self or in a global name?")  # fmt: skip
