"""A2: pages for the films of a catalogue. Fill in every TODO.

Functions that you would like to have may be added, and everything that is here may be changed but for the names that the
task asks for: CATALOG, match, make_app and application.
"""

import html
import json
import re
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
JSON = "application/json"


def page(title, content):
    """Lay out a page. The title is text and becomes HTML here, the content is HTML already."""
    title = html.escape(title)
    return f'<!DOCTYPE html>\n<meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n{content}\n'


def error(path, status):
    """Say what went wrong: to a program in JSON, to a person on a page."""
    if path.startswith("/api/"):
        return status, JSON, json.dumps({"error": status})
    return status, HTML, page(status, "")


# The handlers build the bodies. Each of them gets the films, the beginning of every link, and the variable parts of the
# path. It returns the status line, the media type and the text of the body; where there is no such film it may return None,
# and application answers with error().


def film_list(films, base):
    """Answer /movies."""
    items = ""  # TODO: for each film <li data-id="..."><a href="...">...</a></li>
    return "200 OK", HTML, page("TODO", f"<ul>{items}</ul>")


# TODO: three more handlers, for /, for /movies/<id> and for /api/movies/<id>


# The table. A row is the shape of a path, and for each method the handler that answers it.
ROUTES = [
    (re.compile(r"/movies"), {"GET": film_list}),  # TODO: one method is missing in this row
    # TODO: the other rows
]


def match(path):
    """Return the methods of the row for a path, and the variable parts of the path as text; None if there is no row."""
    for _shape, methods in ROUTES:
        found = False  # TODO: does the path have this shape, from its first character to its last one?
        if found:
            return methods, ()  # TODO: the variable parts
    return None


def make_app(catalog=None):
    """Return an application that shows the films of a catalogue, or those of CATALOG."""
    films = []  # TODO

    def application(environ, start_response):
        # 1. Read the request: the method, the path, and the place in the address where this application begins.
        path = environ["PATH_INFO"]
        base = ""  # TODO

        # 2. Decide: is there a row for the path (404), is the method in it (405), is there such a film (404)?
        # 3. Build the body: the handler in the row does it, or error().
        status, kind = "501 Not Implemented", HTML  # TODO
        text = page("TODO", html.escape(f"{path} {base} {films}"))  # TODO

        # 4. Announce (start_response). The answer 405 has one header more than the others.
        start_response(status, [("Content-Type", kind)])

        # 5. Deliver & release. To HEAD you deliver nothing.
        return [text.encode("utf-8")]

    return application


application = make_app()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
