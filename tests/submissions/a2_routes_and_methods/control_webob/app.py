import html
import re

from webob import Response
from webob.dec import wsgify
from webob.exc import HTTPMethodNotAllowed, HTTPNotFound

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
    ("film_json", "/api/movies/([0-9]+)"),
]


def match(path):
    for name, shape in SHAPES:
        found = re.fullmatch(shape, path)
        if found:
            return {"GET": name, "HEAD": name}, found.groups()
    return None


def path_of(request):
    return request.environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")


class Site:
    def __init__(self, films):
        self.films = films

    @wsgify
    def __call__(self, request):
        try:
            found = match(path_of(request))
            if found is None:
                raise HTTPNotFound
            methods, args = found
            if request.method not in methods:
                raise HTTPMethodNotAllowed(headers={"Allow": ", ".join(methods)})
            return getattr(self, methods["GET"])(request, *args)
        except (HTTPNotFound, HTTPMethodNotAllowed) as error:
            return self.failed(request, error)

    def failed(self, request, error):
        answer = self.page(error.status, "") if not path_of(request).startswith("/api/") else Response(
            json_body={"error": error.title}, content_type="application/json"
        )
        answer.status = error.status
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer

    def page(self, title, content):
        title = html.escape(title)
        return Response(f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{content}", charset="utf-8")

    def find(self, number):
        for film in self.films:
            if str(film["id"]) == number:
                return film
        raise HTTPNotFound

    def home(self, request):
        return self.page("影单", f'<a href="{self.base(request)}/movies">films</a>')

    def list(self, request):
        return self.page("影单", "".join(self.line(self.base(request), film) for film in self.films))

    def line(self, base, film):
        names = html.escape(film["title_zh"] + " · " + film["title_en"])
        return f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}">{names}</a></li>'

    def film(self, request, number):
        film = self.find(number)
        return self.page(film["title_en"], "".join(f"<p>{html.escape(str(value))}</p>" for value in film.values()))

    def film_json(self, request, number):
        return Response(json_body=self.find(number), content_type="application/json")

    def base(self, request):
        return request.application_url


def make_app(catalog=None):
    return Site(CATALOG if catalog is None else catalog)


application = make_app()
