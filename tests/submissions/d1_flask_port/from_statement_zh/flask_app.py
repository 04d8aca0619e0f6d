"""D1: all of part A, now on Flask."""

import csv
import io
import re
import threading
from functools import partial
from itertools import islice

from flask import (
    Blueprint, Flask, Response, abort, jsonify, make_response, redirect, render_template_string, request, url_for,
)
from werkzeug.exceptions import HTTPException

FIELDS = ("id", "title_zh", "title_en", "year", "director")
FILMS = [
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
# One dict for each film: {"id": 1, "title_zh": "霸王别姬", "title_en": "Farewell My Concubine", ...}
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

LIMIT = 65536  # bytes of a request body, unless the config says something else
MAX_NOTE = 200  # characters
FILMS_IN_A_CHUNK = 100
FORM_TYPE = "application/x-www-form-urlencoded"
NUMBER = re.compile("[0-9]{1,18}")

# Jinja templates. What stands in {{ ... }} is escaped when the page is made.
HEAD = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ heading }}</title>
<h1>{{ heading }}</h1>
"""

HOME = HEAD + """<ul>
<li><a href="{{ url_for("films.film_list") }}">电影</a></li>
<li><a href="{{ url_for("films.search") }}">搜索</a></li>
<li><a href="{{ url_for("films.watchlist") }}">我的影单</a></li>
<li><a href="{{ url_for("films.export") }}">导出</a></li>
</ul>
"""

LIST = HEAD + """<form action="{{ url_for("films.search") }}"><input name="q" value="{{ asked }}"><button>搜索</button></form>
<ul>
{% for film in films -%}
<li data-id="{{ film["id"] }}"><a href="{{ url_for("films.film_page", number=film["id"]) }}">
{{- film["title_zh"] }} {{ film["title_en"] }}</a></li>
{% endfor %}</ul>
"""

FILM = HEAD + """<p>{{ film["title_en"] }}</p>
<p>{{ film["year"] }}</p>
<p>{{ film["director"] }}</p>
<p><a href="{{ url_for("films.film_list") }}">电影</a></p>
"""

FORM = """<form method="post" action="{{ url_for("films.add_entry") }}">
<select name="movie_id">
{% for film in films %}<option value="{{ film["id"] }}">{{ film["title_zh"] }} {{ film["title_en"] }}</option>
{% endfor %}</select>
<input name="stars" type="number" min="1" max="5" value="3">
<input name="note" maxlength="200">
<button>添加</button>
</form>
"""

WATCHLIST = HEAD + """<ol>
{% for movie_id, stars, note in entries -%}
<li data-id="{{ movie_id }}">{{ titles.get(movie_id, "") }} {{ stars }} ★ {{ note }}</li>
{% endfor %}</ol>
""" + FORM

BAD_FORM = HEAD + """<ul>
{% for name, problem in errors.items() %}<li class="error">{{ name }}：{{ problem }}</li>
{% endfor %}</ul>
""" + FORM

ERROR = HEAD + "<p>{{ detail }}</p>\n"


class Store:
    """Keeps entries in the order in which they were added. Several threads may use it at the same time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def add(self, movie_id, stars, note):
        """Keep an entry, and return its number."""
        with self.lock:
            self.entries.append((movie_id, stars, note))
            return len(self.entries)

    def all(self):
        """Return all entries."""
        with self.lock:
            return list(self.entries)


