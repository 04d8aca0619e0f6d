"""D1: all of part A, now on Flask."""

import csv
import io
import re
from itertools import islice
from threading import Lock

from flask import Flask, Response, abort, jsonify, redirect, render_template_string, request, url_for
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

# Jinja templates. What stands in {{ ... }} is escaped when the page is made.
HOME = """<!DOCTYPE html>
<meta charset="utf-8"><title>影单</title>
<h1>影单</h1>
<p><a href="{{ url_for("film_list") }}">Films</a></p>
<p><a href="{{ url_for("watchlist") }}">Watch-list</a></p>
<p><a href="{{ url_for("export") }}">All films as CSV</a></p>
<form action="{{ url_for("search") }}"><input name="q"> <button>Search</button></form>
"""

LIST = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ heading }}</title>
<h1>{{ heading }}</h1>
<ul>
{% for film in films %}<li data-id="{{ film.id }}"><a href="{{ url_for("film_page", movie_id=film.id) }}">{{ film.title_zh }} / {{ film.title_en }}</a></li>
{% endfor %}
</ul>
<p><a href="{{ url_for("home") }}">Home</a></p>
"""

FILM = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ film.title_zh }}</title>
<h1>{{ film.title_zh }}</h1>
<p>{{ film.title_en }}</p>
<p>{{ film.year }}, {{ film.director }}</p>
<p><a href="{{ url_for("film_list") }}">Films</a></p>
"""

WATCHLIST = """<!DOCTYPE html>
<meta charset="utf-8"><title>Watch-list</title>
<h1>Watch-list</h1>
<ul>
{% for movie_id, title, stars, note in entries %}<li data-id="{{ movie_id }}">{{ title }}: {{ stars }} ★ {{ note }}</li>
{% endfor %}
</ul>
<form method="post" action="{{ url_for("add_entry") }}">
<label>Film <input name="movie_id"></label> <label>Stars <input name="stars"></label>
<label>Note <input name="note" maxlength="200"></label> <button>Add</button>
</form>
<p><a href="{{ url_for("home") }}">Home</a></p>
"""

BAD_FORM = """<!DOCTYPE html>
<meta charset="utf-8"><title>400 Bad Request</title>
<h1>400 Bad Request</h1>
<ul>
{% for error in errors %}<li class="error">{{ error }}</li>
{% endfor %}
</ul>
<p><a href="{{ url_for("watchlist") }}">Back</a></p>
"""

ERROR = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ code }} {{ name }}</title>
<h1>{{ code }} {{ name }}</h1>
<p>{{ text }}</p>
"""

FORM_TYPE = "application/x-www-form-urlencoded"


class Store:
    """Keeps the entries of one app."""

    def __init__(self):
        self._entries = []
        self._lock = Lock()

    def add(self, movie_id, stars, note):
        with self._lock:
            self._entries.append((movie_id, stars, note))
            return len(self._entries)

    def all(self):
        with self._lock:
            return list(self._entries)


def arguments():
    """Return request.args; bytes in the query string that are no UTF-8 are the client's fault."""
    try:
        return request.args
    except UnicodeDecodeError:
        abort(400, "The query string is not UTF-8.")


def number(name, default, lowest=0, highest=None):
    """Return a parameter as a number. Only what was not sent becomes the default."""
    text = arguments().get(name)
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,18}", text):
        abort(400, f"{name} is not a number.")
    value = int(text)
    if value < lowest or (highest is not None and value > highest):
        abort(400, f"{name} is out of range.")
    return value


def having(films, text):
    """Return the films with this text in one of their titles."""
    text = text.lower()
    return [film for film in films if text in film["title_zh"].lower() or text in film["title_en"].lower()]


