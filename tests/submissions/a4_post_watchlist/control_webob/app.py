import html

from webob import Response
from webob.dec import wsgify

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


FORM = "application/x-www-form-urlencoded"
STATUS = {400: "400 Bad Request", 404: "404 Not Found", 405: "405 Method Not Allowed", 413: "413 Content Too Large", 415: "415 Unsupported Media Type"}


def length_of(environ):
    text = environ.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() else 0


class App:
    def __init__(self, catalog, store):
        self.films = {str(film["id"]): film for film in catalog}
        self.entries = []
        self.store = store

    @wsgify
    def __call__(self, request):
        request.environ["CONTENT_LENGTH"] = str(length_of(request.environ))
        if request.path_info != "/watchlist":
            return self.failed(404)
        if request.method in ("GET", "HEAD"):
            return self.show()
        if request.method != "POST":
            return self.failed(405, allow=["GET", "HEAD", "POST"])
        if (request.content_type or "").lower() != FORM:
            return self.failed(415)
        if request.content_length > 65536:
            return self.failed(413)
        request.content_type = FORM
        return self.add(request)

    def add(self, request):
        try:
            form = request.POST
            first = {name: form.getall(name)[0] for name in form}
        except UnicodeError:
            first = {}
        errors = []
        if first.get("movie_id") not in self.films:
            errors.append("movie_id")
        if first.get("stars") not in ("1", "2", "3", "4", "5"):
            errors.append("stars")
        if len(first.get("note", "")) > 200:
            errors.append("note")
        if errors:
            return self.failed(400, "".join(f'<li class="error">{name}</li>' for name in errors))
        entry = int(first["movie_id"]), int(first["stars"]), first.get("note", "")
        self.entries.append(entry) if self.store is None else self.store.add(*entry)
        return Response(status=303, location=request.application_url + "/watchlist")

    def failed(self, code, text="", **more):
        return Response(f"<h1>{STATUS[code]}</h1><ul>{text}</ul>", status=STATUS[code], charset="utf-8", **more)

    def show(self):
        entries = self.entries if self.store is None else self.store.all()
        lines = (f'<li data-id="{number}">{stars}: {html.escape(note)}</li>' for number, stars, note in entries)
        return Response("<h1>影单</h1>" + "".join(lines), charset="utf-8")


def make_app(catalog=None, store=None):
    return App(CATALOG if catalog is None else catalog, store)


application = make_app()
