"""A3: text from the query string and from the path. Fill in every TODO.

The pages of A2 are here already, in few words, so that you can begin at once. If you would rather go on with your own
app.py from A2, take it, and add what is marked TODO here. Everything may be changed but for the names that the task asks
for: CATALOG, query, path_text, make_app and application.
"""

import html
import json
import re
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


def query(environ):
    """Return the parameters of the query string as a dict of text; the first value of a key wins."""
    return {}  # TODO


def path_text(environ):
    """Return the path as text, or None if its bytes are not UTF-8."""
    return environ["PATH_INFO"]  # TODO: this is not text yet, and sometimes it is not there


class Site:
    """The pages of one catalogue. What stands for a row of the table returns a status, and HTML or data for JSON."""

    def __init__(self, films):
        self.films = films

    def home(self, base, asked):
        """Answer /."""
        return "200 OK", page("影单", f'<a href="{base}/movies">电影</a>')

    def film_list(self, base, asked):
        """Answer /movies."""
        return "200 OK", page("影单", items(self.films, base))

    def film(self, base, asked, number):
        """Answer /movies/<id>."""
        for film in self.films:
            if str(film["id"]) == number:
                return "200 OK", page(film["title_zh"], "<br>".join(html.escape(str(film[key])) for key in FIELDS[1:]))
        return "404 Not Found", None

    def film_data(self, base, asked, number):
        """Answer /api/movies/<id>."""
        for film in self.films:
            if str(film["id"]) == number:
                return "200 OK", film
        return "404 Not Found", None

    def search(self, base, asked):
        """Answer /search: the films with what is in asked, the parameters, in one of their titles."""
        return "200 OK", page("TODO", items([], base))

    def list_data(self, base, asked):
        """Answer /api/movies: one page of the films that were found, and how many there are on all pages."""
        return "200 OK", {}  # TODO: and what is answered if a number is bad?

    def title_data(self, base, asked, title):
        """Answer /api/titles/<title_zh>."""
        return "404 Not Found", None  # TODO


ROWS = [
    ("/", Site.home),
    ("/movies", Site.film_list),
    ("/movies/([^/]+)", Site.film),
    ("/api/movies/([^/]+)", Site.film_data),
    ("/search", Site.search),
    # TODO: two rows are missing
]


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


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    site = Site(CATALOG if catalog is None else catalog)

    def answer(method, path, base, asked):
        for shape, handler in ROWS:
            found = re.fullmatch(shape, path)
            if found and method in ("GET", "HEAD"):
                return handler(site, base, asked, *found.groups())
            if found:
                return "405 Method Not Allowed", None
        return "404 Not Found", None

    def application(environ, start_response):
        # 1. Read the request: the method, the path as text, and the parameters.
        method, path, asked = environ["REQUEST_METHOD"], path_text(environ), query(environ)
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")

        # 2. Decide: TODO: what if the path is no text?
        # 3. Build the body: a page is text, everything else becomes JSON.
        status, content = answer(method, path, base, asked)
        if content is None:
            content = {"error": status} if environ["PATH_INFO"].startswith("/api/") else page(status, "")
        kind = "text/html; charset=utf-8" if isinstance(content, str) else "application/json"
        text = content if isinstance(content, str) else json.dumps(content)

        # 4. Announce (start_response).
        headers = [("Content-Type", kind)] + [("Allow", "GET, HEAD")] * status.startswith("405")
        start_response(status, headers)

        # 5. Deliver & release. To HEAD nothing is delivered.
        return [] if method == "HEAD" else [text.encode("utf-8")]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
