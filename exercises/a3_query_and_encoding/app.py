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


def page(title, content):
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'


def error(environ, status):
    """Say what went wrong: to a program in JSON, to a person on a page."""
    return {"error": status} if environ["PATH_INFO"].startswith("/api/") else page(status, "")


def items(films, base):
    """Return a list of films as HTML."""
    lines = []
    for film in films:
        titles = html.escape(f"{film['title_zh']} {film['title_en']}")
        lines.append(f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">{titles}</a></li>')
    return "<ul>" + "\n".join(lines) + "</ul>"


def find(films, key, text):
    """Return the first film one of whose values is written like this, or None."""
    for film in films:
        if str(film[key]) == text:
            return film
    return None


# The handlers. Each of them gets the films, the beginning of every link, the parameters, and the variable parts of the
# path. It returns a status and the content: text is a page, None asks for the body of an error, all else becomes JSON.


def home(films, base, asked):
    """Answer /."""
    return "200 OK", page("影单", f'<a href="{base}/movies">电影</a>')


def film_list(films, base, asked):
    """Answer /movies."""
    return "200 OK", page("影单", items(films, base))


def film_page(films, base, asked, number):
    """Answer /movies/<id>."""
    film = find(films, "id", number)
    if film is None:
        return "404 Not Found", None
    return "200 OK", page(film["title_zh"], "<br>".join(html.escape(str(film[key])) for key in FIELDS[1:]))


def film_data(films, base, asked, number):
    """Answer /api/movies/<id>."""
    film = find(films, "id", number)
    return ("404 Not Found", None) if film is None else ("200 OK", film)


ROWS_OF_A2 = [
    ("/", home),
    ("/movies", film_list),
    ("/movies/([^/]+)", film_page),
    ("/api/movies/([^/]+)", film_data),
]


def search(films, base, asked):
    """Answer /search: the films with a text in one of their titles."""
    return "200 OK", page("TODO", items([], base))


def list_data(films, base, asked):
    """Answer /api/movies: one page of the films that were found, and how many there are on all pages."""
    return "200 OK", {}  # TODO: and what is answered if a number is bad?


def title_data(films, base, asked, title):
    """Answer /api/titles/<title_zh>."""
    return "404 Not Found", None  # TODO


ROWS = [
    *ROWS_OF_A2,
    ("/search", search),
    # TODO: the rows of /api/movies and /api/titles/TITLE are missing
]


def respond(method, path, films, base, asked):
    """Find the row for a path, and let its handler answer."""
    for shape, handler in ROWS:
        found = re.fullmatch(shape, path)
        if found and method not in ("GET", "HEAD"):
            return "405 Method Not Allowed", None
        if found:
            return handler(films, base, asked, *found.groups())
    return "404 Not Found", None


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    films = CATALOG if catalog is None else catalog

    def application(environ, start_response):
        # 1. Read the request: the method, the path as text, and the parameters.
        method, path, asked = environ["REQUEST_METHOD"], path_text(environ), query(environ)
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")

        # 2. Decide: TODO: what if the path is no text?
        # 3. Build the body: a page is text, all else becomes JSON.
        status, content = respond(method, path, films, base, asked)
        if content is None:
            content = error(environ, status)
        is_page = isinstance(content, str)
        kind, text = ("text/html; charset=utf-8", content) if is_page else ("application/json", json.dumps(content))

        # 4. Announce (start_response). The answer 405 has one header more than the others.
        headers = [("Content-Type", kind)]
        if status == "405 Method Not Allowed":
            headers.append(("Allow", "GET, HEAD"))
        start_response(status, headers)

        # 5. Deliver & release. To HEAD nothing is delivered.
        return [] if method == "HEAD" else [text.encode("utf-8")]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
