import html
import json
from urllib.parse import quote

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

def match(path):
    match path.split("/"):
        case ["", ""]:
            kind, args = "home", ()
        case ["", "movies"]:
            kind, args = "list", ()
        case ["", "movies", number] if number.isascii() and number.isdigit():
            kind, args = "film", (number,)
        case ["", "api", "movies", number] if number.isascii() and number.isdigit():
            kind, args = "json", (number,)
        case _:
            return None
    return {"GET": kind, "HEAD": kind}, args


def make_app(catalog=None):
    match catalog:
        case None:
            films = CATALOG
        case _:
            films = catalog

    def build(found, method, path, root):
        match found:
            case None:
                return 404, None, []
            case (methods, _) if method not in methods:
                return 405, None, [("Allow", "HEAD, GET")]
            case ({"GET": "home"}, _):
                return 200, f'<h1>影单</h1><a href="{root}/movies">{len(films)}</a>', []
            case ({"GET": "list"}, _):
                return 200, "<h1>影单</h1>" + "".join(item(film, root) for film in films), []
            case ({"GET": kind}, (number,)):
                for film in films:
                    if str(film["id"]) == number:
                        return 200, film if kind == "json" else "<hr>".join(html.escape(str(v)) for v in film.values()), []
                return 404, None, []

    def item(film, root):
        return (f'<div><li data-id="{film["id"]}">{html.escape(film["title_zh"])}'
                f'<a href="{root}/movies/{film["id"]}">{html.escape(film["title_en"])}</a></li></div>')

    def app(environ, start_response):
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        code, content, headers = build(match(path), method, path, quote(environ["SCRIPT_NAME"].encode("latin-1")))
        status = {200: "200 OK", 404: "404 Not Found", 405: "405 Method Not Allowed"}[code]
        if path.startswith("/api/"):
            kind, body = "application/json", json.dumps(content or {"error": status}).encode()
        else:
            kind, body = "text/html; charset=utf-8", f"<!doctype html><meta charset=utf-8>{content or status}".encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", f"{len(body)}")] + headers)
        match method:
            case "HEAD":
                return ()
            case _:
                return (body,)

    return app


application = make_app()
