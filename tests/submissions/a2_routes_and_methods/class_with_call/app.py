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

class Response:
    def __init__(self, body, status=200, kind="text/html; charset=utf-8", **headers):
        self.body = body.encode()
        self.status = status
        self.headers = [("Content-Type", kind), *headers.items()]


class WatchList:
    REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed"}

    def __init__(self, catalog=None):
        self.films = list(CATALOG if catalog is None else catalog)

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        response = self.dispatch(environ, path)
        status = f"{response.status} {self.REASONS[response.status]}"
        start_response(status, response.headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]

    def dispatch(self, environ, path):
        found = match(path)
        if found is None:
            return self.refuse(path, 404)
        methods, args = found
        name = methods.get(environ["REQUEST_METHOD"])
        if name is None:
            return self.refuse(path, 405, Allow=", ".join(sorted(methods)))
        return getattr(self, name)(quote(environ["SCRIPT_NAME"], encoding="latin-1"), *args) or self.refuse(path, 404)

    def refuse(self, path, status, **headers):
        if path.startswith("/api/"):
            return Response(json.dumps({"error": {"code": status}}), status, "application/json", **headers)
        return Response(f"<h1>{status}</h1>", status, **headers)

    def home(self, root):
        return Response(f"<h1>影单 · Watch-list</h1><nav><a href='/'>top</a> <a href='{root}/movies'>films</a></nav>")

    def all_films(self, root):
        return Response("<ul>" + "".join(self.line(root, film) for film in self.films) + "</ul>")

    def line(self, root, film):
        number, names = film["id"], " / ".join(html.escape(film[key]) for key in ("title_en", "title_zh"))
        return f"<li class=film data-id={number}><a href={root}/movies/{number}>{names}</a>"

    def one_film(self, root, number):
        for film in self.films:
            if f"{film['id']}" == number:
                return Response("<table>" + "".join(f"<tr><th>{k}<td>{html.escape(str(v))}" for k, v in film.items()))

    def one_as_json(self, root, number):
        for film in self.films:
            if f"{film['id']}" == number:
                return Response(json.dumps(film, ensure_ascii=False), kind="application/json")


class Row:
    def __init__(self, name, *parts):
        self.methods = {"GET": name, "HEAD": name}
        self.parts = parts

    def __call__(self, parts):
        if len(parts) != len(self.parts):
            return None
        args = []
        for wanted, part in zip(self.parts, parts):
            if wanted is None and part:
                args.append(part)
            elif wanted != part:
                return None
        return self.methods, args


ROWS = [Row("home", ""), Row("all_films", "movies"), Row("one_film", "movies", None), Row("one_as_json", "api", "movies", None)]


def match(path):
    parts = path.split("/")[1:]
    return next((found for row in ROWS if (found := row(parts))), None)


make_app = WatchList
application = WatchList()
