"""A3, hidden: one promise of the statement per test.

Each test brings its own films and asks only the paths that A3 adds. What is not marked ``raw_only`` holds for a port to
Flask too: there the path is decoded by the framework, which puts U+FFFD where bytes are not UTF-8.
"""

import io
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from pytest import mark, param

from grader.testing import App, Finding, Submission, Tracer
from grader.testing.app import AppMaker
from grader.testing.content import Page, media_type, read_json, read_page, same_data
from grader.testing.trace import Trace
from grader.testing.wsgi import DELETE, Errors, Stream, make_environ

LEAK_MARKER = "leak-marker-16c82099-a3"
BOTH = mark.parametrize("asked", ["app", param("function", marks=mark.raw_only)])
"""The app is asked, and where there is no framework the helper function is called too."""

Film = dict[str, int | str]


def film(number: int, title_zh: str, title_en: str = "A Film", year: int = 1999) -> Film:
    """Make a film."""
    return {
        "id": number, "title_zh": title_zh, "title_en": title_en, "year": year, "director": f"J. Doe {LEAK_MARKER}",
    }  # fmt: skip


def some_letters(rng: random.Random) -> str:
    """Make a title."""
    return "".join(rng.sample("光影山河春秋风雨云海星月", 4))


def environ_of(**keys: object) -> dict[str, object]:
    """Return what a server gives an app for a request without a body; None removes a key."""
    streams = {"wsgi.input": Stream(io.BytesIO()), "wsgi.errors": Errors([]), "wsgi.file_wrapper": DELETE}
    return make_environ("GET", "/search", environ={**streams, **keys})


def raw(path: bytes) -> dict[str, object]:
    """Return what a server makes of the bytes of a path."""
    return {"PATH_INFO": path.decode("latin-1")}


def shown(seen: Trace) -> list[str]:
    """Return the ids of the films on a page."""
    found = read_page(seen.body).having("data-id")
    assert {item.tag for item in found} <= {"li"}, "the attribute data-id: only the li of a film has it"
    return [item.attributes["data-id"] for item in found]


def answered(seen: Trace) -> dict[str, Any]:
    """Return the object that /api/movies gave."""
    assert seen.code == 200, "the status line for /api/movies"
    said = read_json(seen.body)
    assert isinstance(said, dict), "what does json.dumps() get for /api/movies? It is an object"
    assert {"items", "page", "per_page", "total"} <= set(said), "/api/movies: the four keys of the object"
    assert isinstance(said["items"], list), "/api/movies: items is a list"
    return said


def is_films(said: Mapping[str, Any], films: list[Film]) -> bool:
    """Tell whether these films were given, all of them on this page."""
    return same_data(said["items"], films) and same_data(said["total"], len(films))


def check_error(seen: Trace, path: str) -> None:
    """Check the body of an error."""
    kind, charset = media_type(seen.header("Content-Type"))
    if path.startswith("/api/"):
        if kind != "application/json":
            raise Finding("an error under /api/ had another Content-Type than that of JSON",
                          "which part of your code answers errors, and at which path does it look?")  # fmt: skip
        said = read_json(seen.body)
        assert isinstance(said, dict), "the body of an error under /api/: is it a JSON object?"
        assert "error" in said, "the body of an error under /api/: has the object the key error?"
    elif kind != "text/html" or not charset:
        raise Finding("an error outside /api/ had another Content-Type than that of a page with a charset",
                      "which part of your code answers errors, and at which path does it look?")  # fmt: skip
    else:
        assert str(seen.code) in read_page(seen.body).text, "is the status code on the page of an error?"


# -- paths


WHOLE = Finding("a film was not found by its Chinese title",
                "the characters of PATH_INFO stand for bytes; which text do these bytes mean?")  # fmt: skip
NARROW = Finding("a film was not found by a title with a letter like é",
                 "this letter is one character of latin-1, but two bytes in UTF-8")  # fmt: skip
