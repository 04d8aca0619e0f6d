"""A2: pages for the films of a catalogue."""

import html
import json
import re
from typing import NamedTuple
from urllib.parse import quote
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
JSON = "application/json"


class NotFound(Exception):
    """Raised by a handler when the row is right but there is no such film."""


class Site(NamedTuple):
    """What a handler may look at: the films of this application, and where its links begin in this request."""

    films: list
    by_id: dict
    base: str

    def film(self, film_id):
        try:
            return self.by_id[film_id]  # ids are compared as text, so a number of 5,000 digits is never computed
        except KeyError:
            raise NotFound(film_id) from None

    def link(self, path, content):
        return f'<a href="{escape(self.base + path)}">{content}</a>'


def escape(value):
    """Text becomes HTML. A carriage return would be read as a newline if it stood as it is."""
    return html.escape(str(value)).replace("\r", "&#13;")


def shown(value):
    """Text becomes HTML that is shown with all of its blanks."""
    return f'<span style="white-space: pre-wrap">{escape(value)}</span>'


def page(title, *content):
    """Lay out a page. The title is text, the pieces of content are HTML already."""
    body = "\n".join(content)
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body>\n<h1>{shown(title)}</h1>\n{body}\n</body></html>\n"
    )


# Handlers: they return the media type and the body.


def home(site):
    return HTML, page("影单 · Watch-list", f"<p>{site.link('/movies', '所有电影 · All films')}</p>")


def film_list(site):
    items = [
        f'<li data-id="{escape(film["id"])}">'
        + site.link(f"/movies/{film['id']}", f"{shown(film['title_zh'])} · {shown(film['title_en'])}")
        + "</li>"
        for film in site.films
    ]
    return HTML, page("电影 · Films", "<ul>", *items, "</ul>", f"<p>{site.link('/', '影单')}</p>")


def film_page(site, film_id):
    film = site.film(film_id)
    return HTML, page(
        film["title_zh"],
        f"<p>{shown(film['title_en'])}</p>",
        "<dl>",
        f"<dt>年份 · Year</dt><dd>{shown(film['year'])}</dd>",
        f"<dt>导演 · Director</dt><dd>{shown(film['director'])}</dd>",
        "</dl>",
        f"<p>{site.link('/movies', '所有电影 · All films')}</p>",
    )


def film_json(site, film_id):
    return JSON, json.dumps(site.film(film_id), ensure_ascii=False)


def row(shape, handler):
    pattern = re.escape(shape).replace("ID", "([0-9]+)")
    return re.compile(pattern), {"GET": handler, "HEAD": handler}


ROUTES = [
    row("/", home),
    row("/movies", film_list),
    row("/movies/ID", film_page),
    row("/api/movies/ID", film_json),
]


def match(path):
    """Return the methods of the row for a path, and the variable parts of the path as text; None if there is no row."""
    for pattern, methods in ROUTES:
        if found := pattern.fullmatch(path):
            return methods, found.groups()
    return None


def error(path, status):
    if path.startswith("/api/"):
        return JSON, json.dumps({"error": status})
    return HTML, page(status)


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    films = [dict(film) for film in (CATALOG if catalog is None else catalog)]
    by_id = {str(film["id"]): film for film in films}

    def answer(method, path, site):
        """Return the status, the media type, the text of the body, and further headers, as if HEAD were GET."""
        found = match(path)
        if found is None:
            status = "404 Not Found"
            return status, *error(path, status), []
        methods, args = found
        if method not in methods:
            status = "405 Method Not Allowed"
            return status, *error(path, status), [("Allow", ", ".join(methods))]
        try:
            return "200 OK", *methods[method](site, *args), []
        except NotFound:
            status = "404 Not Found"
            return status, *error(path, status), []

    def application(environ, start_response):
        method = environ["REQUEST_METHOD"]
        site = Site(films, by_id, quote(environ["SCRIPT_NAME"], encoding="latin-1"))
        status, kind, text, more = answer(method, environ["PATH_INFO"], site)

        # Half of a surrogate pair has no UTF-8: it is written the way the format writes it.
        body = text.encode("utf-8", "backslashreplace" if kind == JSON else "xmlcharrefreplace")
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [] if method == "HEAD" else [body]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
