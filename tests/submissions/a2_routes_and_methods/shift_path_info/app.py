import html
import json
from urllib.parse import quote
from wsgiref.headers import Headers
from wsgiref.util import application_uri, setup_testing_defaults, shift_path_info

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

def walk(environ):
    names = []
    while True:
        name = shift_path_info(environ)
        if name is None:
            return names
        names.append(name)


def match(path):
    environ = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    names = walk(environ)
    both = {"GET": True, "HEAD": True}
    if names in ([], [""], ["movies"]):
        return both, ()
    if len(names) == 2 and names[0] == "movies" and names[1]:
        return both, (names[1],)
    if len(names) == 3 and names[:2] == ["api", "movies"] and names[2]:
        return both, (names[2],)
    return None


def make_app(catalog=None):
    films = CATALOG if catalog is None else catalog

    def application(environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        top = application_uri(environ).rstrip("/")
        headers = Headers([])
        status, result = decide(method, path, top, headers)
        if isinstance(result, dict):
            headers.add_header("Content-Type", "application/json")
            body = json.dumps(result).encode()
        else:
            headers.add_header("Content-Type", "text/html", charset="utf-8")
            body = ("<!DOCTYPE html>" + result).encode()
        headers["Content-Length"] = str(len(body))
        start_response(status, headers.items())
        return [body][: method != "HEAD"]

    def decide(method, path, top, headers):
        found = match(path)
        api = path.startswith("/api/")
        if found is None:
            return "404 Not Found", {"error": 404} if api else "<p>404"
        if method not in found[0]:
            headers["Allow"] = "HEAD , GET"
            return "405 Method Not Allowed", {"error": 405} if api else "<p>405"
        if path == "/":
            return "200 OK", f'<h1>影单</h1><a href="{top}/movies">films</a>'
        if path == "/movies":
            return "200 OK", "".join(
                f'<li data-id="{film["id"]}"><a href="{top}/movies/{quote(str(film["id"]))}">{html.escape(film["title_zh"])}</a>'
                f"<p>{html.escape(film['title_en'])}"
                for film in films
            )
        for film in films:
            if str(film["id"]) == found[1][0]:
                if api:
                    return "200 OK", film
                return "200 OK", "<br>".join(f"<b>{key}</b>: {html.escape(str(film[key]))}" for key in film)
        return "404 Not Found", {"error": 404} if api else "<p>404"

    return application


application = make_app()
