"""A3: the watch-list learns to search. Text arrives as bytes, and in a path otherwise than in a query string."""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
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
NUMBER = re.compile(r"[0-9]{1,18}")
MOST_PER_PAGE = 100

Film = Mapping[str, int | str]


class Request(NamedTuple):
    """What a handler needs to know: the films, where the application begins, and what was asked."""

    films: Sequence[Film]
    base: str
    query: Mapping[str, str]


class Answer(NamedTuple):
    """What a handler makes of a request; the application turns it into WSGI."""

    status: str
    type: str
    text: str
    more: tuple[tuple[str, str], ...] = ()


Handler = Callable[..., Answer | None]
"""Called with the request and the variable parts of the path. None: there is no such film."""


class BadRequest(Exception):
    """A parameter has a value that it cannot have."""


# -- text from bytes


def query(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the parameters of the query string; the first value of a key wins, and an empty one is a value too."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        found.setdefault(key, value)
    return found


def path_text(environ: WSGIEnvironment) -> str | None:
    """Return PATH_INFO as text: its characters stand for bytes (PEP 3333, Unicode Issues). None: they are not UTF-8."""
    try:
        path: str = environ.get("PATH_INFO", "")
        return path.encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def number(given: Mapping[str, str], name: str) -> int | None:
    """Return a parameter as a number, None if it is absent.

    Raises:
        BadRequest: it does not consist of 1 to 18 of the digits 0 to 9.
    """
    if name not in given:
        return None
    if not NUMBER.fullmatch(given[name]):
        raise BadRequest(f"{name} must be a number")
    return int(given[name])


# -- bodies


def page(title: str, content: str, status: str = "200 OK") -> Answer:
    """Lay out a page. The title is text, the content is HTML."""
    title = html.escape(title)
    head = f'<!DOCTYPE html>\n<html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>\n'
    return Answer(status, "text/html; charset=utf-8", f"{head}<h1>{title}</h1>\n{content}\n</html>\n")


def data(thing: object, status: str = "200 OK") -> Answer:
    """Write down a thing for a program."""
    return Answer(status, "application/json", json.dumps(thing, ensure_ascii=False))


def error(environ: WSGIEnvironment, status: str, reason: str = "", *more: tuple[str, str]) -> Answer:
    """Say what went wrong: to a program in JSON, to a person on a page."""
    if environ.get("PATH_INFO", "").startswith("/api/"):
        return data({"error": reason or status}, status)._replace(more=more)
    return page(status, f'<p lang="en">{html.escape(reason)}</p>', status)._replace(more=more)


def search_box(base: str, asked: str = "") -> str:
    """Return the form for a search, with what was asked last."""
    return f'<form action="{base}/search"><input name="q" value="{html.escape(asked)}"><button>搜索</button></form>'


def listed(films: Iterable[Film], base: str) -> str:
    """Return a list of films as HTML."""
    items = (
        f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">'
        f"{html.escape(str(film['title_zh']))} <i>{html.escape(str(film['title_en']))}</i></a></li>"
        for film in films
    )
    return f"<ul>{''.join(items)}</ul>"


# -- handlers


def home(request: Request) -> Answer:
    """Show the ways in."""
    link = f'<p><a href="{request.base}/movies">{len(request.films)} films</a></p>'
    return page("影单", link + search_box(request.base))


def film_list(request: Request) -> Answer:
    """Show all films."""
    return page("影单", search_box(request.base) + listed(request.films, request.base))


def film_page(request: Request, given: str) -> Answer | None:
    """Show one film."""
    film = first(request.films, "id", given)
    if film is None:
        return None
    rows = (f"<dt>{name}<dd>{html.escape(str(value))}" for name, value in film.items() if name != "id")
    return page(str(film["title_zh"]), f'<dl>{"".join(rows)}</dl>\n<p><a href="{request.base}/movies">All films</a></p>')


def search(request: Request) -> Answer:
    """Show the films that were asked for."""
    asked = request.query.get("q", "")
    hits = [film for film in request.films if is_hit(film, asked)] if asked else []
    return page(f"搜索：{asked}", search_box(request.base, asked) + listed(hits, request.base))


def films_json(request: Request) -> Answer:
    """Give a page of the films that were asked for to a program."""
    year, place, size = (number(request.query, name) for name in ("year", "page", "per_page"))
    place, size = 1 if place is None else place, 10 if size is None else size
    if place < 1 or not 1 <= size <= MOST_PER_PAGE:
        raise BadRequest(f"page begins with 1, per_page is from 1 to {MOST_PER_PAGE}")
    asked = request.query.get("q", "")
    found = [film for film in request.films if is_hit(film, asked) and (year is None or film["year"] == year)]
    items = found[(place - 1) * size : place * size]
    return data({"items": items, "page": place, "per_page": size, "total": len(found)})


def film_json(request: Request, given: str) -> Answer | None:
    """Give the film with an id to a program."""
    film = first(request.films, "id", given)
    return None if film is None else data(film)


def title_json(request: Request, title: str) -> Answer | None:
    """Give the first film with a Chinese title to a program."""
    film = first(request.films, "title_zh", title)
    return None if film is None else data(film)


def first(films: Iterable[Film], key: str, text: str) -> Film | None:
    """Return the first film one of whose values is written like this."""
    return next((film for film in films if str(film[key]) == text), None)


def is_hit(film: Film, asked: str) -> bool:
    """Tell whether one of the titles has the text in it, in upper or lower case."""
    return any(asked.lower() in str(film[key]).lower() for key in ("title_zh", "title_en"))


# -- the table


def readable(handler: Handler) -> dict[str, Handler]:
    """Return a row for something that can be read and not changed."""
    return {"GET": handler, "HEAD": handler}


ROUTES = [
    (re.compile(r"/"), readable(home)),
    (re.compile(r"/movies"), readable(film_list)),
    (re.compile(r"/movies/([^/]+)"), readable(film_page)),
    (re.compile(r"/search"), readable(search)),
    (re.compile(r"/api/movies"), readable(films_json)),
    (re.compile(r"/api/movies/([^/]+)"), readable(film_json)),
    (re.compile(r"/api/titles/([^/]+)"), readable(title_json)),
]


def match(path: str) -> tuple[dict[str, Handler], tuple[str, ...]] | None:
    """Return the methods of a path with their handlers, and the variable parts of the path; None for an unknown path."""
    for shape, methods in ROUTES:
        if found := shape.fullmatch(path):
            return methods, found.groups()
    return None


def respond(environ: WSGIEnvironment, films: Sequence[Film]) -> Answer:
    """Decide: the path comes first, then the method, then the parameters, then the film."""
    path = path_text(environ)
    found = None if path is None else match(path)
    if found is None:
        return error(environ, "404 Not Found")
    methods, args = found
    if environ["REQUEST_METHOD"] not in methods:
        return error(environ, "405 Method Not Allowed", "", ("Allow", ", ".join(methods)))
    request = Request(films, quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1"), query(environ))
    try:
        return methods[environ["REQUEST_METHOD"]](request, *args) or error(environ, "404 Not Found")
    except BadRequest as bad:
        return error(environ, "400 Bad Request", str(bad))


def make_app(catalog: list[Film] | None = None) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one."""
    films = tuple(CATALOG if catalog is None else catalog)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        status, kind, text, more = respond(environ, films)
        body = text.encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


application = make_app()
