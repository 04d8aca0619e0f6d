import html
import json

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

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

RULES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/movies", endpoint="list", methods=["GET"]),
        Rule("/movies/<number>", endpoint="film", methods=["GET"]),
        Rule("/search", endpoint="search", methods=["GET"]),
        Rule("/api/movies", endpoint="list_json", methods=["GET"]),
        Rule("/api/movies/<number>", endpoint="film_json", methods=["GET"]),
        Rule("/api/titles/<title>", endpoint="title_json", methods=["GET"]),
    ]
)


def query(environ):
    return Request(environ).args.to_dict()


def path_text(environ):
    try:
        return environ.get("PATH_INFO", "").encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


class App:
    def __init__(self, catalog):
        self.catalog = catalog

    @Request.application
    def __call__(self, request):
        urls = RULES.bind_to_environ(request.environ)
        try:
            if path_text(request.environ) is None:
                raise NotFound
            endpoint, args = urls.match()
            return getattr(self, f"on_{endpoint}")(request, urls, **args)
        except HTTPException as error:
            if not request.path.startswith("/api/"):
                return error
            response = error.get_response()
            response.data = json.dumps({"error": error.description})
            response.mimetype = "application/json"
            return response

    def lines(self, urls, films):
        for film in films:
            address = html.escape(urls.build("film", {"number": film["id"]}))
            names = html.escape(f"{film['title_zh']} ({film['title_en']})")
            yield f'<li data-id="{film["id"]}"><a href="{address}">{names}</a></li>'

    def find(self, key, text):
        for film in self.catalog:
            if str(film[key]) == text:
                return film
        raise NotFound

    def hits(self, q):
        return [film for film in self.catalog if q.lower() in film["title_zh"].lower() or q.lower() in film["title_en"].lower()]

    def number(self, request, name, default):
        text = request.args.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise BadRequest(f"{name} is not a number")
        return int(text)

    def on_home(self, request, urls):
        return Response(f"<h1>影单</h1><a href='{urls.build('list')}'>films</a>", mimetype="text/html")

    def on_list(self, request, urls):
        return Response(self.lines(urls, self.catalog), mimetype="text/html")

    def on_film(self, request, urls, number):
        film = self.find("id", number)
        return Response("<br>".join(html.escape(str(value)) for value in film.values()), mimetype="text/html")

    def on_search(self, request, urls):
        q = request.args.get("q", "")
        lines = "".join(self.lines(urls, self.hits(q) if q else []))
        return Response(f"<title>影单</title><h1>{html.escape(q)}</h1>{lines}", mimetype="text/html")

    def on_list_json(self, request, urls):
        year, page, size = (self.number(request, *pair) for pair in (("year", None), ("page", 1), ("per_page", 10)))
        if page < 1 or not 0 < size <= 100:
            raise BadRequest
        films = [film for film in self.hits(request.args.get("q", "")) if year in (None, film["year"])]
        start = (page - 1) * size
        found = {"items": films[start : start + size], "page": page, "per_page": size, "total": len(films)}
        return Response(json.dumps(found), mimetype="application/json")

    def on_film_json(self, request, urls, number):
        return Response(json.dumps(self.find("id", number)), mimetype="application/json")

    def on_title_json(self, request, urls, title):
        return Response(json.dumps(self.find("title_zh", title)), mimetype="application/json")


def make_app(catalog=None):
    return App(CATALOG if catalog is None else catalog)


application = make_app()