def csv_lines(rows):
    """Return lines of CSV as one text."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def csv_chunks(open_rows):
    """Yield the export. The source is opened inside: a generator that never began has nothing to close."""
    yield csv_lines([FIELDS])
    source = open_rows()
    try:
        films = iter(source)
        while batch := list(islice(films, 100)):
            yield csv_lines([film[name] for name in FIELDS] for film in batch)
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()


def create_app(config=None):
    """Return a new Flask app; the upper-case keys of config are its settings."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # /movies//1 is unknown, not a redirect
    # MAX_CONTENT_LENGTH is the only limit of a form.
    app.config.from_mapping(MAX_CONTENT_LENGTH=65536, MAX_FORM_MEMORY_SIZE=None)
    app.config.from_mapping(config or {})

    catalog, store, open_rows = (app.config.get(key) for key in ("CATALOG", "STORE", "OPEN_ROWS"))
    films = list(CATALOG if catalog is None else catalog)
    by_id = {str(film["id"]): film for film in films}
    if store is None:
        store = Store()
    if open_rows is None:
        open_rows = lambda: iter(films)  # noqa: E731

    def find(movie_id):
        """Return a film by its id, which is text from a path."""
        if movie_id not in by_id:
            abort(404, "There is no such film.")
        return by_id[movie_id]

    @app.before_request
    def path_is_text():
        try:
            request.environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
        except UnicodeError:
            abort(404)

    # A2

    @app.get("/")
    def home():
        return render_template_string(HOME)

    @app.get("/movies")
    def film_list():
        return render_template_string(LIST, heading="影单", films=films)

    @app.get("/movies/<movie_id>")
    def film_page(movie_id):
        return render_template_string(FILM, film=find(movie_id))

    @app.get("/api/movies/<movie_id>")
    def film_json(movie_id):
        return jsonify(find(movie_id))

    # A3

    @app.get("/search")
    def search():
        text = arguments().get("q", "")
        return render_template_string(LIST, heading=f"Search: {text}", films=having(films, text) if text else [])

    @app.get("/api/movies")
    def api_list():
        page, per_page, year = number("page", 1, 1), number("per_page", 10, 1, 100), number("year", None)
        found = having(films, arguments().get("q", ""))
        if year is not None:
            found = [film for film in found if film["year"] == year]
        first = (page - 1) * per_page
        return jsonify(items=found[first : first + per_page], page=page, per_page=per_page, total=len(found))

    @app.get("/api/titles/<title>")
    def title_json(title):
        for film in films:
            if film["title_zh"] == title:
                return jsonify(film)
        abort(404, "There is no such film.")

    # A4

    @app.get("/watchlist")
    def watchlist():
        entries = []
        for movie_id, stars, note in store.all():
            film = by_id.get(str(movie_id))
            entries.append((movie_id, film["title_zh"] if film else "?", stars, note))
        return render_template_string(WATCHLIST, entries=entries)

    @app.post("/watchlist")
    def add_entry():
        if request.mimetype != FORM_TYPE:
            abort(415)
        form = request.form  # 413 if it is too long
        movie_id, stars, note = form.get("movie_id", ""), form.get("stars", ""), form.get("note", "")
        errors = []
        if movie_id not in by_id:
            errors.append("movie_id: there is no such film.")
        if not re.fullmatch("[1-5]", stars):
            errors.append("stars: a digit from 1 to 5, please.")
        if len(note) > 200:
            errors.append("note: at most 200 characters, please.")
        if errors:
            return render_template_string(BAD_FORM, errors=errors), 400
        store.add(int(movie_id), int(stars), note)
        return redirect(url_for("watchlist"), 303)

    # A5

    @app.get("/export.csv")
    def export():
        return Response(csv_chunks(open_rows), mimetype="text/csv")

    @app.errorhandler(HTTPException)
    def refused(error):
        """Answer every error; an exception that is not one of HTTP arrives here as InternalServerError."""
        answer = error.get_response()  # with its headers, such as Allow
        text = str(error.description or error.name)
        if request.environ.get("PATH_INFO", "").startswith("/api/"):
            answer.data, answer.content_type = app.json.dumps({"error": text}), "application/json"
        else:
            page = render_template_string(ERROR, code=error.code, name=error.name, text=text)
            answer.data, answer.content_type = page, "text/html; charset=utf-8"
        return answer

    return app


application = create_app()


if __name__ == "__main__":  # python flask_app.py, then open http://127.0.0.1:5000/ in a browser; Ctrl+C ends it
    application.run()
