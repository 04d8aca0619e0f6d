import html
import threading
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

FORM = "application/x-www-form-urlencoded"
DIGITS = set("0123456789")


def page(title, content):
    title = html.escape(title)
    return f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{content}"


def is_number(text):
    return bool(text) and set(text) <= DIGITS and len(text) < 15


def media_type(environ):
    return environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()


def body_length(environ):
    return max(0, int(environ.get("CONTENT_LENGTH", "0")))


def read_body(environ, length):
    return environ["wsgi.input"].read(length)


def read_form(body):
    fields = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, value)
    return fields


def check(fields, films):
    errors = {}
    if fields.get("movie_id", "") not in films:
        errors["movie_id"] = "choose a film of the list"
    if fields.get("stars", "") not in ("1", "2", "3", "4", "5"):
        errors["stars"] = "1 to 5"
    if len(fields.get("note", "")) > 200:
        errors["note"] = "200 characters are enough"
    return errors


class WatchList:
    def __init__(self, catalog, store):
        self.films = {str(film["id"]): film for film in catalog}
        self.lock = threading.Lock()
        self.entries = []
        self.store = store

    def add(self, number, stars, note):
        if self.store is not None:
            return self.store.add(number, stars, note)
        with self.lock:
            self.entries.append((number, stars, note))
            return len(self.entries)

    def all(self):
        if self.store is not None:
            return self.store.all()
        with self.lock:
            return list(self.entries)

    def list_page(self):
        items = []
        for number, stars, note in self.all():
            film = self.films.get(str(number), {})
            name = html.escape(film.get("title_zh", "?"))
            items.append(f'<li data-id="{number}">{name} {stars}/5 {html.escape(note)}</li>')
        return page("影单", "<ul>" + "".join(items) + "</ul>")

    def error_page(self, status, errors):
        items = [f'<li class="error">{name}: {text}</li>' for name, text in errors.items()]
        return page(status, "<ul>" + "".join(items) + "</ul>")

    def post(self, environ):
        if media_type(environ) != FORM:
            return "415 Unsupported Media Type", []
        length = body_length(environ)
        if length > 65536:
            return "413 Content Too Large", []
        fields = read_form(read_body(environ, length))
        errors = check(fields, self.films)
        if errors:
            return "400 Bad Request", errors
        self.add(int(fields["movie_id"]), int(fields["stars"]), fields.get("note", ""))
        return "303 See Other", []

    def answer(self, environ):
        method = environ["REQUEST_METHOD"]
        headers = [("Content-Type", "text/html; charset=utf-8")]
        if environ["PATH_INFO"] != "/watchlist":
            return "404 Not Found", headers, page("404 Not Found", "")
        if method in ("GET", "HEAD"):
            return "200 OK", headers, self.list_page()
        if method != "POST":
            headers.append(("Allow", "GET, HEAD, POST"))
            return "405 Method Not Allowed", headers, page("405 Method Not Allowed", "")
        status, errors = self.post(environ)
        if status.startswith("303"):
            headers.append(("Location", quote(environ["SCRIPT_NAME"], encoding="latin-1") + "/watchlist"))
            return status, headers, ""
        return status, headers, self.error_page(status, dict(errors))

    def __call__(self, environ, start_response):
        status, headers, text = self.answer(environ)
        body = text.encode("utf-8", "replace")
        start_response(status, headers + [("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def make_app(catalog=None, store=None):
    return WatchList(CATALOG if catalog is None else catalog, store)


application = make_app()