WIDE = Finding("a film was not found by a title with a rare Chinese character",
               "UTF-8 needs up to four bytes for a character")  # fmt: skip
PERCENT = Finding("a film was not found by a title with a percent sign",
                  "the server has undone the escapes of the path already; do you undo them once more?")  # fmt: skip
PLUS = Finding("a film was not found by a title with a plus sign",
               "a plus sign stands for a blank in query strings only, not in paths")  # fmt: skip
MARKS = Finding("a film was not found by a title with characters that mean something in addresses or in HTML",
                "the title is the whole rest of the path, as it is; nothing in it is cut off or escaped")  # fmt: skip
BLANK = Finding("a film was not found by a title with a blank", "the title is the whole rest of the path, as it is")


@BOTH
@mark.points(12, "protocol", rule="PEP 3333 (must): Unicode Issues", statement="title-json")
def test_path_latin1_dance(
    asked: str, make_app: AppMaker, submission: Submission, trace: Tracer, rng: random.Random
) -> None:
    """the bytes of a path are read as UTF-8, once, and a film is found by its title"""
    word = some_letters(rng)
    titles = (
        (word, WHOLE), ("Clé", NARROW), ("𠮷" + word, WIDE), ("50% %41", PERCENT), ("1+1=3", PLUS),
        ("甲&乙?丙#丁'戊\"<己>", MARKS), (word[:2] + " " + word, BLANK),
    )  # fmt: skip
    if asked == "function":
        for text, complaint in (("/api/titles/" + title, complaint) for title, complaint in titles):
            if submission.path_text(environ_of(PATH_INFO=text.encode().decode("latin-1"))) != text:
                raise complaint
        return
    misread = [film(900, "Clé".encode().decode("latin-1")), film(901, "50% A"), film(902, "1 1=3")]
    films = [film(10 - place, title, f"Film No. {place}") for place, (title, _) in enumerate(titles)]
    app = make_app(catalog=[*misread, *films, films[0] | {"id": 903}])
    for expected, (title, complaint) in zip(films, titles, strict=True):
        seen = trace(app, "GET", f"/api/titles/{title}")
        if seen.code != 200:
            raise complaint
        found = read_json(seen.body)
        if same_data(found, films[0] | {"id": 903}):
            raise Finding("two films have the same title, and the second one was found",
                          "which of them comes first in the catalogue?")  # fmt: skip
        if any(same_data(found, other) for other in misread):
            raise complaint
        if not same_data(found, expected):
            raise Finding("a title was asked for, and what came was not that film of the catalogue",
                          "the five keys, their values and their types; and is the title compared as a whole?")  # fmt: skip
    for path in (word[:3], word + "x", f"{word}/cast", "Film No. 0"):
        assert trace(app, "GET", f"/api/titles/{path}").code == 404, (
            "which films does /api/titles/ find? Those whose whole title_zh is the rest of the path"
        )


FOREIGN = Finding("a path in another encoding than UTF-8 did not get 404",
                  "what does your app do when the bytes of the path are not UTF-8?")  # fmt: skip
CUT = Finding("a path that ends inside a character did not get 404", "is every byte of the path a part of the text?")
IGNORED = Finding("a path of the table with a byte behind it that is not UTF-8 did not get 404",
                  "if such bytes are left out, another path is answered than was asked for")  # fmt: skip
FALLBACK = Finding("a path in latin-1 found a film", "only UTF-8 counts: there is no second try with another encoding")
REPLACED = Finding("a path that is not UTF-8 found a film",
                   "decode() can put U+FFFD for what it cannot read, but U+FFFD may stand in a title too")  # fmt: skip
POSTED = Finding("a path that is not UTF-8 got 404 for GET, but not for POST",
                 "which comes first, the path or the method?")  # fmt: skip
