"""A5: the watch-list as a file, sent while it is made. Fill in every TODO.

Functions and classes that you would like to have may be added, and everything that is here may be changed but for the names
that the task asks for: CATALOG, make_app and application.
"""

import csv
import html
import io
from itertools import islice
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


BATCH = 100  # films in a chunk, at most
CSV_TYPE = "text/csv; charset=utf-8"


def csv_lines(rows):
    """Return some rows, each of them a sequence of values, as bytes of CSV."""
    text = io.StringIO(newline="")  # nothing that is written is translated
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")


class CsvBody:
    """The body of the export: an iterator over chunks. It owns the source of the films, from its beginning to its close().

    Nothing is open until the first chunk is asked for, so that there is nothing to close if it never is.
    """

    def __init__(self, open_rows):
        self.open_rows = open_rows
        self.source = None
        self.started = False
        self.finished = False

    def __iter__(self):
        return self

    def __next__(self):
        """Return the next chunk: the first line, or at most BATCH films."""
        if self.finished:
            raise StopIteration
        if not self.started:
            self.started = True
            self.source = self.open_rows()
            return csv_lines([FIELDS])
        try:
            rows = [[film[name] for name in FIELDS] for film in islice(self.source, BATCH)]
            chunk = csv_lines(rows)
        except BaseException:
            self.finished = True  # a file that broke off is not continued
            raise
        if len(rows) < BATCH:
            self.finished = True  # the source has said that it has no more: do not ask again
        if not rows:
            raise StopIteration
        return chunk

    def close(self):
        """Release what is open, whether everything was read or nothing. The server calls this."""
        self.finished = True
        source, self.source = self.source, None
        if source is not None:
            source.close()


def make_app(catalog=None, store=None, open_rows=None):
    """Return an application for a catalogue, or for CATALOG; what it exports comes from open_rows, if that is given."""
    films = CATALOG if catalog is None else catalog

    if open_rows is None:

        def open_rows():
            yield from films

    def application(environ, start_response):
        # 1. Read the request: the method, the path, and the place in the address where this application begins.
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "") or "/"
        base = quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1")

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
            headers = [("Content-Type", CSV_TYPE), ("Content-Disposition", 'attachment; filename="export.csv"')]
            body = CsvBody(open_rows)  # nothing is opened yet, so HEAD may drop it
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
