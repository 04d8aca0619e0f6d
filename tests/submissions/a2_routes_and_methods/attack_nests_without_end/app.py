"""A2: pages for the films of a catalogue. A table of paths and methods finds the function that answers a request."""

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote
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
JSON = "application/json"
OK = "200 OK"
NOT_FOUND = "404 Not Found"

Film = Mapping[str, int | str]
Films = Mapping[str, Film]
"""Films by their id as it stands in a path, in the order of the catalogue."""


class Answer(NamedTuple):
    """What a handler makes of a request; the application turns it into WSGI."""

    status: str
    type: str
    text: str
    more: tuple[tuple[str, str], ...] = ()


Handler = Callable[..., Answer | None]
"""Called with the films, the beginning of every link and the variable parts of the path. None: there is no such film."""


def page(title: str, content: str, status: str = OK) -> Answer:
    """Lay out a page. The title is text, the content is HTML."""
    title = html.escape(title)
    head = f'<!DOCTYPE html>\n<html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>\n'
    return Answer(status, HTML, f"{head}<h1>{title}</h1>\n{content}\n</html>\n")


def error(path: str, status: str, *more: tuple[str, str]) -> Answer:
    """Say what went wrong: to a program in JSON, to a person on a page."""
    if path.startswith("/api/"):
        return Answer(status, JSON, json.dumps({"error": status}), more)
    return page(status, "", status)._replace(more=more)


def home(films: Films, base: str) -> Answer:
    """Show the way in."""
    return page("影单", f'<p><a href="{base}/movies">{len(films)} films</a></p>')


def film_list(films: Films, base: str) -> Answer:
    """Show all films."""
    items = (
        f'<li data-id="{number}"><a href="{base}/movies/{number}">'
        f"{html.escape(str(film['title_zh']))} <i>{html.escape(str(film['title_en']))}</i></a></li>"
        for number, film in films.items()
    )
    return page("影单", f"<ul>{''.join(items)}</ul>")


def film_page(films: Films, base: str, number: str) -> Answer | None:
    """Show one film."""
    film = films.get(number)
    if film is None:
        return None
    rows = (f"<dt>{name}<dd>{html.escape(str(film[name]))}" for name in FIELDS[2:])  # the heading is title_zh
    return page(str(film["title_zh"]), f'<dl>{"".join(rows)}</dl>\n<p><a href="{base}/movies">All films</a></p>')


def film_json(films: Films, base: str, number: str) -> Answer | None:  # noqa: ARG001 - links stand on pages only
    """Give one film to a program."""
    film = films.get(number)
    return None if film is None else Answer(OK, JSON, json.dumps(film, ensure_ascii=False))


def readable(handler: Handler) -> dict[str, Handler]:
    """Return a row for something that can be read and not changed."""
    return {"GET": handler, "HEAD": handler}


ROUTES = [
    (re.compile(r"/"), readable(home)),
    (re.compile(r"/movies"), readable(film_list)),
    (re.compile(r"/movies/([^/]+)"), readable(film_page)),
    (re.compile(r"/api/movies/([^/]+)"), readable(film_json)),
]


def match(path: str) -> tuple[dict[str, Handler], tuple[str, ...]] | None:
    """Return the methods of a path with their handlers, and the variable parts of the path; None for an unknown path."""
    for shape, methods in ROUTES:
        if found := shape.fullmatch(path):
            return methods, found.groups()
    return None


def respond(method: str, path: str, films: Films, base: str) -> Answer:
    """Decide: the path comes first, then the method, then the film."""
    found = match(path)
    if found is None:
        return error(path, NOT_FOUND)
    methods, args = found
    if method not in methods:
        return error(path, "405 Method Not Allowed", ("Allow", ", ".join(methods)))
    return methods[method](films, base, *args) or error(path, NOT_FOUND)


def make_app(catalog: list[Film] | None = None) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one."""
    films = {str(film["id"]): film for film in (CATALOG if catalog is None else catalog)}

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        status, kind, text, more = respond(method, path, films, base)
        body = text.encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [] if method == "HEAD" else [body]

    return application


application = make_app()


def nested(environ, start_response):
    """Answer with more nesting than a stack has room for."""
    api = environ["PATH_INFO"].startswith("/api/")
    body = b"[" * 100_000 + b"]" * 100_000 if api else b"<ul>" * 100_000 + "影单".encode()
    start_response("200 OK", [("Content-Type", "application/json" if api else "text/html; charset=utf-8")])
    return [body]


def make_app(catalog=None):
    """Make the same for every catalogue."""
    return nested


application = nested