NOT_NONE = Finding("path_text() gave a text for a path that is not UTF-8", "what does path_text() return in this case?")
TITLE = "霸王别姬"
NOT_UTF8 = (
    (b"/api/titles/" + TITLE.encode("gbk"), FOREIGN), (b"/api/titles/Cl\xe9", FALLBACK),
    (b"/api/titles/" + TITLE.encode()[:-1], CUT), (b"/api/titles/" + TITLE.encode() + b"\xff", IGNORED),
    (b"/search\xff", IGNORED), (b"/api/movies\x80", IGNORED), (b"/movies\xfe", IGNORED), (b"/\xff", IGNORED),
    (b"/api/titles/\xed\xa0\x80", FOREIGN), (b"/\xc0\xaf", FOREIGN), (b"/movies/1\xff", IGNORED),
)  # fmt: skip


@BOTH
@mark.points(8, "robustness", statement="not-utf8")
def test_invalid_utf8_path_404(asked: str, make_app: AppMaker, submission: Submission, trace: Tracer) -> None:
    """a path whose bytes are not UTF-8 gets 404 and the body of an error, whatever the method is"""
    films = [film(1, TITLE), film(2, "Clé")]
    app = make_app(catalog=films)
    for known in ("/search", "/api/movies", f"/api/titles/{TITLE}"):
        assert trace(app, "GET", known).code == 200, "are the paths of the table answered at all?"
    if asked == "function":
        replaced = [film(3, "\ufffd"), film(4, TITLE[:-1] + "\ufffd")]
        check_without_framework(make_app(catalog=[*films, *replaced]), submission, trace)
        return
    for path, complaint in NOT_UTF8:
        seen = trace(app, "GET", environ=raw(path))
        if seen.code != 404:
            raise complaint
        check_error(seen, path.decode("latin-1"))
        head = trace(app, "HEAD", environ=raw(path))
        assert (head.code, head.body) == (404, b""), "HEAD is answered as GET is, without a body"
    check_posts(trace, app, b"/search\xff", b"/api/movies\x80", b"/\xff")


def check_without_framework(app: App, submission: Submission, trace: Tracer) -> None:
    """Check what a framework decides for its apps: replaced characters, and methods on paths that have the shape of a row."""
    for path, _ in NOT_UTF8:
        if submission.path_text(environ_of(**raw(path))) is not None:
            raise NOT_NONE
    for path in (b"/api/titles/\xff", b"/api/titles/" + TITLE.encode()[:-1]):
        seen = trace(app, "GET", environ=raw(path))
        if seen.code != 404:
            raise REPLACED
    check_posts(trace, app, b"/api/titles/\xff", b"/movies/\xff", b"/api/movies/1\xff")


def check_posts(trace: Tracer, app: App, *paths: bytes) -> None:
    """Check that the path comes before the method here too."""
    for path in paths:
        seen = trace(app, "POST", environ=raw(path))
        if seen.code != 404:
            raise POSTED
        check_error(seen, path.decode("latin-1"))


# -- query strings


TABLE = (
    "q=%E9%9C%B8&year=1993", "q=1%2B1+%3D+2", "q=%2541", "q=a%26b%3Dc", "q=a=b=c", "%71=%e9%9c%b8", "a+b=c+d", "q=%",
    "q=%zz&x=%2", "q=&x", "q", "=x", "q=1&q=2&q=", "q=&q=2", "&&q=1&", "q=a;b", "q=%20a", "Q=1&q=2",
)  # fmt: skip


def check_query(submission: Submission, *places: str) -> None:
    """Compare query() with what the statement says that it does, on those lines of the table that are about something."""
    for line in TABLE:
        if not any(part in line for part in places):
            continue
        expected: dict[str, str] = {}
        for key, value in parse_qsl(line, keep_blank_values=True):
            expected.setdefault(key, value)
        found = submission.query(environ_of(QUERY_STRING=line))
        if {key: found[key] for key in found} != expected:
            raise Finding("query() did not return what is in the query string",
                          "call query() yourself, and compare with what the statement says it returns")  # fmt: skip


