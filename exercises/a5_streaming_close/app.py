"""A5: the watch-list as a file, sent while it is made. Fill in every TODO.

Functions and classes that you would like to have may be added, and everything that is here may be changed but for the names
that the task asks for: CATALOG, make_app and application.
"""

import csv
import html
import io
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


# -- the watch-list so far: two pages, and what is said when something is wrong


def page(title, content=""):
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'.encode()


def home(films, base):
    """Answer /."""
    return page("影单", f'<a href="{base}/movies">{len(films)} films</a>, <a href="{base}/export.csv">as a file</a>')


def film_list(films, base):
    """Answer /movies."""
    titles = (html.escape(f"{film['title_zh']} {film['title_en']}") for film in films)
    return page("影单", f"<ol><li>{'<li>'.join(titles)}</ol>" if films else "")


PAGES = {"/": home, "/movies": film_list}


# -- the export


def csv_lines(rows):
    """Return some rows, each of them a sequence of values, as bytes of CSV."""
    text = io.StringIO()  # a file in memory
    csv.writer(text)  # TODO: the csv module knows the rules; what does it write, and where?
    return text.getvalue().encode()


class CsvBody:
    """The body of the export: an iterator over chunks. It owns the source of the films, from its beginning to its close()."""

    def __init__(self, open_rows):
        self.open_rows = open_rows  # TODO: when do you open the source?

    def __iter__(self):
        return self

    def __next__(self):
        """Return the next chunk: the first line, or at most 100 films."""
        raise StopIteration  # TODO

    def close(self):
        """Release what is open, whether everything was read or nothing. The server calls this."""
        # TODO


def make_app(catalog=None, store=None, open_rows=None):
    """Return an application for a catalogue, or for CATALOG; what it exports comes from open_rows, if that is given."""
    films = CATALOG if catalog is None else catalog

    # TODO: what do you export if there is no open_rows? A generator has a method close(), a list has none.

    def application(environ, start_response):
        # 1. Read the request: the method, the path, and the place in the address where this application begins. All three
        # are always there.
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")

        # 2. Decide: is there such a page, and may it be asked for like this?
        status, headers = "200 OK", [("Content-Type", HTML)]
        if path not in PAGES and path != "/export.csv":
            status = "404 Not Found"
        elif method not in ("GET", "HEAD"):
            status = "405 Method Not Allowed"
            headers.append(("Allow", "GET, HEAD"))

        # 3. Build the body: a page is made here and now. The export is not: it is made while it is sent.
        if status != "200 OK":
            body = [page(status)]
        elif path == "/export.csv":
            body = [b"TODO"]  # TODO: and the headers? What is opened if nobody reads the body?
        else:
            body = [PAGES[path](films, base)]

        # 4. Announce (start_response): the status line and the headers.
        start_response(status, headers)

        # 5. Deliver & release: HEAD gets no body. Whatever you opened has to be closed, also if you do not return it.
        return [] if method == "HEAD" else body

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
