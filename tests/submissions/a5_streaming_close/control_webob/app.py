import csv
import io
from itertools import islice

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


def csv_lines(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def values(films):
    return [[film[key] for key in KEYS] for film in films]


class CsvBody:
    def __init__(self, rows):
        self.rows = rows
        self.first = True

    def __iter__(self):
        return self

    def __next__(self):
        films = list(islice(self.rows, 100))
        if not films and not self.first:
            raise StopIteration
        lines = ([KEYS] if self.first else []) + values(films)
        self.first = False
        return csv_lines(lines)

    def close(self):
        self.rows.close()


def make_app(catalog=None, store=None, open_rows=None):
    films = CATALOG if catalog is None else catalog
    opener = open_rows or (lambda: (film for film in films))

    @wsgify
    def application(request):
        if request.path_info not in ("/", "/movies", "/export.csv"):
            return HTTPNotFound()
        if request.method not in ("GET", "HEAD"):
            return HTTPMethodNotAllowed(headers={"Allow": "GET, HEAD"})
        if request.path_info == "/export.csv":
            return Response(app_iter=CsvBody(opener()), content_type="text/csv", charset="utf-8")
        return Response(f"<h1>影单</h1>{len(films)}", charset="utf-8")

    return application


application = make_app()
