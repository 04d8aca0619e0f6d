import html
import re
from urllib.parse import parse_qsl

from webob import Request, Response
from webob.dec import wsgify
from webob.exc import HTTPBadRequest, HTTPError, HTTPMethodNotAllowed, HTTPNotFound

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

SHAPES = [
    ("home", "/"),
    ("list", "/movies"),
    ("film", "/movies/([0-9]+)"),
    ("search", "/search"),
    ("list_json", "/api/movies"),
    ("film_json", "/api/movies/([0-9]+)"),
    ("title_json", "/api/titles/([^/]+)"),
]


def query(environ):
    return dict(reversed(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)))


def path_text(environ):
    try:
        return Request({"PATH_INFO": "", **environ}).path_info
    except UnicodeDecodeError:
        return None


class Site:
    def __init__(self, films):
        self.films = films

    @wsgify
    def __call__(self, request):
        try:
            return self.answer(request)
        except HTTPError as error:
            return self.failed(request, error)

    def answer(self, request):
        path = path_text(request.environ)
        for name, shape in SHAPES:
            found = path and re.fullmatch(shape, path)
            if found:
                if request.method not in ("GET", "HEAD"):
                    raise HTTPMethodNotAllowed(headers={"Allow": "GET, HEAD"})
                try:
                    return getattr(self, name)(request, *found.groups())
                except UnicodeDecodeError:
                    raise HTTPBadRequest
        raise HTTPNotFound

    def failed(self, request, error):
        if request.environ["PATH_INFO"].startswith("/api/"):
            answer = Response(json_body={"error": error.title}, content_type="application/json")
        else:
            answer = self.page(error.status, "")
        answer.status = error.status
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer

    def page(self, title, content):
        title = html.escape(title)
        return Response(f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{content}", charset="utf-8")

    def find(self, key, text):
        for film in self.films:
            if str(film[key]) == text:
                return film
        raise HTTPNotFound

    def hits(self, q):
        return [film for film in self.films if any(q.lower() in film[key].lower() for key in ("title_zh", "title_en"))]

    def number(self, request, name, default):
        given = request.GET.getall(name)
        if not given:
            return default
        if not re.fullmatch("[0-9]{1,18}", given[0]):
            raise HTTPBadRequest
        return int(given[0])

    def asked(self, request):
        return (request.GET.getall("q") or [""])[0]

    def home(self, request):
        return self.page("影单", f'<a href="{request.application_url}/movies">films</a>')

    def list(self, request):
        return self.page("影单", self.lines(request, self.films))

    def lines(self, request, films):
        return "".join(self.line(request.application_url, film) for film in films)

    def line(self, base, film):
        names = html.escape(film["title_zh"] + " · " + film["title_en"])
        return f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">{names}</a></li>'

    def film(self, request, number):
        film = self.find("id", number)
        return self.page(film["title_en"], "".join(f"<p>{html.escape(str(value))}</p>" for value in film.values()))

    def search(self, request):
        q = self.asked(request)
        return self.page(q, self.lines(request, self.hits(q) if q else []))

    def list_json(self, request):
        year, page, size = (self.number(request, *pair) for pair in (("year", None), ("page", 1), ("per_page", 10)))
        if page < 1 or size not in range(1, 101):
            raise HTTPBadRequest
        films = [film for film in self.hits(self.asked(request)) if year is None or film["year"] == year]
        body = {"items": films[(page - 1) * size : page * size], "page": page, "per_page": size, "total": len(films)}
        return Response(json_body=body, content_type="application/json")

    def film_json(self, request, number):
        return Response(json_body=self.find("id", number), content_type="application/json")

    def title_json(self, request, title):
        return Response(json_body=self.find("title_zh", title), content_type="application/json")


def make_app(catalog=None):
    return Site(CATALOG if catalog is None else catalog)


application = make_app()
