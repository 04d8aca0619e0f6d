"""A4, hidden: one promise of the statement per test.

Every test makes apps of its own and looks only at what its own requests added, so an app whose list outlives it, or is
not its own, fails the public test that is about this and no other. Where reading is not what a test is about, the stream
ends after the body. All of it holds for a port to Flask too.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus, urlencode

from pytest import mark

from grader.testing import App, Finding, Tracer, rules
from grader.testing.app import AppMaker
from grader.testing.content import Element, Page, media_type, read_page, target
from grader.testing.trace import Trace

LEAK_MARKER = "leak-marker-7be204d1-a4"
SITE = "http://films.example"
PLACE = "/watchlist"
FORM = "application/x-www-form-urlencoded"
LIMIT = 65536


# -- asking


def encoded(**fields: object) -> bytes:
    """Return fields as the body of a form."""
    return urlencode(fields).encode()


def send(
    trace: Tracer, app: App, body: bytes, *, kind: str = FORM, length: str | None = None, mount: str = "",
    ends: bool = True, before_read: Callable[[], object] | None = None,
) -> Trace:  # fmt: skip
    """Send a form; without a ``length`` CONTENT_LENGTH is right."""
    environ = {"SCRIPT_NAME": mount.encode().decode("latin-1"), "CONTENT_LENGTH": length or str(len(body))}
    return trace(app, "POST", PLACE, body=body, headers={"Content-Type": kind}, environ=environ, input_ends=ends,
                 before_read=before_read)  # fmt: skip


def entries(trace: Tracer, app: App) -> list[Element]:
    """Return what stands for an entry in the list."""
    seen = trace(app, "GET", PLACE)
    assert seen.code == 200, "GET /watchlist: is the list shown with status 200?"
    found = read_page(seen.body).having("data-id")
    assert {item.tag for item in found} <= {"li"}, "the attribute data-id: only the li of an entry has it"
    return found


def named(page: Page) -> list[str]:
    """Return the names of the fields in the li.error of a page, one text for each li."""
    words = (re.findall(r"\b(?:movie_id|stars|note)\b", item.text, re.ASCII) for item in page.with_class("li", "error"))
    return sorted("+".join(sorted(set(found))) for found in words)


def text_of(rng: random.Random) -> str:
    """Return a note of letters that nobody else sends."""
    return "".join(rng.choices("abcdefghijkmpquvwxyz", k=12))


def was_added(trace: Tracer, app: App, note: str) -> None:
    """Ask whether a form that was right was taken: there is one entry with its note."""
    if len([item for item in entries(trace, app) if note in item.text]) != 1:
        raise Finding("a form that was right was sent, and in the list there was not one li with its note",
                      "which bytes do you read, how do they become the fields, and where do you keep them?")  # fmt: skip


# -- the body of a request


@mark.points(12, "protocol", rule="PEP 3333 (should): Input and Error Streams", statement="reading")
def test_reads_exactly_content_length(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """as many bytes are read as CONTENT_LENGTH says, and not one more"""
    app = make_app()
    for behind in (b"", b"&stars=1&note=of-the-next-request"):
        note = text_of(rng)
        form = encoded(movie_id=1, stars=4, note=note)
        seen = send(trace, app, form + behind, length=str(len(form)), ends=False)
        seen.check(rules.INPUT)
        if seen.input.taken > len(form):
            raise Finding("more bytes were read than CONTENT_LENGTH says: they belong to the next request",
                          "what do you pass to read()? The number in CONTENT_LENGTH, and nothing else")  # fmt: skip
        was_added(trace, app, note)
    seen = send(trace, app, encoded(movie_id=1, stars=4), length="-1", ends=False)
    seen.check(rules.INPUT)
    if seen.input.taken:
        raise Finding("CONTENT_LENGTH was a negative number, and bytes of the body were read",
                      "read(-1) reads to the end; what does a length have to look like?")  # fmt: skip


NO_LENGTH = (
    (None, Finding("without CONTENT_LENGTH the answer was not 400 with an error for movie_id and for stars",
                   "environ.get(), and what does it give if the key is not there?")),
    ("", Finding("when CONTENT_LENGTH was empty the answer was not 400 with an error for movie_id and for stars",
                 "int('') raises: what is a number, and what is done with all the rest?")),
    ("abc", Finding("when CONTENT_LENGTH was no number the answer was not 400 with an error for movie_id and for stars",
                    "int('abc') raises: what is a number, and what is done with all the rest?")),
    ("-1", Finding("when CONTENT_LENGTH was negative the answer was not 400 with an error for movie_id and for stars",
                   "int('-1') is a number, but none that a length can be")),
    ("0", Finding("when CONTENT_LENGTH was 0 the answer was not 400 with an error for movie_id and for stars",
                  "an empty body is a form in which every field is missing")),
)  # fmt: skip


@mark.points(10, "robustness", statement="body-length")
def test_length_missing_empty_bad_negative(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """without a CONTENT_LENGTH that is a number the body is empty, and the answer is 400"""
    app, note = make_app(), text_of(rng)
    send(trace, app, encoded(movie_id=1, stars=5, note=note))
    was_added(trace, app, note)
    for length, complaint in NO_LENGTH:
        environ = {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": length}
        seen = trace(app, "POST", PLACE, environ=environ, input_ends=True)
        if seen.code != 400 or named(read_page(seen.body)) != ["movie_id", "stars"]:
            raise complaint


@mark.points(6, "robustness", statement="too-large")
def test_413_without_reading(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """a body of more than 65,536 bytes is refused with 413 before a byte of it is read"""
    app, note = make_app(), text_of(rng)
    form = encoded(movie_id=1, stars=2, note=note, more="")
    seen = send(trace, app, form + b"x" * (LIMIT - len(form)))
    if seen.code == 413:
        raise Finding(
            "a body of exactly as many bytes as are allowed was refused", "more than 65536, or at least 65536?"
        )
    was_added(trace, app, note)
    before = len(entries(trace, app))
    for length in (LIMIT + 1, 10**8, 10**12 - 1):
        seen = send(trace, app, form + b"x" * (LIMIT + 1 - len(form)), length=str(length))
        if seen.input.taken:
            raise Finding("a body that is too large was read before it was refused",
                          "what tells you how large the body is before you read it?")  # fmt: skip
        check_page(seen)
    assert len(entries(trace, app)) == before, "a body that is too large: was an entry added all the same?"


def check_page(seen: Trace) -> None:
    """Ask for a page that says 413."""
    assert seen.code == 413, "the status line for a body that is too large: 413"
    if media_type(seen.header("Content-Type"))[0] != "text/html" or not media_type(seen.header("Content-Type"))[1]:
        raise Finding("the answer had the status 413, but its Content-Type was not that of a page with a charset",
                      "the Content-Type of an error is that of every other page")  # fmt: skip
    if "413" not in read_page(seen.body).text:
        raise Finding("on the page of an error one could not read the status code", "what does a browser show of it?")


# -- what becomes of a form


@mark.points(6, "correctness", rule="RFC 9110: 303 See Other", statement="location")
def test_303_location_script_name(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """every form that is right adds an entry and is answered with 303 to the list, wherever the app is mounted"""
    app = make_app()
    before = len(entries(trace, app))
    notes = []
    for mount, complaint in MOUNTS:
        notes.append(text_of(rng))
        seen = send(trace, app, encoded(movie_id=1, stars=3, note=notes[-1]), mount=mount)
        if seen.code == 200:
            raise Finding("a form that was right was answered with 200, so that reloading the page sends it again",
                          "the answer to a form is the way to a page, and not the page: 303")  # fmt: skip
        if seen.code in (301, 302, 307, 308):
            raise Finding("a form that was right was answered with a redirect other than 303",
                          "which of the redirects says: get this other page, with GET?")  # fmt: skip
        assert seen.code == 303, "the status line for a form that is right: 303 See Other"
        places = seen.all_headers("Location")
        if len(places) != 1:
            raise Finding("the answer 303 had no header Location, or more than one", "where shall the browser go now?")
        if not places[0].isascii() or target(places[0], f"{SITE}{quote(mount)}{PLACE}") != f"{SITE}{mount}{PLACE}":
            raise complaint
        seen.check(rules.CONTENT_LENGTH)
    shown = [item.text for item in entries(trace, app)[before:]]
    if len(shown) != len(notes):
        raise Finding("the same film was added several times, and the list did not have an entry for each time",
                      "in what do you keep the entries? A dict has one value for each key")  # fmt: skip
    if not all(note in text for note, text in zip(notes, shown, strict=True)):
        raise Finding("the entries did not stand in the order in which they were added",
                      "nothing has to be sorted: what was added last stands at the end")  # fmt: skip


MOUNTS = (
    ("", Finding("the answer 303 did not lead to the list", "the value of Location")),
    ("/list", Finding("the answer 303 led out of the app, which was mounted below a prefix",
                      "what is in SCRIPT_NAME, and what does Location begin with?")),
    ("/电影/list", Finding("the answer 303 led elsewhere, for SCRIPT_NAME had other characters than those of ASCII",
                         "a character of SCRIPT_NAME is a byte: quote(..., encoding='latin-1') writes it for an address")),
)  # fmt: skip

NOTE = "影 单: 1 + 1 = 2 & é; 100% #?/ %41+"
KINDS = (
    (FORM, Finding("a note with other characters than letters was not shown as it was sent",
                   "the order of the steps: cut at & and =, then replace + and %XX, then decode; each of them once")),
    (f"{FORM}; charset=UTF-8", Finding("a form whose media type has a parameter was not taken",
                                       "the media type ends at the first semicolon")),
    (f"{FORM};charset=utf-8", Finding("a form whose media type has a parameter was not taken",
                                      "the media type ends at the first semicolon")),
    ("Application/X-WWW-Form-URLencoded", Finding("a form whose media type has capital letters was not taken",
                                                  "upper and lower case are the same in a media type")),
)  # fmt: skip


@mark.points(6, "correctness", statement="decoding")
def test_utf8_and_plus_in_note(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """a note is shown as it was sent, however a browser writes it, with or without a parameter of the media type"""
    app = make_app()
    for kind, complaint in KINDS:
        for write in (quote_plus, quote, lambda text: re.sub("%..", lower, quote_plus(text))):
            word = text_of(rng)
            send(trace, app, f"movie_id=1&note={write(f'{word} {NOTE}')}&stars=4".encode(), kind=kind)
            found = [item.text for item in entries(trace, app) if word in item.text]
            if len(found) != 1:
                raise complaint
            if f"{word} {NOTE}" not in found[0]:
                raise decoding_fault(found[0])
    for body in (b"movie_id=1&stars=4&note=%ff%fe", b"movie_id=1&stars=4&note=\xff\xfe", b"%ff=%e4%bd&\xe4=\x00"):
        seen = send(trace, app, body)
        if not seen.code or seen.code >= 500:
            raise Finding("a form with bytes that are not UTF-8 was answered with a status from 500 on",
                          "decoding can fail: what do you want to have in place of such bytes?")  # fmt: skip
        entries(trace, app)


def lower(found: re.Match[str]) -> str:
    """Return a percent-escape in lower-case letters."""
    return found[0].lower()


def decoding_fault(text: str) -> Finding:
    """Say what went wrong with a note."""
    if NOTE.replace(" ", "+") in text:
        return Finding("in a note the blanks were shown as +", "in a form + stands for a blank, and %2B for a plus")
    if "%E5" in text.upper():
        return Finding("in a note percent-escapes could be read", "unquote() leaves + alone, unquote_plus() does both")
    return KINDS[0][1]


ODD = '<b>\'x\' & "y"</b> <li data-id="9"> &lt;3 </li></ul><script>'
USUAL = re.sub("[<>&\"'/=;]", "x", ODD)


@mark.points(6, "robustness", statement="escaping")
def test_note_escaped_on_page(make_app: AppMaker, trace: Tracer) -> None:
    """a note is shown character by character, in the list as well as on the page of errors"""
    app = make_app()
    lists, pages = [], []
    for text in (USUAL, USUAL, ODD):
        send(trace, app, encoded(movie_id=1, stars=5, note=text))
        lists.append(read_page(trace(app, "GET", PLACE).body))
        pages.append(read_page(send(trace, app, encoded(movie_id=text, stars=text, note=text)).body))
    if USUAL not in lists[0].text:
        raise Finding("a form that was right was sent, and in the list there was not one li with its note",
                      "which bytes do you read, how do they become the fields, and where do you keep them?")  # fmt: skip
    once, twice, odd = (Counter(page.structure) for page in lists)
    if odd - twice != twice - once:
        raise Finding("characters of a note became tags or attributes of the list",
                      "where does text become HTML? There < > & and both kinds of quotes have to be escaped")  # fmt: skip
    if pages[2].structure != pages[0].structure:
        raise Finding("characters of a bad field became tags or attributes of the page of errors",
                      "whatever you show of what was sent has to be escaped, on every page")  # fmt: skip
    if "&amp;" in lists[2].text or "&quot;" in lists[2].text:
        raise Finding("one can read &amp; or &quot; in a note", "how often is this text escaped?")
    if ODD not in lists[2].text:
        raise Finding("a note with < > & or quotes was not shown as it was sent",
                      "a note may have &lt; in it, and a browser has to show these four characters")  # fmt: skip


# -- the fields


FILMS: list[dict[str, int | str]] = [
    {"id": number, "title_zh": f"片{number}", "title_en": f"Film {LEAK_MARKER}", "year": 1977, "director": "N. N."}
    for number in (88, 70, 6)
]
Fields = Mapping[str, object]
GOOD: Fields = {"movie_id": 70, "stars": 3, "note": "fine"}
RIGHT: tuple[tuple[Fields, Finding], ...] = (
    ({"stars": 1}, Finding("a form with one star was refused", "is 1 among the stars that are allowed?")),
    ({"stars": 5}, Finding("a form with five stars was refused", "is 5 among the stars that are allowed?")),
    ({"movie_id": 6}, Finding("a form for a film of the catalogue was refused", "where do you look for the film?")),
    ({"note": ""}, Finding("a form with an empty note was refused", "the note is the one field that may be missing")),
    ({"note": None}, Finding("a form without a note was refused", "the note is the one field that may be missing")),
    ({"note": "影" * 200}, Finding("a note of exactly 200 characters was refused",
                                  "characters or bytes? And is 200 still allowed?")),
    ({"more": "x"}, Finding("a form with a field that nobody knows was refused", "other fields are ignored")),
)  # fmt: skip
NO_FILM = Finding("a film that is not in the catalogue was taken, or movie_id was not the only field with an error",
                  "the films are those that make_app was given")  # fmt: skip
NO_ID = Finding("a movie_id that is no number was taken, or movie_id was not the only field with an error",
                "what may an id consist of? int() takes more than the digits 0 to 9, and raises for the rest")  # fmt: skip
NO_STARS = Finding("stars that are not a digit from 1 to 5 were taken, or stars was not the only field with an error",
                   "what may stars consist of? int() takes more than the digits 0 to 9, and raises for the rest")  # fmt: skip
LONG = Finding("a note of more than 200 characters was taken, or note was not the only field with an error",
               "the length of the note is counted after decoding, in characters")  # fmt: skip
MISSING = Finding("a field was missing or empty, and the errors did not name it alone",
                  "what does your code find when a field was not sent at all?")  # fmt: skip
SEVERAL = Finding("several fields were bad, and the page did not have one li of class error for each of them",
                  "after the first bad field the others have to be looked at too")  # fmt: skip
NO_DIGITS = ("x", "-3", "+3", " 3", "3 ", "3\n", "3.0", "3e0", "0_3", "３", "²", "9" * 5000)
WRONG: tuple[tuple[Fields, Finding], ...] = (
    *(({"movie_id": text}, NO_FILM) for text in (1, 7, 0)),
    *(({"movie_id": text.replace("3", "6").replace("３", "６")}, NO_ID) for text in NO_DIGITS),
    *(({"stars": text}, NO_STARS) for text in (0, 6, 10, *NO_DIGITS)),
    *(({"note": text}, LONG) for text in ("影" * 201, "x" * 201)),
    *(({name: value}, MISSING) for name in ("movie_id", "stars") for value in (None, "")),
    ({"movie_id": 1, "stars": 9}, SEVERAL),
    ({"movie_id": None, "stars": None, "note": "x" * 999}, SEVERAL),
)


@mark.points(6, "correctness", statement="fields")
def test_field_rules(make_app: AppMaker, trace: Tracer) -> None:
    """each field is checked by its own rule, each bad one is named in an li of its own, and only good forms add entries"""
    app = make_app(catalog=FILMS)
    for fields, complaint in RIGHT:
        if (send(trace, app, form_of(fields)).code or 500) >= 400:
            raise complaint
    before = len(entries(trace, app))
    for fields, complaint in WRONG:
        seen = send(trace, app, form_of(fields))
        if seen.code != 400 or named(read_page(seen.body)) != sorted(fields):
            raise complaint
    if len(entries(trace, app)) != before:
        raise Finding(
            "a form was answered with 400, and there was an entry more all the same", "when is an entry added?"
        )
    seen = send(trace, app, form_of({}) + b"&stars=9&movie_id=1&note=twice")
    if seen.code == 400 or "twice" in entries(trace, app)[-1].text:
        raise Finding("a field was sent twice, and it was not the first value that counted",
                      "dict() of pairs keeps the last value of a name")  # fmt: skip


def form_of(changed: Fields) -> bytes:
    """Return a good form in which some fields are changed; None leaves one out."""
    return encoded(**{name: value for name, value in {**GOOD, **changed}.items() if value is not None})


# -- two requests at a time


@mark.points(8, "robustness", rule="PEP 3333 (should): Thread Support", statement="overlap")
def test_interleaved_requests(make_app: AppMaker, trace: Tracer, rng: random.Random) -> None:
    """when a second request comes while the body of the first one is read, both get their own answers and entries"""
    app = make_app()
    notes = text_of(rng), text_of(rng)
    good = [encoded(movie_id=1, stars=stars, note=note) for stars, note in zip((2, 5), notes, strict=True)]
    bad = [encoded(movie_id="none", stars=3), encoded(movie_id=1, stars=9)]
    before = len(entries(trace, app))
    answers = overlapping(trace, app, good[0], good[1])
    assert all(was_taken(seen) for seen in answers), "two forms at a time, both of them right: are both answered so?"
    for seen, other in zip(answers, ("/two", "/one"), strict=True):
        if target(seen.header("Location") or "", f"{SITE}{PLACE}") == f"{SITE}{other}{PLACE}":
            raise Finding("two forms came at a time, and the answer to one led to the place of the other",
                          "what does your app keep outside of the call, on self or in a global name?")  # fmt: skip
    check_entries(entries(trace, app), before, notes)
    for forms, expected in (((good[0], bad[1]), [True, False]), ((bad[0], good[1]), [False, True])):
        before = len(entries(trace, app))
        taken = [was_taken(seen) for seen in overlapping(trace, app, *forms)]
        if taken != expected or len(entries(trace, app)) != before + 1:
            raise Finding("a right form and a bad one came at a time, and an answer or an entry was that of the other",
                          "what does your app keep outside of the call, on self or in a global name?")  # fmt: skip


def was_taken(seen: Trace) -> bool:
    """Tell whether an answer says that a form was right; with which status is for other tests to ask."""
    return (seen.code or 500) < 400 and not read_page(seen.body).with_class("li", "error")


def overlapping(trace: Tracer, app: App, outer: bytes, inner: bytes) -> tuple[Trace, Trace]:
    """Send two forms, the second while the app reads the first; return both conversations in this order."""
    answered: list[Trace] = []
    seen = send(trace, app, outer, mount="/one",
                before_read=lambda: answered.append(send(trace, app, inner, mount="/two")))  # fmt: skip
    if not answered:
        raise Finding("a form was sent, and nothing of its body was read", "where do the fields of a form come from?")
    return seen, answered[0]


def check_entries(items: list[Element], before: int, notes: tuple[str, str]) -> None:
    """Ask for one entry for each of two notes, each with its own stars; their order is free."""
    texts = [[item.text for item in items if note in item.text] for note in notes]
    if len(items) < before + 2 or not all(texts):
        raise Finding("two forms came at a time, and an entry was lost",
                      "what does your app look up before it reads the body, and use after it?")  # fmt: skip
    if len(items) > before + 2 or any(len(found) != 1 for found in texts) or notes[1] in texts[0][0]:
        raise Finding("two forms came at a time, and an entry was there twice, or mixed with the other",
                      "what does your app keep outside of the call, on self or in a global name?")  # fmt: skip
    for found, stars in zip(texts, "25", strict=True):
        assert stars in found[0], "two forms at a time: has each entry its own number of stars?"
