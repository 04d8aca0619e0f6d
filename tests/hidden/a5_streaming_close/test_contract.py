"""A5, hidden: the export, and what becomes of its source at every end that a conversation can have.

The source is the judge's: it counts, whatever the submission says. What a test is not about is asked for leniently, so that
one mistake costs one test: films are looked for by their titles, unless the form of the file is what a test is about.
Everything holds for a port to Flask too.
"""

import random
from collections.abc import Iterator

from pytest import mark

from grader.testing import Finding, Tracer, public, rules
from grader.testing.app import AppMaker
from grader.testing.content import read_csv
from grader.testing.inner import failure_of
from grader.testing.source import OpenRows, Row
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ

LEAK_MARKER = "leak-marker-5f0b72d4-a5"
EXPORT = "/export.csv"
FIELDS = ("id", "title_zh", "title_en", "year", "director")
BLOCK = 100
MOST_CHUNKS = 1_000


def film(number: int, title: str, director: str = "C. Marker") -> Row:
    """Make a film that needs no quotes."""
    return {
        "id": number,
        "title_zh": f"电影{number}",
        "title_en": title,
        "year": 1900 + number % 100,
        "director": director,
    }


def some_films(rng: random.Random, count: int) -> list[Row]:
    """Make films that nobody knew before; no title is a part of another one."""
    return [film(number, f"Take {rng.getrandbits(32):08x}") for number in rng.sample(range(1000, 10_000), count)]


def begun(make_app: AppMaker, trace: Tracer, source: OpenRows, method: str = "GET") -> Trace:
    """Ask for the export of a source."""
    return trace.start(make_app(open_rows=source), method, EXPORT)


def is_export(seen: Trace, source: OpenRows, films: list[Row]) -> None:
    """Ask for what an app lacks that opens nothing and so leaves nothing open: the films of the source."""
    assert seen.code == 200, "the status of the answer to GET /export.csv"
    was_opened(source)
    if not all(str(film["title_en"]).encode() in seen.body for film in films):
        raise Finding("films that the source gave were missing in the export",
                      "which film gets into which chunk? The last ones count too")  # fmt: skip


def was_opened(source: OpenRows) -> None:
    """Ask whether the app opened its source, without which nothing can stay open either."""
    if source.opened == 0:
        raise Finding("open_rows was given, and your app never called it",
                      "which part of your code calls open_rows, and when does it run?")  # fmt: skip


def is_closed(source: OpenRows) -> None:
    """Ask that every source was closed."""
    if source.left_open:
        raise Finding("the server closed what your app returned, and the source stayed open",
                      "the server knows only what you returned: which code closes the source, and does it run?")  # fmt: skip


# -- the source is closed at every end


