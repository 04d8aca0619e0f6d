import html
import json
import re
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

HTML = "text/html; charset=utf-8"
JSON = "application/json"


class BadRequest(Exception):
    pass


def query(environ):
    result = {}
    for key, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        if key not in result:
            result[key] = value
    return result


def path_text(environ):
    raw = environ["PATH_INFO"].encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def number(params, name, default):
    if name not in params:
        return default
    text = params[name]
    if not re.fullmatch("[0-9]{1,18}", text):
        raise BadRequest(name + " is not a number")
    return int(text)


def find(films, key, text):
    for film in films:
        if str(film[key]) == text:
            return film
    return None


def is_hit(film, text):
    text = text.lower()
    return text in film["title_zh"].lower() or text in film["title_en"].lower()


def page(title, content):
    title = html.escape(title)
    return f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{content}"


def form(base, q):
    return f'<form action="{base}/search"><input name="q" value="{html.escape(q)}"></form>'


def film_lines(films, base):
    lines = []
    for film in films:
        zh = html.escape(film["title_zh"])
        en = html.escape(film["title_en"])
        lines.append(f'<li data-id="{film["id"]}"><a href="{base}/movies/{film["id"]}" title="{en}">{zh} {en}</a></li>')
    return "<ul>" + "".join(lines) + "</ul>"


def home(films, base, params):
    return "200 OK", HTML, page("影单", f'<a href="{base}/movies">电影</a>' + form(base, ""))


def film_list(films, base, params):
    return "200 OK", HTML, page("影单", film_lines(films, base))


def film_page(films, base, params, film_id):
    film = find(films, "id", film_id)
    if film is None:
        return None
    lines = [f"<p>{key}: {html.escape(str(film[key]))}</p>" for key in KEYS[1:]]
    return "200 OK", HTML, page(film["title_zh"], "".join(lines))


def search(films, base, params):
    q = params.get("q", "")
    hits = [film for film in films if is_hit(film, q)] if q else []
    return "200 OK", HTML, page("搜索 " + q, form(base, q) + film_lines(hits, base))


def list_json(films, base, params):
    q = params.get("q", "")
    year = number(params, "year", None)
    page_number = number(params, "page", 1)
    per_page = number(params, "per_page", 10)
    if page_number < 1 or per_page < 1 or per_page > 100:
        raise BadRequest("page or per_page is out of range")
    hits = [film for film in films if is_hit(film, q) and (year is None or film["year"] == year)]
    start = (page_number - 1) * per_page
    items = hits[start : start + per_page]
    return "200 OK", JSON, json.dumps({"items": items, "page": page_number, "per_page": per_page, "total": len(hits)})


def film_json(films, base, params, film_id):
    film = find(films, "id", film_id)
    return None if film is None else ("200 OK", JSON, json.dumps(film))


def title_json(films, base, params, title):
    film = find(films, "title_zh", title)
    return None if film is None else ("200 OK", JSON, json.dumps(film))


ROUTES = [
    ("/", home),
    ("/movies", film_list),
    ("/movies/([^/]+)", film_page),
    ("/search", search),
    ("/api/movies", list_json),
    ("/api/movies/([^/]+)", film_json),
    ("/api/titles/([^/]+)", title_json),
]


def error(environ, status, reason=""):
    if environ["PATH_INFO"].startswith("/api/"):
        return status, JSON, json.dumps({"error": reason or status})
    where = html.escape(path_text(environ) or "")
    return status, HTML, page(status, f"<p>{where}</p>")


def respond(environ, films):
    path = path_text(environ)
    if path is None:
        return error(environ, "404 Not Found")
    base = quote(environ["SCRIPT_NAME"], encoding="latin-1")
    for shape, handler in ROUTES:
        found = re.fullmatch(shape, path)
        if found:
            if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
                return error(environ, "405 Method Not Allowed")
            try:
                answer = handler(films, base, query(environ), *found.groups())
            except BadRequest as bad:
                return error(environ, "400 Bad Request", str(bad))
            return answer or error(environ, "404 Not Found")
    return error(environ, "404 Not Found")


def make_app(catalog=None):
    films = CATALOG if catalog is None else catalog

    def application(environ, start_response):
        status, kind, text = respond(environ, films)
        body = text.encode("utf-8")
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        if status.startswith("405"):
            headers.append(("Allow", "GET, HEAD"))
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return application


application = make_app()