def csv_lines(rows):
    """Return rows of values as bytes of CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")


class CsvBody:
    """The body of the export. It opens the source when the first film is needed, and owns it until close()."""

    def __init__(self, open_rows):
        self.open_rows = open_rows
        self.source = self.rows = None
        self.started = self.ended = False

    def __iter__(self):
        return self

    def __next__(self):
        if self.ended:
            raise StopIteration
        if not self.started:
            self.started = True
            return csv_lines([FIELDS])
        if self.rows is None:
            self.source = self.open_rows()
            self.rows = iter(self.source)
        films = list(islice(self.rows, FILMS_IN_A_CHUNK))
        if len(films) < FILMS_IN_A_CHUNK:
            self.close()
        if not films:
            raise StopIteration
        return csv_lines([film[field] for field in FIELDS] for film in films)

    def close(self):
        """Release the source if it is open. May be called more than once."""
        self.ended = True
        source, self.source, self.rows = self.source, None, None
        close = getattr(source, "close", None)
        if close is not None:
            close()


def number_asked(name, default, lowest=0, highest=None):
    """Return a number from the query string; the default only if it was not sent. Abort with 400 if it is bad."""
    text = request.args.get(name)
    if text is None:
        return default
    if not NUMBER.fullmatch(text):
        abort(400, f"{name} is not a number")
    number = int(text)
    if number < lowest or (highest is not None and number > highest):
        abort(400, f"{name} is out of range")
    return number


def check(form, films_by_text):
    """Return what is wrong with a form: for each bad field its name and a sentence."""
    errors = {}
    if form.get("movie_id", "") not in films_by_text:
        errors["movie_id"] = "没有这部电影"
    if form.get("stars", "") not in {"1", "2", "3", "4", "5"}:
        errors["stars"] = "请给一到五颗星"
    if len(form.get("note", "")) > MAX_NOTE:
        errors["note"] = "短评太长"
    return errors


def answer_error(error):
    """Answer everything that is refused: JSON below /api/, a page everywhere else."""
    status = f"{error.code} {error.name}"
    detail = str(error.description or "") if error.code < 500 else ""
    if request.environ.get("PATH_INFO", "").startswith("/api/"):
        response = jsonify(error=status, detail=detail)
    else:
        response = make_response(render_template_string(ERROR, heading=status, detail=detail))
    response.status_code = error.code
    for name, value in error.get_headers():  # Allow, for example
        if name.lower() not in ("content-type", "content-length"):
            response.headers.add(name, value)
    return response


def make_site(films, store, open_rows):
    """Return a blueprint with the pages of one app."""
    site = Blueprint("films", __name__)
    by_text = {str(film["id"]): film for film in films}
    titles = {film["id"]: film["title_zh"] for film in films}

    def find(number):
        film = by_text.get(number)
        if film is None:
            abort(404)
        return film

    def found(text):
        text = text.lower()
        return [film for film in films if text in film["title_zh"].lower() or text in film["title_en"].lower()]

    @site.get("/")
    def home():
        return render_template_string(HOME, heading="影单")

    @site.get("/movies")
    def film_list():
        return render_template_string(LIST, heading="影单", films=films, asked="")

    @site.get("/movies/<number>")
    def film_page(number):
        film = find(number)
        return render_template_string(FILM, heading=film["title_zh"], film=film)

    @site.get("/api/movies/<number>")
    def film_data(number):
        return jsonify(find(number))

    @site.get("/search")
    def search():
        asked = request.args.get("q", "")
        heading = f"搜索：{asked}" if asked else "搜索"
        return render_template_string(LIST, heading=heading, films=found(asked) if asked else [], asked=asked)

    @site.get("/api/movies")
    def list_data():
        page, per_page = number_asked("page", 1, 1), number_asked("per_page", 10, 1, 100)
        year = number_asked("year", None)
        hits = [film for film in found(request.args.get("q", "")) if year is None or film["year"] == year]
        first = (page - 1) * per_page
        return jsonify(items=hits[first : first + per_page], page=page, per_page=per_page, total=len(hits))

    @site.get("/api/titles/<title>")
    def title_data(title):
        for film in films:
            if film["title_zh"] == title:
                return jsonify(film)
        abort(404)

    @site.get("/watchlist")
    def watchlist():
        return render_template_string(WATCHLIST, heading="我的影单", entries=store.all(), titles=titles, films=films)

    @site.post("/watchlist")
    def add_entry():
        if request.mimetype != FORM_TYPE:
            abort(415)
        form = request.form  # Flask answers 413 here
        errors = check(form, by_text)
        if errors:
            return render_template_string(BAD_FORM, heading="400 Bad Request", errors=errors, films=films), 400
        store.add(by_text[form["movie_id"]]["id"], int(form["stars"]), form.get("note", ""))
        return redirect(url_for("films.watchlist"), 303)

    @site.get("/export.csv")
    def export():
        return Response(CsvBody(open_rows), mimetype="text/csv")

    site.app_errorhandler(HTTPException)(answer_error)
    return site


def create_app(config=None):
    """Return a new Flask app; the upper-case keys of config are its settings."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.config["MAX_FORM_MEMORY_SIZE"] = None  # there is one limit, the one above
    app.config.from_mapping(config or {})

    catalog, store, open_rows = (app.config.get(key) for key in ("CATALOG", "STORE", "OPEN_ROWS"))
    films = [dict(film) for film in (CATALOG if catalog is None else catalog)]
    if store is None:
        store = Store()
    if open_rows is None:
        open_rows = partial(iter, films)
    app.register_blueprint(make_site(films, store, open_rows))
    return app


application = create_app()


if __name__ == "__main__":  # python flask_app.py, then open http://127.0.0.1:5000/ in a browser; Ctrl+C ends it
    application.run()