@mark.points(8, "protocol", rule="PEP 3333 (should): Specification Details", statement="close")
def test_close_after_full(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """after the whole file was read and closed, the source is closed, and the chunks were bytes"""
    for count in (3, 130):
        films = some_films(rng, count)
        source = OpenRows(films, trace.recorder)
        seen = begun(make_app, trace, source).finish().close()
        seen.check(rules.ITERABLE, rules.NOT_BARE, rules.BODY_BYTES, rules.START_FIRST)
        is_export(seen, source, films)
        is_closed(source)


@mark.points(10, "protocol", rule="PEP 3333 (should): Specification Details", statement="close")
def test_close_after_one_chunk(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """when the client leaves in the middle, closing closes the source"""
    films = some_films(rng, 130)
    for films_first in (False, True):  # after the first chunk, and after the first one that may have films in it
        source = OpenRows(films, trace.recorder)
        seen = begun(make_app, trace, source)
        seen.step()
        while films_first and not source.taken and len(seen.chunks) < MOST_CHUNKS and seen.step():
            pass
        seen.close()
        if not source.opened and not films_first:
            continue  # the first line came alone, and the source is opened later
        was_opened(source)
        assert source.taken or not films_first, "when do films get into your chunks?"
        is_closed(source)


@mark.points(8, "protocol", rule="PEP 3333 (should): Specification Details", statement="close")
def test_close_without_iteration(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """when the server closes without taking a single chunk, no source stays open"""
    films = some_films(rng, 3)
    source = OpenRows(films, trace.recorder)
    is_export(begun(make_app, trace, source).finish().close(), source, films)
    source = OpenRows(films, trace.recorder)
    begun(make_app, trace, source).close()
    if source.left_open:
        raise Finding("the server closed without taking a chunk, and the source stayed open",
                      "a generator that never began runs none of its code at close(), not even finally")  # fmt: skip


@mark.points(8, "protocol", rule="PEP 3333 (should): Specification Details", statement="errors")
def test_close_when_source_raises(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """when the source raises, the server gets its exception, and the source is closed"""
    films = some_films(rng, 150)
    for after in (120, 0):
        source = OpenRows(films, trace.recorder, failing_after=after)
        app = make_app(open_rows=source)
        seen = Trace(trace.recorder, make_environ("GET", EXPORT))
        error = failure_of(lambda seen=seen, app=app: seen.call(app).finish())  # type: ignore[misc]
        seen.close()
        was_opened(source)
        assert source.taken == after, "the source has more films: why does your app take no more?"
        if error is not source.failure and seen.code != 500:
            raise Finding("the source raised an exception, and the file ended as if it were complete",
                          "where do you catch exceptions of the source? The server has to see them")  # fmt: skip
        if source.left_open:
            raise Finding("the source raised an exception, and it was never closed",
                          "which code runs after an exception: that behind a loop, or that in finally?")  # fmt: skip


# -- the source is used as it should be


@mark.points(8, "robustness", statement="chunks")
def test_not_all_in_memory(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """of a million films a hundred at most are taken for each chunk, and each chunk holds a hundred at most"""
    seen = Trace(trace.recorder, make_environ("GET", EXPORT))
    token = f"{rng.getrandbits(32):08x}"

    def a_million() -> Iterator[Row]:
        for number in range(1, 1_000_001):
            if number > BLOCK * (len(seen.chunks) + 1):
                raise Finding("your app took more films from the source than the chunks so far may hold",
                              "how many films do you take before you yield? list(), sorted() and join() take all")  # fmt: skip
            yield film(number, f"{token} {number}")

    def sent() -> int:
        return seen.body.count(token.encode())

    source = OpenRows(a_million(), trace.recorder)
    seen.call(make_app(open_rows=source))
    while sent() < 2 * BLOCK + 50 and len(seen.chunks) < MOST_CHUNKS and seen.step():
        if seen.chunks[-1].count(token.encode()) > BLOCK:
            raise Finding("a chunk held more than 100 films", "how many films do you collect for one chunk?")
    seen.close()
    was_opened(source)
    if sent() < 2 * BLOCK + 50:
        raise Finding("the source had films without end, and the export came to an end, or got no further",
                      "does your loop go on until the source has ended?")  # fmt: skip
    is_export(seen, source, [film(number, f"{token} {number}") for number in range(1, 2 * BLOCK + 51)])


@mark.points(4, "robustness", statement="opened-once")
def test_source_opened_at_most_once(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """each request for the export opens a source of its own, once, and nothing else opens one"""
    films = some_films(rng, 3)
    source = OpenRows(films, trace.recorder)
    app = make_app(open_rows=source)
    if source.opened:
        raise Finding("make_app called open_rows, before there was any request",
                      "which request does this source belong to? The second one needs another")  # fmt: skip
    for method, path, code in OTHERS:
        assert trace(app, method, path).code == code, "do the other pages still work, and is POST refused?"
        if source.opened:
            raise Finding("open_rows was called for a request that was none for the export",
                          "is the source opened before it is known what is asked for?")  # fmt: skip
    is_export(trace(app, "GET", EXPORT), source, films)
    count = len(source.sources)
    if count > 1:
        raise Finding("open_rows was called {count} times for one request", "do you need a second source? What for?",
                      count=public(count))  # fmt: skip
    one, other = trace.start(app, "GET", EXPORT), trace.start(app, "GET", EXPORT)
    other.finish().close()
    one.finish().close()
    for seen in (one, other):
        if not all(str(film["title_en"]).encode() in seen.body for film in films):
            raise Finding("two requests overlapped, and a film was missing in one of the files",
                          "each request has a source of its own: what do your two answers share?")  # fmt: skip
    count = len(source.sources)
    if count != 3:
        raise Finding("for three requests open_rows was called {count} times", "each request opens one source",
                      count=public(count))  # fmt: skip


OTHERS = (
    ("GET", "/", 200),
    ("GET", "/movies", 200),
    ("HEAD", "/movies", 200),
    ("GET", "/nothing", 404),
    ("POST", EXPORT, 405),
)


# -- the file


@mark.points(8, "correctness", rule="RFC 4180: Definition of the CSV Format", statement="quoting")
def test_csv_quoting_crlf(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """the file is CSV with CRLF, and every text in it comes out character by character"""
    plain = some_films(rng, 3)
    body = trace(make_app(catalog=plain), "GET", EXPORT).body
    if body.startswith(b"\xef\xbb\xbf"):
        raise Finding("the file began with a byte order mark", "which encoding do you give to encode()?")
    if body.count(b"\r\n") != 4 or body.count(b"\n") != 4:
        raise Finding("three films did not make four lines that end with CRLF",
                      "what stands at the end of each line, the first and the last one too?")  # fmt: skip
    lines = read_csv(body)
    assert lines[0] == list(FIELDS), "the first line: which columns, and in which order?"
    assert lines[1:] == as_lines(plain), "the five values of each film, in the order of the first line"

    odd = [film(number, title, f"{title} {LEAK_MARKER}") for number, (title, _) in enumerate(ODD, 900)]
    body = trace(make_app(catalog=plain, open_rows=OpenRows(odd, trace.recorder)), "GET", EXPORT).body
    assert str(plain[0]["title_en"]).encode() not in body, "which films are exported, if there is open_rows?"
    together = body
    for title, complaint in ODD:
        alone = OpenRows([film(1, title, title)], trace.recorder)
        try:
            lines = read_csv(trace(make_app(open_rows=alone), "GET", EXPORT).body)
        except Finding:
            raise complaint from None
        if lines[1:] != as_lines([film(1, title, title)]):
            raise complaint
    assert read_csv(together)[1:] == as_lines(odd), "is each film in a line of its own, with nothing of the one before?"


def as_lines(films: list[Row]) -> list[list[str]]:
    """Return the lines of films as whoever reads the file gets them."""
    return [[str(row[field]) for field in FIELDS] for row in films]


COMMA = Finding("a title with a comma did not come out as it was",
                "a comma in a value: what tells it from one between two values?")  # fmt: skip
QUOTE = Finding("a title with a double quote did not come out as it was",
                "a quote in a value is doubled, and the value stands in quotes")  # fmt: skip
BREAK = Finding("a title with a line break did not come out as it was",
                "a value with CR or LF in it stands in quotes, and the line break stays what it is")  # fmt: skip
BLANK = Finding("a title with blanks around it, or an empty one, did not come out as it was",
                "is anything stripped or left out? Blanks belong to the value")  # fmt: skip
MARKUP = Finding("a title with characters that mean something in HTML or Python did not come out as it was",
                 "CSV escapes nothing but quotes")  # fmt: skip
LETTERS = Finding("a title with characters outside ASCII did not come out as it was",
                  "which encoding do you give to encode(), and what does it do with other characters?")  # fmt: skip
ODD = (
    ("Lies, and Videotape, again", COMMA), ('The "Big" Sleep', QUOTE), ('"', QUOTE), ('","', QUOTE),
    ("two\nlines", BREAK), ("two\r\nlines", BREAK), ("carriage\rreturn", BREAK), ("\n", BREAK),
    (" in the middle ", BLANK), ("", BLANK), (" ", BLANK), ("<b>&amp;</b> it's", MARKUP), ("back\\slash\\n", MARKUP),
    ("a;b\tc", MARKUP), ("千与千寻 · Amélie", LETTERS), ("🎬 \u2028", LETTERS),
)  # fmt: skip


@mark.points(6, "robustness", rule="RFC 9110: HEAD", statement="head")
def test_head_leaks_nothing(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """HEAD gets the status and the headers of GET, no byte of body, and leaves no source open"""
    films = some_films(rng, 3)
    source = OpenRows(films, trace.recorder)
    get = begun(make_app, trace, source).finish().close()
    is_export(get, source, films)
    get.check(rules.CONTENT_LENGTH)
    for reads in (True, False):  # some servers take no chunk of an answer to HEAD
        source = OpenRows(films, trace.recorder)
        head = begun(make_app, trace, source, "HEAD")
        if reads:
            head.finish()
        head.close()
        if source.left_open:
            raise Finding("HEAD opened a source, and it stayed open",
                          "what do you return for HEAD, and who closes what was opened for it?")  # fmt: skip
        if reads:
            if head.code == 405:
                raise Finding("HEAD got 405 where GET is answered", "which methods may ask for the export?")
            head.check(rules.START_FIRST, rules.NO_BODY)
            assert head.code == get.code, "the status line for HEAD"
            assert head.announced == get.announced, "at which step does HEAD begin to differ from GET?"
