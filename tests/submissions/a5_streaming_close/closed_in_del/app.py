import csv
import io
from itertools import islice

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

    def __del__(self):
        self.rows.close()


def export(method, start_response, open_rows):
    start_response("200 OK", [("Content-Type", "text/csv; charset=utf-8")])
    if method == "HEAD":
        return []
    return CsvBody(open_rows())


def make_app(catalog=None, store=None, open_rows=None):
    films = CATALOG if catalog is None else catalog
    opener = open_rows or (lambda: (film for film in films))

    def application(environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        headers = [("Content-Type", "text/html; charset=utf-8")]
        if path not in ("/", "/movies", "/export.csv"):
            start_response("404 Not Found", headers)
            body = b"<h1>404</h1>"
        elif method not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [*headers, ("Allow", "GET, HEAD")])
            body = b"<h1>405</h1>"
        elif path == "/export.csv":
            return export(method, start_response, opener)
        else:
            start_response("200 OK", headers)
            body = f"<h1>影单</h1>{len(films)}".encode()
        return [] if method == "HEAD" else [body]

    return application


application = make_app()
