import functools
import html
import json
import re
import types
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

class Router:
    def __init__(self):
        self.rows = {}

    def route(self, shape, *methods):
        def register(function):
            row = self.rows.setdefault(re.compile(shape), {})
            for method in methods or ("GET", "HEAD"):
                row[method] = function
            return function

        return register

    @functools.lru_cache(maxsize=100)
    def find(self, path):
        for shape, row in self.rows.items():
            if found := shape.fullmatch(path):
                return types.MappingProxyType(row), tuple(found.groupdict().values())
        return None


router = Router()
match = router.find


def as_html(function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return [("Content-Type", "text/html;charset=utf-8"), ("X-Powered-By", "影单".encode().decode("latin-1"))], function(*args)

    return wrapped


def as_json(function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return [("Content-Type", "application/json")], json.dumps(function(*args))

    return wrapped


@router.route("/")
@as_html
def home(app):
    return f"<main><h1>\n  影单\n</h1><a href={app.root}/movies>all films</a></main>"


@router.route("/movies")
@as_html
def film_list(app):
    rows = "".join(f"<li data-id={i}><a href={app.root}/movies/{i}>" + "<b>%s</b> %s" % app.titles(i) for i in app.films)
    return f"<ul>{rows}</ul>"


@router.route("/movies/(?P<number>[^/]+)")
@as_html
def film_page(app, number):
    film = app.films[number]
    return "<h1>%s</h1><h2>%s</h2>" % app.titles(number) + f"<p>{film['year']}, {html.escape(film['director'])}"


@router.route("/api/movies/(?P<number>[^/]+)")
@as_json
def film_json(app, number):
    return app.films[number]


class App(types.SimpleNamespace):
    def titles(self, number):
        return html.escape(self.films[number]["title_zh"]), html.escape(self.films[number]["title_en"])


def failing(status, path):
    answer = as_json(lambda: {"error": status}) if path.startswith("/api/") else as_html(lambda: f"<h1>{status}</h1>")
    return status, *answer()


def make_app(catalog=None):
    films = {str(film["id"]): film for film in (CATALOG if catalog is None else catalog)}

    def application(environ, start_response):
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        app = App(films=films, root=quote(environ["SCRIPT_NAME"], encoding="latin-1"))
        allow = []
        try:
            row, args = router.find(path)
            if method in row:
                status, (headers, text) = "200 OK", row[method](app, *args)
            else:
                allow = [("Allow", name) for name in row]
                status, headers, text = failing("405 Method Not Allowed", path)
        except (TypeError, KeyError):
            status, headers, text = failing("404 Not Found", path)
        start_response(status, headers + allow)
        yield b"" if method == "HEAD" else text.encode()

    return application


application = make_app()
