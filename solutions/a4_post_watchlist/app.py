"""A4: a watch-list that grows by a form. What a visitor sent is read, checked, kept, and then shown by another request."""

import html
import re
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol
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

FORM = "application/x-www-form-urlencoded"
MAX_BODY, MAX_NOTE = 65536, 200
STARS = ("1", "2", "3", "4", "5")
LENGTH = re.compile(r"[0-9]{1,18}")

Film = Mapping[str, int | str]
Films = Mapping[str, Film]
"""Films by their id as it stands in a form, in the order of the catalogue."""
Entry = tuple[int, int, str]
"""The id of a film, the number of stars, and the note."""


class Store(Protocol):
    """Keeps entries in the order of adding. Both methods may be called by several threads at a time."""

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry and return its number."""

    def all(self) -> list[Entry]:
        """Return all entries."""


class MemoryStore:
    """Keeps entries as long as the process lives."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.entries: list[Entry] = []

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry and return its number."""
        with self.lock:
            self.entries.append((movie_id, stars, note))
            return len(self.entries)

    def all(self) -> list[Entry]:
        """Return all entries."""
        with self.lock:
            return list(self.entries)


class Answer(NamedTuple):
    """What a handler makes of a request; the application turns it into WSGI."""

    status: str
    text: str
    more: tuple[tuple[str, str], ...] = ()


class Request(NamedTuple):
    """What a handler may look at."""

    environ: WSGIEnvironment
    base: str
    films: Films
    store: Store


def page(title: str, content: str, status: str = "200 OK", *more: tuple[str, str]) -> Answer:
    """Lay out a page. The title is text, the content is HTML."""
    title = html.escape(title)
    head = f'<!DOCTYPE html>\n<html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>\n'
    return Answer(status, f"{head}<h1>{title}</h1>\n{content}\n</html>\n", more)


def form(request: Request) -> str:
    """Return the form by which an entry is added."""
    films = (
        f'<option value="{number}">{html.escape(str(film["title_zh"]))}</option>'
        for number, film in request.films.items()
    )
    return (
        f'<form method="post" action="{request.base}/watchlist">'
        f'<select name="movie_id">{"".join(films)}</select> '
        '<input name="stars" type="number" min="1" max="5" value="3"> '
        f'<input name="note" maxlength="{MAX_NOTE}"> <button>+</button></form>'
    )


def home(request: Request) -> Answer:
    """Show the way in."""
    return page("影单", f'<p><a href="{request.base}/watchlist">Watch-list</a></p>')


def show_list(request: Request) -> Answer:
    """Show what was added, and the form for more."""
    items = (show_entry(request.films.get(str(entry[0])), entry) for entry in request.store.all())
    return page("影单", f"<ol>{''.join(items)}</ol>\n{form(request)}")


def show_entry(film: Film | None, entry: Entry) -> str:
    """Return one entry as HTML; a store that outlives its catalogue may have films that nobody knows."""
    number, stars, note = entry
    title = html.escape(str(film["title_zh"])) if film else ""
    return f'<li data-id="{number}">{title} {stars}{"★" * stars} <q>{html.escape(note)}</q></li>'


def add_entry(request: Request) -> Answer:
    """Take what a form sent: each check comes before the work that it can save."""
    if media_type(request.environ) != FORM:
        return page("415 Unsupported Media Type", f"<p>Please send {FORM}.</p>", "415 Unsupported Media Type")
    length = body_length(request.environ)
    if length > MAX_BODY:
        return page("413 Content Too Large", f"<p>At most {MAX_BODY} bytes.</p>", "413 Content Too Large")
    fields = read_form(request.environ, length)
    errors = check(fields, request.films)
    if errors:
        items = (f'<li class="error">{name}: {html.escape(error)}</li>' for name, error in errors.items())
        return page("400 Bad Request", f"<ul>{''.join(items)}</ul>\n{form(request)}", "400 Bad Request")
    request.store.add(int(fields["movie_id"]), int(fields["stars"]), fields.get("note", ""))
    return page("303 See Other", "", "303 See Other", ("Location", f"{request.base}/watchlist"))


def media_type(environ: WSGIEnvironment) -> str:
    """Return the type of the body, lower-case and without parameters."""
    return environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()


def body_length(environ: WSGIEnvironment) -> int:
    """Return the number of bytes of the body; without a number there is none."""
    text = environ.get("CONTENT_LENGTH", "")
    return int(text) if LENGTH.fullmatch(text) else 0


def read_form(environ: WSGIEnvironment, length: int) -> dict[str, str]:
    """Read the body and return its fields; of a name that stands twice the first value counts."""
    body = environ["wsgi.input"].read(length) if length else b""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, value)
    return fields


def check(fields: Mapping[str, str], films: Films) -> dict[str, str]:
    """Return what is wrong with each bad field."""
    rules = {
        "movie_id": (fields.get("movie_id") in films, "there is no such film"),
        "stars": (fields.get("stars") in STARS, "choose a number from 1 to 5"),
        "note": (len(fields.get("note", "")) <= MAX_NOTE, f"at most {MAX_NOTE} characters"),
    }
    return {name: error for name, (good, error) in rules.items() if not good}


Handler = Callable[[Request], Answer]
ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": home, "HEAD": home},
    "/watchlist": {"GET": show_list, "HEAD": show_list, "POST": add_entry},
}


def respond(request: Request) -> Answer:
    """Decide: the path comes first, then the method, then whatever the handler checks."""
    methods = ROUTES.get(request.environ.get("PATH_INFO", ""))
    if methods is None:
        return page("404 Not Found", "", "404 Not Found")
    handler = methods.get(request.environ["REQUEST_METHOD"])
    if handler is None:
        return page("405 Method Not Allowed", "", "405 Method Not Allowed", ("Allow", ", ".join(methods)))
    return handler(request)


def make_app(catalog: list[Film] | None = None, store: Store | None = None) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one, with a store or one of its own."""
    films = {str(film["id"]): film for film in (CATALOG if catalog is None else catalog)}
    kept = MemoryStore() if store is None else store

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        base = quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1")
        status, text, more = respond(Request(environ, base, films, kept))
        body = text.encode("utf-8", "replace")
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))), *more]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


application = make_app()
