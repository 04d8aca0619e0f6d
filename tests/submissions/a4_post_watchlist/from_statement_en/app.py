"""A4: a watch-list that grows by a form. Fill in every TODO.

What earlier exercises were about is here and works: the films, pages, errors, a table of paths and methods, HEAD. You may
bring your own pages along, and change everything but the names that the task asks for: CATALOG, make_app and application.
"""

import html
import threading
from urllib.parse import parse_qsl, quote
from wsgiref.simple_server import make_server

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
# One dict for each film: {"id": 1, "title_zh": "霸王别姬", "title_en": "Farewell My Concubine", ...}
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

HTML = "text/html; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
MAX_BODY = 65536  # bytes
MAX_NOTE = 200  # characters


class Store:
    """Keeps entries in the order in which they were added. Several threads may use it at the same time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def add(self, movie_id, stars, note):
        """Keep an entry: an int, an int and a str. Return its number."""
        with self.lock:
            self.entries.append((movie_id, stars, note))
            return len(self.entries)

    def all(self):
        """Return all entries: a list of (movie_id, stars, note)."""
        with self.lock:
            return list(self.entries)


class Site:
    """What one application knows, the same for all of its requests: its films, and where it keeps the entries."""

    def __init__(self, catalog, store):
        self.films = {str(film["id"]): film for film in catalog}  # by the id as it stands in a form
        self.store = store


# A handler gets the site, the environ and the beginning of every link. It returns the status line, the text of a page and
# a list of further headers.


def page(title, content, status="200 OK", headers=()):
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    text = f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'
    return status, text, list(headers)


def error(status, content="", headers=()):
    """Say what went wrong: the status line is the heading of the page."""
    return page(status, content, status, headers)


def home(site, environ, base):
    """Answer GET /."""
    return page("影单", f'<p><a href="{base}/watchlist">Watch-list</a>, {len(site.films)} films to choose from</p>')


def form(site, base):
    """Return the form of the watch-list as HTML: this is what a browser sends to POST /watchlist."""
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


def entry_item(site, movie_id, stars, note):
    """Return one entry of the list as HTML."""
    film = site.films.get(str(movie_id))  # a store may know films that the catalogue does not
    title = f"{film['title_zh']} {film['title_en']}" if film else "?"
    return f'<li data-id="{movie_id}">{html.escape(title)}: {stars} ★ <q>{html.escape(note)}</q></li>\n'


def show_list(site, environ, base):
    """Answer GET /watchlist."""
    items = "".join(entry_item(site, *entry) for entry in site.store.all())
    return page("影单 · Watch-list", f"<ol>{items}</ol>\n{form(site, base)}")


def body_length(environ):
    """Return the number in CONTENT_LENGTH, or 0 if there is none."""
    text = environ.get("CONTENT_LENGTH") or ""
    if not (text.isascii() and text.isdigit()):
        return 0
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= 12 else MAX_BODY + 1  # int() refuses thousands of digits


def read_form(environ, length):
    """Read the body of a request, and return the fields of the form in it: a dict of text."""
    body = environ["wsgi.input"].read(length) if length else b""
    fields = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"):
        fields.setdefault(name, value)  # the first value counts
    return fields


def check(fields, films):
    """Return what is wrong: for each bad field its name and a sentence."""
    errors = {}
    if fields.get("movie_id") not in films:
        errors["movie_id"] = "there is no such film"
    if fields.get("stars") not in ("1", "2", "3", "4", "5"):
        errors["stars"] = "one digit from 1 to 5, please"
    if len(fields.get("note", "")) > MAX_NOTE:
        errors["note"] = f"at most {MAX_NOTE} characters, please"
    return errors


def add_entry(site, environ, base):
    """Answer POST /watchlist."""
    # 1. Read the request: which media type does the body have, and how long is it?
    media_type = environ.get("CONTENT_TYPE") or ""
    media_type = media_type.partition(";")[0].strip().lower()
    length = body_length(environ)

    # 2. Decide: is it a form (415), is it too long (413), are the fields right (400)?
    if media_type != FORM:
        return error("415 Unsupported Media Type")
    if length > MAX_BODY:
        return error("413 Content Too Large")
    fields = read_form(environ, length)
    errors = check(fields, site.films)
    if errors:
        # 3. Build the body: the page with the errors.
        items = "".join(f'<li class="error">{name}: {html.escape(text)}</li>' for name, text in errors.items())
        return error("400 Bad Request", f"<ul>{items}</ul>\n{form(site, base)}")

    film = site.films[fields["movie_id"]]
    site.store.add(film["id"], int(fields["stars"]), fields.get("note", ""))
    return "303 See Other", "", [("Location", f"{base}/watchlist")]


# The table: for each path the methods, and for each method the handler that answers it.
ROUTES = {
    "/": {"GET": home, "HEAD": home},
    "/watchlist": {"GET": show_list, "HEAD": show_list, "POST": add_entry},
}


def make_app(catalog=None, store=None):
    """Return an application for a catalogue, or for CATALOG, which keeps its entries in a store."""
    site = Site(CATALOG if catalog is None else catalog, Store() if store is None else store)

    def application(environ, start_response):
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        methods = ROUTES.get(environ["PATH_INFO"])
        if methods is None:
            status, text, headers = error("404 Not Found")
        elif environ["REQUEST_METHOD"] not in methods:
            status, text, headers = error("405 Method Not Allowed", headers=[("Allow", ", ".join(methods))])
        else:
            status, text, headers = methods[environ["REQUEST_METHOD"]](site, environ, base)

        # 4. Announce (start_response): the handler may have added headers.
        start_response(status, [("Content-Type", HTML), *headers])

        # 5. Deliver & release: to HEAD nothing is delivered.
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text.encode("utf-8", "replace")]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