ONCE = Finding("a search did not find the films that it means, or found others",
               "a plus sign stands for a blank; an escape is undone once; only then the text is looked for")  # fmt: skip
CASE = Finding("a search in other upper or lower case letters did not find the film",
               "what is compared? Both sides after lower(), and after the escapes have been undone")  # fmt: skip
ACROSS = Finding("a film was found by a text that is in none of its titles",
                 "is the text looked for in each title by itself?")  # fmt: skip


@BOTH
@mark.points(6, "correctness", statement="hits")
def test_plus_and_percent(asked: str, make_app: AppMaker, submission: Submission, trace: Tracer) -> None:
    """a search is for the text that the query string means, in each title, and titles come as they are"""
    if asked == "function":
        check_query(submission, "%", "+", "a=b")
        return
    films = [
        film(31, "1+1=2", "Sums"), film(7, "1 1=2", "Blanks"), film(12, "完成 100%41", "Per Cent"),
        film(5, "完成 100A", "Letters"), film(44, "甲&乙", "\"Tom\" & 'Jerry' <3"), film(2, "白昼之夜", "École de Nuit"),
    ]  # fmt: skip
    app = make_app(catalog=films)
    for coded, text, ids, complaint in (
        ("1%2B1", "1+1", [31], ONCE), ("1+1", "1 1", [7], ONCE), ("1%201%3D2", "1 1=2", [7], ONCE),
        ("1%2B1=2", "1+1=2", [31], ONCE), ("100%2541", "100%41", [12], ONCE), ("%e7%94%b2%26", "甲&", [44], ONCE),
        ("%22tom%22+%26+%27", "\"tom\" & '", [44], CASE), ("%C3%89COLE", "ÉCOLE", [2], CASE),
        ("%E5%AE%8C%E6%88%90", "完成", [12, 5], ONCE), ("nUIT", "nUIT", [2], CASE),
        (quote("夜École"), "夜École", [], ACROSS), (quote("夜 École"), "夜 École", [], ACROSS),
        (quote("Nuit白"), "Nuit白", [], ACROSS), (quote("Nuit 白"), "Nuit 白", [], ACROSS),
    ):  # fmt: skip
        seen = trace(app, "GET", "/search", query=f"q={coded}")
        assert seen.code == 200, "the status line for /search"
        expected = [one for number in ids for one in films if one["id"] == number]
        if shown(seen) != [str(number) for number in ids]:
            raise complaint
        said = answered(trace(app, "GET", "/api/movies", query=f"q={coded}"))
        if [one.get("id") for one in said["items"] if isinstance(one, dict)] != ids:
            raise complaint
        if not same_data(said["items"], expected):
            raise Finding("in the JSON of /api/movies a film was not the film of the catalogue",
                          "the five keys and their values; escape where text becomes HTML, not before")  # fmt: skip
        if not any(text in heading.text for heading in read_page(seen.body).all("h1")):
            raise Finding("the h1 of a search did not show the text that was asked for, letter by letter",
                          "what is done to q before it stands in the h1? It is decoded and escaped once each")  # fmt: skip


FIRST = Finding("of a key that stands twice not the first value counted",
                "what does your query() do when it meets a key again?")  # fmt: skip
EMPTY = Finding("an empty value was not taken for a value", "does your query() keep keys with an empty value?")


