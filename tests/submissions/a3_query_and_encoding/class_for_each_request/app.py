"""One object for each request, methods found by name, a table of sets of words."""
import html
import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, quote

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

DIGITS = frozenset("0123456789")


def query(environ):
    given = {}
    for key, value in parse_qsl(environ.get("QUERY_STRING", ""), True):
        given.setdefault(key, value)
    return given


def path_text(environ):
    data = environ.get("PATH_INFO", "").encode("latin-1")
    text = data.decode("utf-8", "ignore")
    return text if text.encode("utf-8") == data else None


class Refused(Exception):
    def __init__(self, code, **headers):
        self.code = HTTPStatus(code)
        self.headers = headers


@dataclass
class Films:
    films: list

    def __post_init__(self):
        self.by_id = {str(film["id"]): film for film in self.films}
        self.by_title = {film["title_zh"]: film for film in reversed(self.films)}

    def having(self, text):
        wanted = text.lower()
        return [film for film in self.films if any(wanted in film[key].lower() for key in ("title_zh", "title_en"))]

    def __call__(self, environ, start_response):
        return Request(self, environ, start_response).answer()


class Request:
    def __init__(self, films, environ, start_response):
        self.films, self.environ, self.start_response = films, environ, start_response
        self.query = query(environ)

    def answer(self):
        try:
            code, body = HTTPStatus.OK, self.find()()
            headers = {}
        except Refused as refused:
            code, headers = refused.code, refused.headers
            body = f"{code.value} {code.phrase}"
            if self.environ["PATH_INFO"][:5] == "/api/":
                body = {"error": body}
        kind = "text/html;charset=UTF-8"
        if not isinstance(body, str):
            body, kind = json.dumps(body), "Application/JSON"
        headers["Content-Type"] = kind
        self.start_response(f"{code.value} {code.phrase}", list(headers.items()))
        return (body.encode(),) if self.environ["REQUEST_METHOD"] != "HEAD" else ()

    def find(self):
        path = path_text(self.environ)
        match (path or "").split("/"):
            case ["", ""]:
                handler = self.home
            case ["", "movies"]:
                handler = lambda: self.listed(self.films.films)
            case ["", "movies", word] if word:
                handler = lambda: self.film_page(word)
            case ["", "search"]:
                handler = self.search
            case ["", "api", "movies"]:
                handler = self.some_films
            case ["", "api", "movies", word] if word:
                handler = lambda: self.film(self.films.by_id, word)
            case ["", "api", "titles", word] if word:
                handler = lambda: self.film(self.films.by_title, word)
            case _:
                raise Refused(404)
        if self.environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            raise Refused(405, Allow="GET, HEAD")
        return handler

    def film(self, films, word):
        try:
            return films[word]
        except KeyError:
            raise Refused(404) from None

    def home(self):
        return f"<h1>影单<a href={self.base}/movies>all</a></h1>"

    def film_page(self, word):
        return "<hr>".join(html.escape(str(value)) for value in self.film(self.films.by_id, word).values())

    def search(self):
        text = self.query.get("q", "")
        return self.listed(self.films.having(text) if text else [], text)

    def some_films(self):
        size, page = self.number("per_page", 10), self.number("page", 1)
        if not page or size not in range(1, 101):
            raise Refused(400)
        films = self.films.having(self.query.get("q", ""))
        if "year" in self.query:
            year = self.number("year", 0)
            films = [film for film in films if film["year"] == year]
        return {"items": films[page * size - size :][:size], "page": page, "per_page": size, "total": len(films)}

    def number(self, name, default):
        text = self.query.get(name)
        if text is None:
            return default
        if not 0 < len(text) < 19 or not DIGITS.issuperset(text):
            raise Refused(400)
        return int(text)

    @property
    def base(self):
        return quote(self.environ["SCRIPT_NAME"].encode("latin-1"))

    def listed(self, films, text="影单"):
        rows = (
            f'<li data-id={film["id"]}><a href="{self.base}/movies/{film["id"]}">'
            + html.escape(film["title_zh"] + " / " + film["title_en"]) + "</a>"
            for film in films
        )
        return f"<!DOCTYPE html><title>影单</title><h1>{html.escape(text)}</h1><ol>{''.join(rows)}</ol>"


def make_app(catalog=None):
    return Films(CATALOG if catalog is None else catalog)


application = make_app()
