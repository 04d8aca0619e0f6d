import html
from urllib.parse import quote

from bottle import Bottle, HTTPError, HTTPResponse, request, response

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


def page(title, content=""):
    response.content_type = "text/html; charset=utf-8"
    return f"<!DOCTYPE html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{content}"


def failed(error):
    return page(error.status_line, getattr(error, "traceback", None) or "")


def field(name):
    return (request.forms.getall(name) or [""])[0].encode("latin-1", "replace").decode("utf-8", "replace")


def number(text):
    return int(text) if text.isascii() and text.isdigit() else 0


def make_app(catalog=None, store=None):
    films = [str(film["id"]) for film in (CATALOG if catalog is None else catalog)]
    entries = []
    app = Bottle()
    app.error(404)(failed)
    app.error(413)(failed)
    app.error(415)(failed)

    @app.error(405)
    def refused(error):
        response.set_header("Allow", "GET, HEAD, POST")
        return failed(error)

    @app.get("/watchlist")
    def show():
        shown = store.all() if store else entries
        lines = (f'<li data-id="{movie}">{stars} / {html.escape(note)}</li>' for movie, stars, note in shown)
        return page("影单", "".join(lines))

    @app.post("/watchlist")
    def add():
        environ = request.environ
        if environ.get("CONTENT_TYPE", "").lower().split(";")[0].strip() != FORM:
            raise HTTPError(415)
        length = number(environ.get("CONTENT_LENGTH", ""))
        if length > 65536:
            raise HTTPError(413)
        environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"] = str(length), FORM
        movie, stars, note = map(field, ("movie_id", "stars", "note"))
        tests = {"movie_id": movie in films, "stars": stars in list("12345"), "note": len(note) <= 200}
        errors = [f'<li class="error">{name}</li>' for name, good in tests.items() if not good]
        if errors:
            response.status = 400
            return page("400 Bad Request", "".join(errors))
        store.add(int(movie), int(stars), note) if store else entries.append((int(movie), int(stars), note))
        place = quote(environ["SCRIPT_NAME"], encoding="latin-1") + "/watchlist"
        return HTTPResponse(status=303, headers={"Location": place})

    return app


application = make_app()