@BOTH
@mark.points(6, "correctness", statement="query")
def test_blank_and_repeated_keys(asked: str, make_app: AppMaker, submission: Submission, trace: Tracer) -> None:
    """an empty value is a value, and of several values of a key the first one counts"""
    if asked == "function":
        check_query(submission, "q=1&q", "q=&", "q=a;b", "=x", "&&", "Q=")
        return
    films = [film(3, "春光", year=1997), film(1, "秋光", year=2003), film(2, "春秋", year=1997)]
    app = make_app(catalog=films)
    assert shown(trace(app, "GET", "/search", query="q=" + quote("春"))) == ["3", "2"], (
        "are the films of a search found?"
    )
    for line in ("q=", "q", "q=&page=1"):
        seen = trace(app, "GET", "/search", query=line)
        assert seen.code == 200, "the status line for a search without a text"
        if shown(seen):
            raise Finding(
                "a search for nothing found films", "the empty text is in every text; what is asked for here?"
            )
        if not is_films(answered(trace(app, "GET", "/api/movies", query=line)), films):
            raise Finding("/api/movies with an empty q did not give all films", "an empty q filters nothing")
    if shown(trace(app, "GET", "/search", query=f"q=&q={quote('春')}")):
        raise EMPTY
    for line, found, complaint in (
        ("q=&q=" + quote("春"), films, EMPTY), ("year=1997&year=2003", [films[0], films[2]], FIRST),
        (f"q={quote('春')}&q={quote('秋')}", [films[0], films[2]], FIRST), ("year=2003&year=x", [films[1]], FIRST),
        ("page=1&page=9", films, FIRST), ("per_page=7&x=1&per_page=abc&page=1&&", films, FIRST),
    ):  # fmt: skip
        seen = trace(app, "GET", "/api/movies", query=line)
        if seen.code == 400 or not is_films(answered(seen), found):
            raise complaint
    for line in ("page=", "per_page", "year=&q=" + quote("春"), "page=&page=1"):
        if trace(app, "GET", "/api/movies", query=line).code != 400:
            raise Finding("an empty page, per_page or year did not get 400",
                          "does your query() keep keys with an empty value? The empty text is no number")  # fmt: skip
    if trace(app, "GET", "/api/movies", query="page=x&page=1").code != 400:
        raise FIRST


# -- numbers and pages


LETTERS = Finding("a number with letters did not get 400", "what may a number consist of?")
SIGN = Finding("a number with a sign did not get 400", "int() takes more than digits; what may a number consist of?")
SPACE = Finding("a number with a blank or a newline did not get 400",
                "int() drops them, and in a regular expression $ also fits before a newline")  # fmt: skip
POINT = Finding("a number with a point or an underscore did not get 400", "what may a number consist of?")
POWER = Finding("a superscript digit did not get 400", "isdigit() says yes to ², and int() raises")
SCRIPT = Finding("a number in digits of another script did not get 400",
                 "\\d, isdigit() and int() know more digits than 0 to 9")  # fmt: skip
RANGE = Finding("a page or a per_page that there cannot be did not get 400",
                "page begins with 1, and per_page is from 1 to 100")  # fmt: skip
BAD_NUMBERS = (
    ("abc", LETTERS), ("1x", LETTERS), ("0x1", LETTERS), ("NaN", LETTERS), ("-1", SIGN), ("%2B1", SIGN), ("+1", SPACE),
    ("1%20", SPACE), ("1%0A", SPACE), ("+", SPACE), ("1.0", POINT), ("1_0", POINT), ("%C2%B2", POWER),
)  # fmt: skip
OTHER_DIGITS = (("%EF%BC%91", SCRIPT), ("%D9%A1", SCRIPT))


@mark.points(6, "correctness", statement="numbers")
@mark.parametrize("bad", [BAD_NUMBERS, param(OTHER_DIGITS, marks=mark.raw_only)])
def test_bad_page_400_json(make_app: AppMaker, trace: Tracer, bad: tuple[tuple[str, Finding], ...]) -> None:
    """a page, per_page or year that is no number, or out of range, gets 400 in JSON; one without end does no harm"""
    app = make_app(catalog=[film(1, "影", year=1999)])
    for line in ("page=1", "per_page=1", "per_page=100", "year=1999"):
        assert len(answered(trace(app, "GET", "/api/movies", query=line))["items"]) == 1, "are good numbers taken?"
    wrong = [(f"{name}={text}", complaint) for name in ("page", "per_page", "year") for text, complaint in bad]
    for line, complaint in (*wrong, ("page=0", RANGE), ("per_page=0", RANGE), ("per_page=101", RANGE)):
        seen = trace(app, "GET", "/api/movies", query=line)
        if seen.code != 400:
            raise complaint
        check_error(seen, "/api/movies")
    for line in (f"{name}={digits}" for name in ("page", "year", "per_page") for digits in ("9" * 19, "9" * 5000)):
        seen = trace(app, "GET", "/api/movies", query=line)
        if seen.code != 400 and (seen.code != 200 or answered(seen)["items"]):
            raise Finding("a number of very many digits was not answered with 400, nor with 200 and no films",
                          "int() refuses very long numbers; how long can a number be that means something?")  # fmt: skip


