import csv
import html
import io
import json
import re

from .middleware import RequestId
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

FIELDS = ("id", "title_zh", "title_en", "year", "director")
FILMS = [
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
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

RULES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/movies", endpoint="list", methods=["GET"]),
        Rule("/movies/<number>", endpoint="film", methods=["GET"]),
        Rule("/search", endpoint="search", methods=["GET"]),
        Rule("/api/movies", endpoint="list_json", methods=["GET"]),
        Rule("/api/movies/<number>", endpoint="film_json", methods=["GET"]),
        Rule("/api/titles/<title>", endpoint="title_json", methods=["GET"]),
        Rule("/watchlist", endpoint="watchlist", methods=["GET", "POST"]),
        Rule("/export.csv", endpoint="export", methods=["GET"]),
    ]
)


class App:
    def __init__(self, config):
        given = config.get("CATALOG")
        self.catalog = CATALOG if given is None else given
        self.store = config.get("STORE")
        self.open_rows = config.get("OPEN_ROWS")
        self.limit = config.get("MAX_CONTENT_LENGTH", 65536)
        self.entries = []

    @Request.application
    def __call__(self, request):
        urls = RULES.bind_to_environ(request.environ)
        try:
            endpoint, args = urls.match()
            return getattr(self, f"on_{endpoint}")(request, urls, **args)
        except HTTPException as error:
            if not request.path.startswith("/api/"):
                return error
            response = error.get_response()
            response.data = json.dumps({"error": error.description})
            response.mimetype = "application/json"
            return response

    def page(self, title, *content, status=200):
        title = html.escape(title)
        return Response(f"<title>{title}</title><h1>{title}</h1>{''.join(content)}", status, mimetype="text/html")

    def data(self, content):
        return Response(json.dumps(content), mimetype="application/json")

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

    def hits(self, text):
        return [film for film in self.catalog if any(text.lower() in film[key].lower() for key in ("title_zh", "title_en"))]

    def on_home(self, request, urls):
        return self.page("影单", f"<a href='{urls.build('list')}'>films</a>")

    def on_list(self, request, urls):
        return self.page("影单", *self.lines(urls, self.catalog))

    def on_film(self, request, urls, number):
        film = self.find("id", number)
        return self.page(film["title_zh"], "<br>".join(html.escape(str(value)) for value in film.values()))

    def on_search(self, request, urls):
        text = request.args.get("q", "")
        return self.page(text, *self.lines(urls, self.hits(text) if text else []))

    def on_list_json(self, request, urls):
        asked = {"page": "1", "per_page": "10"} | request.args.to_dict()
        for name in ("page", "per_page", "year"):
            if name in asked and not re.fullmatch("[0-9]{1,18}", asked[name]):
                raise BadRequest(name)
        page, size = int(asked["page"]), int(asked["per_page"])
        if page < 1 or not 1 <= size <= 100:
            raise BadRequest("page")
        found = [film for film in self.hits(asked.get("q", "")) if int(asked.get("year", film["year"])) == film["year"]]
        return self.data(
            {"items": found[(page - 1) * size : page * size], "page": page, "per_page": size, "total": len(found)}
        )

    def on_film_json(self, request, urls, number):
        return self.data(self.find("id", number))

    def on_title_json(self, request, urls, title):
        return self.data(self.find("title_zh", title))

    def on_watchlist(self, request, urls):
        if request.method == "POST":
            return self.add(request, urls)
        entries = self.entries if self.store is None else self.store.all()
        items = (f'<li data-id="{number}">{stars} <q>{html.escape(note)}</q></li>' for number, stars, note in entries)
        return self.page("影单", *items)

    def add(self, request, urls):
        if request.mimetype != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType
        if (request.content_length or 0) > self.limit:
            raise RequestEntityTooLarge
        form = request.form
        errors = []
        if form.get("movie_id") not in {str(film["id"]) for film in self.catalog}:
            errors.append("movie_id")
        if form.get("stars") not in list("12345"):
            errors.append("stars")
        if len(form.get("note", "")) > 200:
            errors.append("note")
        if errors:
            return self.page("400", *(f'<li class="error">{name}</li>' for name in errors), status=400)
        entry = int(form["movie_id"]), int(form["stars"]), form.get("note", "")
        self.entries.append(entry) if self.store is None else self.store.add(*entry)
        return redirect(urls.build("watchlist"), 303)

    def on_export(self, request, urls):
        rows = iter(self.catalog) if self.open_rows is None else self.open_rows()

        def lines():
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(FIELDS)
            for film in rows:
                yield text.getvalue()
                text.seek(0)
                text.truncate()
                writer.writerow(film[key] for key in FIELDS)
            yield text.getvalue()

        response = Response(lines(), mimetype="text/csv")
        response.call_on_close(getattr(rows, "close", int))
        return response


def create_app(config=None):
    return RequestId(App(config or {}))


application = create_app()
