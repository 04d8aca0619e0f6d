"""A3: the watch-list learns to search. Text arrives as bytes, and in a path otherwise than in a query string."""

import html
import json
import re
from collections.abc import Mapping, Sequence
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

Film = Mapping[str, int | str]
Asked = Mapping[str, str]
Answer = tuple[str, object]
NUMBER = re.compile("[0-9]{1,18}")
MOST_PER_PAGE = 100


class BadNumber(Exception):
    """A parameter is no number, or none that it can be."""


def query(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the parameters of the query string; the first value of a key wins, and an empty one is a value too."""
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return dict(reversed(pairs))


def path_text(environ: WSGIEnvironment) -> str | None:
    """Return PATH_INFO as text: its characters stand for bytes (PEP 3333, Unicode Issues). None: they are not UTF-8."""
    path: str = environ.get("PATH_INFO", "")
    try:
        return path.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def page(title: str, content: str) -> str:
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'


def error(environ: WSGIEnvironment, status: str) -> object:
    """Say what went wrong: to a program in JSON, to a person on a page."""
    return {"error": status} if environ["PATH_INFO"].startswith("/api/") else page(status, "")


def items(films: Sequence[Film], base: str) -> str:
    """Return a list of films as HTML."""
    lines = []
    for film in films:
        titles = html.escape(f"{film['title_zh']} {film['title_en']}")
        lines.append(f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">{titles}</a></li>')
    return "<ul>" + "\n".join(lines) + "</ul>"


def find(films: Sequence[Film], key: str, text: str) -> Film | None:
    """Return the first film one of whose values is written like this, or None."""
    for film in films:
        if str(film[key]) == text:
            return film
    return None


# The handlers. Each of them gets the films, the beginning of every link, the parameters, and the variable parts of the
# path. It returns a status and the content: text is a page, None asks for the body of an error, all else becomes JSON.


def home(films: Sequence[Film], base: str, asked: Asked) -> Answer:  # noqa: ARG001 - all handlers are called alike
    """Answer /."""
    return "200 OK", page("影单", f'<a href="{base}/movies">电影</a>')


def film_list(films: Sequence[Film], base: str, asked: Asked) -> Answer:  # noqa: ARG001 - all handlers are called alike
    """Answer /movies."""
    return "200 OK", page("影单", items(films, base))


def film_page(films: Sequence[Film], base: str, asked: Asked, number: str) -> Answer:  # noqa: ARG001 - all handlers are called alike
    """Answer /movies/<id>."""
    film = find(films, "id", number)
    if film is None:
        return "404 Not Found", None
    return "200 OK", page(film["title_zh"], "<br>".join(html.escape(str(film[key])) for key in FIELDS[1:]))


def film_data(films: Sequence[Film], base: str, asked: Asked, number: str) -> Answer:  # noqa: ARG001 - all handlers are called alike
    """Answer /api/movies/<id>."""
    film = find(films, "id", number)
    return ("404 Not Found", None) if film is None else ("200 OK", film)


ROWS_OF_A2 = [
    ("/", home),
    ("/movies", film_list),
    ("/movies/([^/]+)", film_page),
    ("/api/movies/([^/]+)", film_data),
]


def search(films: Sequence[Film], base: str, asked: Asked) -> Answer:
    """Answer /search: the films with a text in one of their titles."""
    text = asked.get("q", "")
    box = f'<form><input name="q" value="{html.escape(text)}"></form>'
    return "200 OK", page(f"搜索：{text}", box + items([film for film in films if text and is_hit(film, text)], base))


def list_data(films: Sequence[Film], base: str, asked: Asked) -> Answer:  # noqa: ARG001 - all handlers are called alike
    """Answer /api/movies: one page of the films that were found, and how many there are on all pages."""
    place, size, year = number(asked, "page", 1), number(asked, "per_page", 10), number(asked, "year", None)
    if place < 1 or not 1 <= size <= MOST_PER_PAGE:
        raise BadNumber
    found = [film for film in films if is_hit(film, asked.get("q", "")) and year in (None, film["year"])]
    shown = found[(place - 1) * size : place * size]
    return "200 OK", {"items": shown, "page": place, "per_page": size, "total": len(found)}


def title_data(films: Sequence[Film], base: str, asked: Asked, title: str) -> Answer:  # noqa: ARG001 - called like all
    """Answer /api/titles/<title_zh>."""
    film = find(films, "title_zh", title)
    return ("404 Not Found", None) if film is None else ("200 OK", film)


def is_hit(film: Film, text: str) -> bool:
    """Tell whether one of the titles has the text in it, in upper or lower case."""
    return any(text.lower() in str(film[key]).lower() for key in ("title_zh", "title_en"))


def number(asked: Asked, name: str, default: int | None) -> int:
    """Return a parameter as a number.

    Raises:
        BadNumber: it does not consist of 1 to 18 of the digits 0 to 9.
    """
    if name not in asked:
        return default
    if not NUMBER.fullmatch(asked[name]):
        raise BadNumber
    return int(asked[name])


ROWS = [*ROWS_OF_A2, ("/search", search), ("/api/movies", list_data), ("/api/titles/([^/]+)", title_data)]


def respond(environ: WSGIEnvironment, films: Sequence[Film]) -> Answer:
    """Decide: the path comes first, then the method, then the parameters, then the film."""
    path, base = path_text(environ), quote(environ["SCRIPT_NAME"], encoding="latin-1")
    for shape, handler in ROWS:
        found = path is not None and re.fullmatch(shape, path)
        if found and environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return "405 Method Not Allowed", None
        if found:
            return handler(films, base, query(environ), *found.groups())
    return "404 Not Found", None


def make_app(catalog: list[Film] | None = None) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one."""
    films = CATALOG if catalog is None else catalog

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            status, content = respond(environ, films)
        except BadNumber:
            status, content = "400 Bad Request", None
        if content is None:
            content = error(environ, status)
        is_page = isinstance(content, str)
        kind, text = ("text/html; charset=utf-8", content) if is_page else ("application/json", json.dumps(content))
        body = text.encode()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        if status.startswith("405"):
            headers.append(("Allow", "GET, HEAD"))
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


application = make_app()
