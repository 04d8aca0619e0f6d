import html
import json
from urllib.parse import quote

from bottle import Bottle, HTTPError, request, response

KEYS = ("id", "title_zh", "title_en", "year", "director")
CATALOG = [
    dict(zip(KEYS, film))
    for film in [
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
]


class Movies(Bottle):
    """Bottle drops bytes of the path that are not UTF-8; here they are looked at first."""

    def __call__(self, environ, start_response):
        if path_text(environ) is not None:
            return super().__call__(environ, start_response)
        api = environ["PATH_INFO"].startswith("/api/")
        body = b'{"error": 404}' if api else b"<title>404</title>"
        kind = "application/json" if api else "text/html; charset=utf-8"
        start_response("404 Not Found", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def query(environ):
    from bottle import BaseRequest

    given = BaseRequest(dict(environ)).query.decode("utf-8")
    return {key: given.getall(key)[0] for key in given}


def path_text(environ):
    try:
        return environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return None


def page(title, content=""):
    response.content_type = "text/html; charset=utf-8"
    return f"<!DOCTYPE html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{content}"


def as_json(thing):
    response.content_type = "application/json"
    return json.dumps(thing)


def failed(error):
    if request.environ["PATH_INFO"].startswith("/api/"):
        return as_json({"error": error.status_line})
    return page(error.status_line)


def refused(error):
    response.set_header("Allow", "GET, HEAD")
    return failed(error)


def base():
    return quote(request.environ["SCRIPT_NAME"], encoding="latin-1")


def asked(name, default=None):
    values = request.query.getall(name)
    return values[0].encode("latin-1").decode("utf-8", "replace") if values else default


def number(name, default, least=0, most=10**18):
    text = asked(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most):
        raise HTTPError(400)
    return int(text)


def lines(films):
    return "".join(
        f'<li data-id="{film["id"]}"><a href="{base()}/movies/{film["id"]}">'
        f"{html.escape(film['title_zh'])} / {html.escape(film['title_en'])}</a></li>"
        for film in films
    )


def make_app(catalog=None):
    films = CATALOG if catalog is None else catalog
    app = Movies()
    app.error(400)(failed)
    app.error(404)(failed)
    app.error(405)(refused)

    def find(key, text):
        for film in films:
            if str(film[key]) == text:
                return film
        raise HTTPError(404)

    def hits(q):
        return [film for film in films if q.lower() in film["title_zh"].lower() or q.lower() in film["title_en"].lower()]

    @app.get("/")
    def home():
        return page("影单", f'<a href="{base()}/movies">{len(films)} films</a>')

    @app.get("/movies")
    def film_list():
        return page("影单", f"<ul>{lines(films)}</ul>")

    @app.get("/movies/<number>")
    def film_page(number):
        film = find("id", number)
        return page(film["title_zh"], f"<p>{'<br>'.join(html.escape(str(value)) for value in film.values())}</p>")

    @app.get("/search")
    def search():
        q = asked("q", "")
        return page(q, f"<ul>{lines(hits(q) if q else [])}</ul>")

    @app.get("/api/movies")
    def list_json():
        year, page_number, size = number("year", None), number("page", 1, 1), number("per_page", 10, 1, 100)
        found = [film for film in hits(asked("q", "")) if year is None or film["year"] == year]
        items = found[(page_number - 1) * size : page_number * size]
        return as_json({"items": items, "page": page_number, "per_page": size, "total": len(found)})

    @app.get("/api/movies/<number>")
    def film_json(number):
        return as_json(find("id", number))

    @app.get("/api/titles/<title>")
    def title_json(title):
        return as_json(find("title_zh", title))

    return app


application = make_app()
