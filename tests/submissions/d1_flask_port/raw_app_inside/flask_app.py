import html
import json
import re
from urllib.parse import quote

from flask import Flask

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

HTML = "text/html; charset=utf-8"
JSON = "application/json"


def page(title, content):
    title = html.escape(title)
    return f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{content}"


def find(films, number):
    for film in films:
        if str(film["id"]) == number:
            return film
    return None


def home(films, base):
    return "200 OK", HTML, page("影单", f'<p><a href="{base}/movies">电影</a></p>')


def film_list(films, base):
    lines = []
    for film in films:
        zh = html.escape(film["title_zh"])
        en = html.escape(film["title_en"])
        lines.append(f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}" title="{en}">{zh} {en}</a></li>')
    return "200 OK", HTML, page("影单", "<ul>" + "".join(lines) + "</ul>")


def film_page(films, base, number):
    film = find(films, number)
    if film is None:
        return None
    lines = [f"<li>{key}: {html.escape(str(film[key]))}</li>" for key in KEYS[1:]]
    return "200 OK", HTML, page(film["title_zh"], "<ul>" + "".join(lines) + "</ul>")


def film_json(films, base, number):
    film = find(films, number)
    if film is None:
        return None
    return "200 OK", JSON, json.dumps(film)


ROUTES = [
    ("/", {"GET": home, "HEAD": home}),
    ("/movies", {"GET": film_list, "HEAD": film_list}),
    ("/movies/([^/]+)", {"GET": film_page, "HEAD": film_page}),
    ("/api/movies/([^/]+)", {"GET": film_json, "HEAD": film_json}),
]


def match(path):
    for shape, methods in ROUTES:
        found = re.fullmatch(shape, path)
        if found:
            return methods, found.groups()
    return None


def error(path, status):
    if path.startswith("/api/"):
        return status, JSON, json.dumps({"error": status})
    return status, HTML, page(status, "")


def make_app(catalog=None):
    films = CATALOG if catalog is None else catalog

    def application(environ, start_response):
        method = environ["REQUEST_METHOD"]
        path = environ["PATH_INFO"]
        base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
        more = []
        found = match(path)
        if found is None:
            answer = error(path, "404 Not Found")
        elif method not in found[0]:
            answer = error(path, "405 Method Not Allowed")
            more.append(("Allow", ", ".join(found[0])))
        else:
            answer = found[0][method](films, base, *found[1])
            if answer is None:
                answer = error(path, "404 Not Found")
        status, kind, text = answer
        body = text.encode("utf-8")
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        if method == "HEAD":
            return []
        return [body]

    return application


def create_app(config=None):
    app = Flask(__name__)
    app.config.update(config or {})
    app.wsgi_app = make_app(app.config.get("CATALOG"))
    return app


application = create_app()
