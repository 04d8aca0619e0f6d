"""A3: text from the query string and from the path."""

import html
import json
import re
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


def query(environ):
    """Return the parameters of the query string as a dict of text; the first value of a key wins."""
    found = {}
    for key, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        found.setdefault(key, value)
    return found


def path_text(environ):
    """Return the path as text, or None if its bytes are not UTF-8."""
    try:
        return environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


class HTTPError(Exception):
    """An answer that is not 200; it carries the status line and additional headers."""

    def __init__(self, status, *headers):
        super().__init__(status)
        self.status, self.headers = status, list(headers)


NOT_FOUND = "404 Not Found"


class Request:
    """What one request asks for: everything in it is text already."""

    def __init__(self, environ):
        self.method = environ["REQUEST_METHOD"]
        self.path = path_text(environ)
        self.asked = query(environ)
        self.base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        self.wants_json = environ["PATH_INFO"].startswith("/api/")

    def number(self, key, default=None, low=0, high=None):
        """Return a parameter as an int, or the default if it is not there at all."""
        if key not in self.asked:
            return default
        if not re.fullmatch("[0-9]{1,18}", self.asked[key]):
            raise HTTPError("400 Bad Request")
        value = int(self.asked[key])
        if value < low or (high is not None and value > high):
            raise HTTPError("400 Bad Request")
        return value


def page(title, content):
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'


def items(films, base):
    """Return a list of films as HTML."""
    lines = []
    for film in films:
        titles = html.escape(f"{film['title_zh']} {film['title_en']}")
        lines.append(f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">{titles}</a></li>')
    return "<ul>" + "\n".join(lines) + "</ul>"


def find(films, key, text):
    """Return the first film one of whose values is written like this."""
    for film in films:
        if str(film[key]) == text:
            return film
    raise HTTPError(NOT_FOUND)


def with_text(films, text):
    """Return the films that have a text in one of their titles."""
    text = text.lower()
    return [film for film in films if text in film["title_zh"].lower() or text in film["title_en"].lower()]


# The handlers. Each gets the request, the films and the variable parts of the path. Text becomes a page, all else JSON.


def home(request, films):
    """Answer /."""
    return page("影单", f'<a href="{request.base}/movies">电影</a>')


def film_list(request, films):
    """Answer /movies."""
    return page("影单", items(films, request.base))


def film_page(request, films, number):
    """Answer /movies/<id>."""
    film = find(films, "id", number)
    return page(film["title_zh"], "<br>".join(html.escape(str(film[key])) for key in FIELDS[1:]))


def film_data(request, films, number):
    """Answer /api/movies/<id>."""
    return find(films, "id", number)


def search(request, films):
    """Answer /search: the films with a text in one of their titles."""
    text = request.asked.get("q", "")
    form = (
        f'<form action="{request.base}/search"><input name="q" value="{html.escape(text)}">'
        "<button>搜索</button></form>\n"
    )
    if not text:
        return page("搜索", form)
    return page(f"搜索：{text}", form + items(with_text(films, text), request.base))


def list_data(request, films):
    """Answer /api/movies: one page of the films that were found, and how many there are on all pages."""
    number = request.number("page", 1, low=1)
    size = request.number("per_page", 10, low=1, high=100)
    year = request.number("year")
    found = with_text(films, request.asked.get("q", ""))  # the empty text is in every title
    if year is not None:
        found = [film for film in found if film["year"] == year]
    start = (number - 1) * size
    return {"items": found[start : start + size], "page": number, "per_page": size, "total": len(found)}


def title_data(request, films, title):
    """Answer /api/titles/<title_zh>."""
    return find(films, "title_zh", title)


ROWS = [
    ("/", home),
    ("/movies", film_list),
    ("/movies/([^/]+)", film_page),
    ("/api/movies/([^/]+)", film_data),
    ("/search", search),
    ("/api/movies", list_data),
    ("/api/titles/([^/]+)", title_data),
]


def respond(request, films):
    """Find the row for a path, and let its handler answer: first the path, then the method, then the rest."""
    if request.path is None:
        raise HTTPError(NOT_FOUND)
    for shape, handler in ROWS:
        if found := re.fullmatch(shape, request.path):
            if request.method not in ("GET", "HEAD"):
                raise HTTPError("405 Method Not Allowed", ("Allow", "GET, HEAD"))
            return handler(request, films, *found.groups())
    raise HTTPError(NOT_FOUND)


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    films = CATALOG if catalog is None else catalog

    def application(environ, start_response):
        # 1. Read the request.
        request = Request(environ)

        # 2. Decide, and 3. Build the body.
        status, extra = "200 OK", []
        try:
            content = respond(request, films)
        except HTTPError as problem:
            status, extra = problem.status, problem.headers
            content = {"error": status} if request.wants_json else page(status, "")
        if isinstance(content, str):
            kind, body = "text/html; charset=utf-8", content.encode("utf-8")
        else:
            kind, body = "application/json", json.dumps(content).encode("utf-8")

        # 4. Announce (start_response).
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *extra])

        # 5. Deliver & release. To HEAD nothing is delivered.
        return [] if request.method == "HEAD" else [body]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
