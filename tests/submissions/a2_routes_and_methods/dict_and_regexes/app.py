import json
import re
from collections import namedtuple
from html import escape
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
Found = namedtuple("Found", "methods args")
EXACT = {"/": "home", "/movies": "list"}
SHAPES = [(re.compile(r"^/movies/([0-9]+)\Z"), "film"), (re.compile(r"^/api/movies/([0-9]+)\Z"), "json")]
METHODS = ["GET", "HEAD"]


def match(path):
    if path in EXACT:
        return Found(dict.fromkeys(METHODS, EXACT[path]), ())
    for shape, name in SHAPES:
        found = shape.match(path)
        if found:
            return Found(dict.fromkeys(METHODS, name), found.groups())


def make_app(catalog=None):
    if catalog is None:
        catalog = CATALOG
    by_id = {film["id"]: film for film in catalog}

    def find(text):
        # no id has more digits than this, and int() would refuse very many
        return by_id.get(int(text)) if len(text) < 20 else None

    def html_answer(status, content):
        return status, "Text/HTML; Charset=UTF-8", "<!DOCTYPE html>\n<body>\n" + content + "\n</body>\n"

    def refuse(path, status):
        if path[:5] == "/api/":
            return status, "application/json; charset=utf-8", json.dumps({"status": status, "error": "no"})
        return html_answer(status, "<p>Sorry: " + status + "</p>")

    def answer(name, args, root):
        if name == "home":
            return html_answer("200 OK", "<h1>我的影单</h1><a href='" + root + "/movies'>go</a>")
        if name == "list":
            rows = ""
            for film in catalog:
                rows += "<li data-id='%d'><a href='%s/movies/%d'>%s</a><br>%s</li>\n" % (
                    film["id"], root, film["id"], escape(film["title_zh"]), escape(film["title_en"]))
            return html_answer("200 OK", "<ol>\n" + rows + "</ol>")
        film = find(args[0])
        if film is None:
            return None
        if name == "json":
            return "200 OK", "application/json; charset=utf-8", json.dumps(film, indent=2)
        return html_answer("200 OK", "<p>" + ", ".join(escape(str(value)) for value in film.values()) + "</p>")

    def app(environ, start_response):
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        found = match(path)
        headers = []
        if not found:
            result = refuse(path, "404 Not Found")
        elif method not in found[0]:
            result = refuse(path, "405 Method Not Allowed")
            headers.append(("allow", ",".join(METHODS + ["OPTIONS"])))
        else:
            root = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"))
            result = answer(found[0][method], found[1], root) or refuse(path, "404 Not Found")
        status, kind, text = result
        headers.append(("content-type", kind))
        start_response(status, headers)
        return [] if method == "HEAD" else (line.encode() for line in text.splitlines(keepends=True))

    return app


application = make_app()
