import html
import json

from werkzeug.exceptions import HTTPException, NotFound
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
        Rule("/api/movies/<number>", endpoint="film_json", methods=["GET"]),
    ]
)


class App:
    def __init__(self, catalog):
        self.catalog = catalog

    @Request.application
    def __call__(self, request):
        urls = RULES.bind_to_environ(request.environ)
        try:
            endpoint, args = urls.match()
            return getattr(self, f"on_{endpoint}")(urls, **args)
        except HTTPException as error:
            if not request.path.startswith("/api/"):
                return error
            response = error.get_response()
            response.data = json.dumps({"error": error.description})
            response.mimetype = "application/json"
            return response

    def on_home(self, urls):
        return Response(f"<h1>影单</h1><a href='{urls.build('list')}'>films</a>", mimetype="text/html")

    def on_list(self, urls):
        return Response((self.line(urls, film) for film in self.catalog), mimetype="text/html")

    def line(self, urls, film):
        address = html.escape(urls.build("film", {"number": film["id"]}))
        names = html.escape(f"{film['title_zh']} ({film['title_en']})")
        return f'<li data-id="{film["id"]}"><a href="{address}">{names}</a></li>'

    def find(self, number):
        for film in self.catalog:
            if str(film["id"]) == number:
                return film
        raise NotFound

    def on_film(self, urls, number):
        return Response("<br>".join(html.escape(str(value)) for value in self.find(number).values()), mimetype="text/html")

    def on_film_json(self, urls, number):
        return Response(json.dumps(self.find(number)), mimetype="application/json")


def create_app(config=None):
    catalog = (config or {}).get("CATALOG")
    return App(CATALOG if catalog is None else catalog)


application = create_app()
