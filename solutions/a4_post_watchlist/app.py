"""A4: a watch-list that grows by a form. What a visitor sent is read, checked, kept, and then shown by another request.

What the starter gives is as it was there, but for annotations and `make_app`.
"""

import html
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

FIELDS = ("id", "title_zh", "title_en", "year", "director")
FILMS = [
    (1, "霸王别姬", "Farewell My Concubine", 1993, "Chen Kaige"),
    (2, "天使爱美丽", "Amélie", 2001, "Jean-Pierre Jeunet"),
    (3, "机器人总动员", "WALL·E", 2008, "Andrew Stanton"),
    (4, "两杆大烟枪", "Lock, Stock & Two Smoking Barrels", 1998, "Guy Ritchie"),
    (5, "十二怒汉", "12 Angry Men", 1957, "Sidney Lumet"),
    (6, "千与千寻", "Spirited Away", 2001, "Hayao Miyazaki"),
    (7, "肖申克的救赎", "The Shawshank Redemption", 1994, "Frank Darabont"),
    (8, "这个杀手不太冷", "Léon", 1994, "Luc Besson"),
    (9, "大话西游之大圣娶亲", "A Chinese Odyssey Part Two: Cinderella", 1995, "Jeffrey Lau"),
    (10, "龙猫", "My Neighbor Totoro", 1988, "Hayao Miyazaki"),
    (11, "活着", "To Live", 1994, "Zhang Yimou"),
    (12, "花样年华", "In the Mood for Love", 2000, "Wong Kar-wai"),
]
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

HTML = "text/html; charset=utf-8"
MAX_BODY = 65536  # bytes
MAX_NOTE = 200  # characters
FORM = "application/x-www-form-urlencoded"
STARS = ("1", "2", "3", "4", "5")
LENGTH = re.compile(r"[0-9]{1,18}")

Film = Mapping[str, Any]
Entry = tuple[int, int, str]
"""The id of a film, the number of stars, and the note."""
Header = tuple[str, str]
Answer = tuple[str, str, list[Header]]
"""The status line, the text of a page, and further headers."""


class Store:
    """Keeps entries in the order of adding, as long as the process lives. Several threads may use it at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.entries = []

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry and return its number."""
        with self.lock:
            self.entries.append((movie_id, stars, note))
            return len(self.entries)

    def all(self) -> list[Entry]:
        """Return all entries."""
        with self.lock:
            return list(self.entries)


class Site:
    """What one application knows, the same for all of its requests: its films, and where it keeps the entries."""

    def __init__(self, catalog: Iterable[Film], store: Store) -> None:
        self.films = {str(film["id"]): film for film in catalog}  # by the id as it stands in a form
        self.store = store


def page(title: str, content: str, status: str = "200 OK", headers: Iterable[Header] = ()) -> Answer:
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    text = f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'
    return status, text, list(headers)


def error(status: str, content: str = "", headers: Iterable[Header] = ()) -> Answer:
    """Say what went wrong: the status line is the heading of the page."""
    return page(status, content, status, headers)


def home(site: Site, environ: WSGIEnvironment, base: str) -> Answer:  # noqa: ARG001 - as every handler
    """Answer GET /."""
    return page("影单", f'<p><a href="{base}/watchlist">Watch-list</a>, {len(site.films)} films to choose from</p>')


def form(site: Site, base: str) -> str:
    """Return the form of the watch-list as HTML."""
    films = "".join(
        f'<option value="{number}">{html.escape(film["title_zh"])} {html.escape(film["title_en"])}</option>'
        for number, film in site.films.items()
    )
    return (
        f'<form method="post" action="{base}/watchlist">\n'
        f'<select name="movie_id">{films}</select>\n'
        '<input name="stars" type="number" min="1" max="5" value="3">\n'
        f'<input name="note" maxlength="{MAX_NOTE}">\n'
        "<button>Add</button>\n</form>"
    )


def show_list(site: Site, environ: WSGIEnvironment, base: str) -> Answer:  # noqa: ARG001 - as every handler
    """Answer GET /watchlist."""
    items = "".join(show_entry(entry, site.films) for entry in site.store.all())
    return page("影单", f"<ol>{items}</ol>\n{form(site, base)}")


def show_entry(entry: Entry, films: Mapping[str, Film]) -> str:
    """Return one entry as HTML; a store that outlives its catalogue may have films that nobody knows."""
    number, stars, note = entry
    title = films[str(number)]["title_zh"] if str(number) in films else ""
    return f'<li data-id="{number}">{html.escape(title)} {stars}★ <q>{html.escape(note)}</q></li>'


def add_entry(site: Site, environ: WSGIEnvironment, base: str) -> Answer:
    """Answer POST /watchlist: each check comes before the work that it can save."""
    if media_type(environ) != FORM:
        return error("415 Unsupported Media Type")
    length = body_length(environ)
    if length > MAX_BODY:
        return error("413 Content Too Large")
    fields = {"note": "", **read_form(environ, length)}
    errors = check(fields, site.films)
    if errors:
        items = "".join(f'<li class="error">{name}: {html.escape(why)}</li>' for name, why in errors.items())
        return error("400 Bad Request", f"<ul>{items}</ul>\n{form(site, base)}")
    site.store.add(int(fields["movie_id"]), int(fields["stars"]), fields["note"])
    return "303 See Other", "", [("Location", f"{base}/watchlist")]


def media_type(environ: WSGIEnvironment) -> str:
    """Return the type of the body, lower-case and without parameters."""
    return environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()


def body_length(environ: WSGIEnvironment) -> int:
    """Return the number of bytes of the body; without a number there is none."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if LENGTH.fullmatch(text) else 0


def read_form(environ: WSGIEnvironment, length: int) -> dict[str, str]:
    """Read the body and return its fields; of a name that stands twice the first value counts."""
    body = environ["wsgi.input"].read(length).decode(errors="replace")
    fields: dict[str, str] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        fields.setdefault(name, value)
    return fields


def check(fields: Mapping[str, str], films: Mapping[str, Film]) -> dict[str, str]:
    """Return what is wrong with each bad field."""
    rules = {
        "movie_id": (fields.get("movie_id") in films, f"one of the {len(films)} films"),
        "stars": (fields.get("stars") in STARS, f"one of {', '.join(STARS)}"),
        "note": (len(fields["note"]) <= MAX_NOTE, f"at most {MAX_NOTE} characters"),
    }
    return {name: why for name, (good, why) in rules.items() if not good}


# For each path the methods, and for each method the handler that answers it.
ROUTES = {
    "/": {"GET": home, "HEAD": home},
    "/watchlist": {"GET": show_list, "HEAD": show_list, "POST": add_entry},
}


def respond(site: Site, environ: WSGIEnvironment, base: str) -> Answer:
    """Decide: the path comes first, then the method, then whatever the handler checks."""
    methods = ROUTES.get(environ["PATH_INFO"])
    if methods is None:
        return error("404 Not Found")
    handler = methods.get(environ["REQUEST_METHOD"])
    if handler is None:
        return error("405 Method Not Allowed", headers=[("Allow", ", ".join(methods))])
    return handler(site, environ, base)


def make_app(catalog: list[Film] | None = None, store: Store | None = None) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one, with a store or one of its own."""
    site = Site(CATALOG if catalog is None else catalog, Store() if store is None else store)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        status, text, headers = respond(site, environ, base)
        start_response(status, [("Content-Type", HTML), *headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text.encode()]

    return application


application = make_app()