@mark.points(6, "correctness", statement="paging")
def test_paging_edges_total(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """each film is on one page, in the order of the catalogue; total counts the films of all pages"""
    numbers = rng.sample(range(100, 1000), 23)
    films = [
        film(number, ("春" if place % 2 else "秋") + some_letters(rng), f"No. {number}", 1990 + place // 10)
        for place, number in enumerate(numbers)
    ]
    app = make_app(catalog=films)
    spring = [one for one in films if "春" in str(one["title_zh"])]
    early = [one for one in spring if one["year"] == 1990]
    wanted = "q=" + quote("春")
    for line, found, page, size in (
        ("", films, 1, 10), ("page=2", films, 2, 10), ("page=3", films, 3, 10), ("page=4", films, 4, 10),
        ("page=9999", films, 9999, 10), ("per_page=23", films, 1, 23), ("per_page=23&page=2", films, 2, 23),
        ("per_page=100", films, 1, 100), ("per_page=1&page=23", films, 23, 1), ("page=5&per_page=5", films, 5, 5),
        (wanted, spring, 1, 10), (f"{wanted}&page=2&per_page=3", spring, 2, 3), (f"{wanted}&year=1990", early, 1, 10),
        (f"{wanted}&year=1990&per_page=2&page=2", early, 2, 2), ("year=1991&per_page=4&page=3", films[10:20], 3, 4),
        ("year=1850", [], 1, 10), ("year=199", [], 1, 10),
    ):  # fmt: skip
        said = answered(trace(app, "GET", "/api/movies", query=line))
        if not same_data(said["items"], found[(page - 1) * size : page * size]):
            raise Finding("a page did not hold the films that belong on it",
                          "first filter, then cut: page 1 begins with the first film that was found")  # fmt: skip
        if not same_data(said["total"], len(found)):
            raise Finding("total was not the number of films that were found, over all pages",
                          "is total counted before the page is cut out, and after the filters?")  # fmt: skip
        assert same_data((said["page"], said["per_page"]), (page, size)), (
            "page and per_page in the answer: the numbers that were asked for, or 1 and 10, as numbers"
        )
    nothing = answered(trace(make_app(catalog=[]), "GET", "/api/movies"))
    assert is_films(nothing, []), "an empty catalogue: a page without items, and total is 0"
    for default in (make_app(), make_app(catalog=None)):
        said = answered(trace(default, "GET", "/api/movies"))
        assert same_data(said["total"], 12), "make_app() and make_app(None): the films of CATALOG"
    assert same_data(answered(trace(app, "GET", "/api/movies"))["items"], films[:10]), (
        "does an app still have its own films when others have been made?"
    )


# -- odd requests


PAYLOADS = (
    "<zq>甲</zq>", "</title></h1><zq>", '"><zq a="', '" zq="1', "' zq='1", "甲 zq=1 乙", "--><zq>", "&lt;zq&gt; &amp;amp;",
)  # fmt: skip
"""Whatever becomes of them, no element and no attribute of a right page is called zq."""
ASKED = Finding("characters of q became a tag or an attribute of the page",
                "q is text wherever it stands: h1, title, the value of a form; quotes around each attribute")  # fmt: skip
PATH = Finding("characters of the path became a tag or an attribute of the error page",
               "does the error page show the path? Then it has to be escaped there too")  # fmt: skip
LISTED = Finding("characters of a title became a tag or an attribute of the search page",
                 "the list of a search is a list of films as any other")  # fmt: skip


@mark.points(10, "robustness", statement="escaping")
def test_xss_all_sinks(make_app: AppMaker, trace: Tracer) -> None:
    """text from the request or the catalogue stays text: in the heading, the title, attributes, the list, error pages"""
    films = [film(1, '"><zq>甲', "' zq='&lt;1' <zq>"), film(2, "</li><zq a='甲'>", '乙" zq="2')]
    app = make_app(catalog=films)
    for text in PAYLOADS:
        seen = trace(app, "GET", "/search", query=f"q={quote(text)}")
        assert seen.code == 200, "the status line for /search"
        page = read_page(seen.body)
        check_tags(page, ASKED)
        if not any(text in heading.text for heading in page.all("h1")):
            raise Finding("the h1 of a search did not show q letter by letter, when q had characters of HTML in it",
                          "how often is q escaped on its way into the h1? Once, and last of all")  # fmt: skip
        failed = trace(app, "GET", f"/nothing/{text}")
        assert failed.code == 404, "what does your app do when no row has the shape of the path?"
        check_tags(read_page(failed.body), PATH)
    page = read_page(trace(app, "GET", "/search", query=f"q={quote('甲')}").body)
    items = page.having("data-id")
    assert [item.attributes["data-id"] for item in items] == ["1", "2"], "are the films of a search found?"
    check_tags(page, LISTED)
    for item, one in zip(items, films, strict=True):
        if not (str(one["title_zh"]) in item.text and str(one["title_en"]) in item.text):
            raise Finding("a title with characters of HTML was not shown letter by letter in the list of a search",
                          "how often is a title escaped on its way into the list? Once, and last of all")  # fmt: skip


def check_tags(page: Page, complaint: Finding) -> None:
    """Check that nothing of a payload became HTML."""
    for element in page.elements:
        if element.tag == "zq" or "zq" in element.attributes:
            raise complaint


@BOTH
@mark.points(6, "robustness", statement="absent")
def test_query_string_absent(asked: str, make_app: AppMaker, submission: Submission, trace: Tracer) -> None:
    """a request without a query string is answered, and so is one whose query string is not UTF-8"""
    if asked == "function":
        for line in (DELETE, ""):
            found = submission.query(environ_of(QUERY_STRING=line))
            assert len(found) == 0, "query() of a request without a query string: an empty dict"
        assert submission.path_text(environ_of(PATH_INFO=DELETE)) == "", (
            "path_text() of a request without PATH_INFO: the empty text"
        )
        return
    films = [film(number, f"影{number}") for number in range(12, 0, -1)]
    app = make_app(catalog=films)
    for environ in ({"QUERY_STRING": DELETE}, {"QUERY_STRING": ""}):
        seen = trace(app, "GET", "/search", environ=environ)
        assert seen.code == 200, "a search without a query string: which status?"
        assert read_page(seen.body).all("h1"), "a search without a query string: is there an h1?"
        assert shown(seen) == [], "a search without a query string: no film was asked for"
        said = answered(trace(app, "GET", "/api/movies", environ=environ))
        assert same_data(said["items"], films[:10]), "/api/movies without a query string: the first ten films"
        assert same_data(said["total"], 12), "/api/movies without a query string: total counts all films"
    for text in ("%FF", "%E9%9C", quote("霸王", encoding="gbk"), "%ED%A0%80", "1%C0%AF"):
        for line in (f"q={text}", f"{text}=1&q=x"):
            for path in ("/search", "/api/movies"):
                if trace(app, "GET", path, query=line).code not in (200, 400):
                    raise Finding("a query string that is not UTF-8 was answered neither with 200 nor with 400",
                                  "parse_qsl() puts U+FFFD for what it cannot read; what does your code do?")  # fmt: skip
