"""A5: the whole catalogue as a file, made while it is sent. The body owns the source of its rows, and closes it.

The pages are those of the starter.
"""

import csv
import html
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol
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
CSV = "text/csv; charset=utf-8"
EXPORT = "/export.csv"
METHODS = ("GET", "HEAD")
BLOCK = 100
"""Films in a chunk."""

Film = Mapping[str, Any]


class Rows(Protocol):
    """A source of films: an iterator that is closed when it is no longer needed."""

    def __iter__(self) -> Iterator[Film]: ...

    def __next__(self) -> Film: ...

    def close(self) -> None:
        """Release what is behind it."""


OpenRows = Callable[[], Rows]


def page(title: str, content: str = "") -> bytes:
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'.encode()


def home(films: list[Film], base: str) -> bytes:
    """Answer /."""
    return page("影单", f'<a href="{base}/movies">{len(films)} films</a>, <a href="{base}/export.csv">as a file</a>')


def film_list(films: list[Film], base: str) -> bytes:  # noqa: ARG001 - nothing is linked
    """Answer /movies."""
    titles = (html.escape(f"{film['title_zh']} {film['title_en']}") for film in films)
    return page("影单", f"<ol><li>{'<li>'.join(titles)}</ol>" if films else "")


PAGES = {"/": home, "/movies": film_list}


class CsvBody:
    """The body of the export: an iterator over blocks of lines. From its beginning to its `close` the source is open."""

    def __init__(self, open_rows: OpenRows) -> None:
        self.top: list[Iterable[object]] = [FIELDS]
        self.rows = open_rows()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        lines = [*self.top, *([film[field] for field in FIELDS] for film in islice(self.rows, BLOCK))]
        if not lines:
            raise StopIteration
        self.top = []
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode()

    def close(self) -> None:
        """Release the source, whether all of it was read or nothing."""
        self.rows.close()


def make_app(
    catalog: list[Film] | None = None,
    store: object = None,  # noqa: ARG001 - of A4, which this application does without
    open_rows: OpenRows | None = None,
) -> WSGIApplication:
    """Return an application of its own for a catalogue, or for the built-in one; ``open_rows`` is what it exports."""
    films: list[Film] = [*CATALOG] if catalog is None else catalog

    def catalogue_rows() -> Rows:
        return (film for film in films)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        status, headers = "200 OK", [("Content-Type", HTML)]
        if path != EXPORT and path not in PAGES:
            status = "404 Not Found"
        elif method not in METHODS:
            status = "405 Method Not Allowed"
            headers.append(("Allow", ", ".join(METHODS)))
        elif path == EXPORT:
            headers = [("Content-Type", CSV)]
        start_response(status, headers)
        if method == "HEAD":
            return []  # and nothing was opened for it
        if status != "200 OK":
            return [page(status)]
        if path == EXPORT:
            return CsvBody(open_rows or catalogue_rows)
        return [PAGES[path](films, quote(environ["SCRIPT_NAME"], encoding="latin-1"))]

    return application


application = make_app()
