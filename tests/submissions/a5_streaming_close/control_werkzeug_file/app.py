import csv
import io
from itertools import islice

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import wrap_file

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


def csv_lines(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def values(films):
    return [[film[key] for key in KEYS] for film in films]


class Reader:
    def __init__(self, rows):
        self.rows = rows
        self.top = [KEYS]

    def read(self, size):
        lines, self.top = self.top + values(islice(self.rows, 50)), []
        return csv_lines(lines) if lines else b""

    def close(self):
        self.rows.close()


RULES = Map([Rule("/", endpoint="home", methods=["GET"]), Rule("/movies", endpoint="home", methods=["GET"]),
             Rule("/export.csv", endpoint="export", methods=["GET"])])


class App:
    def __init__(self, films, open_rows):
        self.films = films
        self.open_rows = open_rows

    @Request.application
    def __call__(self, request):
        try:
            endpoint, _ = RULES.bind_to_environ(request.environ).match()
        except HTTPException as error:
            return error
        return self.export(request.environ) if endpoint == "export" else self.home()

    def home(self):
        return Response(f"<h1>影单</h1>{len(self.films)}", mimetype="text/html")

    def export(self, environ):
        chunks = wrap_file(environ, Reader(self.open_rows()))
        return Response(chunks, mimetype="text/csv", direct_passthrough=True)


def make_app(catalog=None, store=None, open_rows=None):
    films = CATALOG if catalog is None else catalog
    return App(films, open_rows or (lambda: (film for film in films)))


application = make_app()
