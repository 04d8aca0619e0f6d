import html
import json
from urllib.parse import quote

from bottle import Bottle, HTTPError, Router, request, response

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
TABLE = {
    "home": "/",
    "list": "/movies",
    "film": "/movies/<number:re:[0-9]+\\Z>",
    "film_json": "/api/movies/<number:re:[0-9]+\\Z>",
}
ROUTER = Router()
for name, rule in TABLE.items():
    ROUTER.add(rule, "GET", name)


def match(path):
    try:
        name, args = ROUTER.match({"REQUEST_METHOD": "GET", "PATH_INFO": path})
    except HTTPError:
        return None
    return {"GET": name, "HEAD": name}, tuple(args.values())


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


def make_app(catalog=None):
    films = {str(film["id"]): film for film in (CATALOG if catalog is None else catalog)}
    app = Bottle()
    app.error(404)(failed)
    app.error(405)(refused)

    def find(number):
        if number not in films:
            raise HTTPError(404)
        return films[number]

    @app.get(TABLE["home"])
    def home():
        return page("影单", f'<a href="{base()}/movies">{len(films)} films</a>')

    @app.get(TABLE["list"])
    def film_list():
        lines = (
            f'<li data-id="{number}"><a href="{base()}/movies/{number}">'
            f"{html.escape(film['title_zh'])} / {html.escape(film['title_en'])}</a></li>"
            for number, film in films.items()
        )
        return page("影单", f"<ul>{''.join(lines)}</ul>")

    @app.get(TABLE["film"])
    def film_page(number):
        film = find(number)
        return page(film["title_zh"], f"<p>{'<br>'.join(html.escape(str(value)) for value in film.values())}</p>")

    @app.get(TABLE["film_json"])
    def film_json(number):
        return as_json(find(number))

    return app


application = make_app()
