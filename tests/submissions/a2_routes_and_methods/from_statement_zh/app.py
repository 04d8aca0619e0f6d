"""A2: pages for the films of a catalogue. Solved.

Functions that you would like to have may be added, and everything that is here may be changed but for the names that the
task asks for: CATALOG, match, make_app and application.
"""

import html
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
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


@dataclass(frozen=True)
class Request:
    """What the application reads from environ."""

    method: str
    path: str
    base: str  # percent-encoded SCRIPT_NAME: the beginning of every link

    @classmethod
    def from_environ(cls, environ):
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        return cls(environ["REQUEST_METHOD"], environ["PATH_INFO"], base)

    @property
    def for_program(self):
        return self.path.startswith("/api/")


@dataclass
class Response:
    """A complete response; knows how to announce and deliver itself."""

    body: bytes
    kind: str
    status: HTTPStatus = HTTPStatus.OK
    extra: list = field(default_factory=list)

    @classmethod
    def page(cls, title, content, status=HTTPStatus.OK):
        title = text(title)
        document = (
            '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
            "<style>h1, a, dd { white-space: pre-wrap }</style>"
            f"<title>{title}</title></head>\n<body><h1>{title}</h1>\n{content}\n</body></html>\n"
        )
        # A lone surrogate has no UTF-8 form; it must not turn into a 500.
        return cls(document.encode("utf-8", "xmlcharrefreplace"), "text/html; charset=utf-8", status)

    @classmethod
    def json(cls, data, status=HTTPStatus.OK):
        document = json.dumps(data, ensure_ascii=False)
        return cls(document.encode("utf-8", "backslashreplace"), "application/json", status)

    def send(self, start_response, *, with_body):
        headers = [("Content-Type", self.kind), ("Content-Length", str(len(self.body))), *self.extra]
        start_response(f"{self.status.value} {self.status.phrase}", headers)
        return [self.body] if with_body else []


class HTTPError(Exception):
    """Raised to answer with an error."""

    def __init__(self, status, *headers):
        super().__init__(status)
        self.status, self.headers = status, list(headers)

    def response(self, request):
        title = f"{self.status.value} {self.status.phrase}"
        if request.for_program:
            response = Response.json({"error": title}, self.status)
        else:
            response = Response.page(title, "", self.status)
        response.extra += self.headers
        return response


def text(value):
    """Text to HTML, for content and attributes; a parser would turn a bare CR into LF."""
    return html.escape(str(value)).replace("\r", "&#13;")


ROUTES = []


def route(shape):
    """Register a handler for GET and HEAD: HEAD runs the same function, the application drops the body."""

    def register(handler):
        ROUTES.append((re.compile(shape), {"GET": handler, "HEAD": handler}))
        return handler

    return register


def match(path):
    """Return the methods of the row for a path, and the variable parts of the path as text; None if there is no row."""
    for shape, methods in ROUTES:
        if found := shape.fullmatch(path):
            return methods, found.groups()
    return None


class Films:
    """The films of one application, a private copy in the order of the catalogue."""

    def __init__(self, catalog):
        self._by_id = {str(film["id"]): dict(film) for film in catalog}  # ids are compared as text: no int() limit

    def __iter__(self):
        return iter(self._by_id.values())

    def find(self, number):
        try:
            return self._by_id[number]
        except KeyError:
            raise HTTPError(HTTPStatus.NOT_FOUND) from None


@route(r"/")
def home(request, films):
    return Response.page("影单", f'<p><a href="{text(request.base)}/movies">所有电影</a></p>')


@route(r"/movies")
def film_list(request, films):
    items = "\n".join(
        f'<li data-id="{text(film["id"])}"><a href="{text(request.base)}/movies/{text(film["id"])}">'
        f"{text(film['title_zh'])} / {text(film['title_en'])}</a></li>"
        for film in films
    )
    return Response.page("电影列表", f"<ul>\n{items}\n</ul>")


@route(r"/movies/([0-9]+)")
def film_page(request, films, number):
    film = films.find(number)
    return Response.page(
        film["title_zh"],
        f"<dl><dt>英文片名</dt><dd>{text(film['title_en'])}</dd>\n"
        f"<dt>年份</dt><dd>{text(film['year'])}</dd>\n"
        f"<dt>导演</dt><dd>{text(film['director'])}</dd></dl>\n"
        f'<p><a href="{text(request.base)}/movies">所有电影</a></p>',
    )


@route(r"/api/movies/([0-9]+)")
def film_json(request, films, number):
    return Response.json(films.find(number))


def respond(request, films):
    """Find the row (404), then the method in it (405); the handler finds the film (404)."""
    row = match(request.path)
    if row is None:
        raise HTTPError(HTTPStatus.NOT_FOUND)
    methods, args = row
    if request.method not in methods:
        raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", ", ".join(methods)))
    return methods[request.method](request, films, *args)


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    films = Films(CATALOG if catalog is None else catalog)

    def application(environ, start_response):
        request = Request.from_environ(environ)
        try:
            response = respond(request, films)
        except HTTPError as error:
            response = error.response(request)
        return response.send(start_response, with_body=request.method != "HEAD")

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
