"""D1: all of part A on Flask. What is left is what the site has to say; the rest of the code is now Flask's."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
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
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

Film = Mapping[str, int | str]

FORM = "application/x-www-form-urlencoded"
NUMBER = re.compile("[0-9]{1,18}")
MOST_PER_PAGE, MAX_NOTE, BLOCK = 100, 200, 100
STARS = ("1", "2", "3", "4", "5")

TEMPLATES = {
    "page.html": """<!DOCTYPE html>
<html lang="zh-CN"><meta charset="utf-8"><title>{{ title }}</title>
<h1>{{ title }}</h1>
<p><a href="{{ url_for("film_list") }}">电影</a> <a href="{{ url_for("watchlist") }}">影单</a>
<a href="{{ url_for("export") }}">CSV</a></p>
<form action="{{ url_for("search") }}"><input name="q" value="{{ request.args.q }}"></form>
""",
    "list.html": """{% include "page.html" %}
<ul>
{% for film in films %}<li data-id="{{ film.id }}"><a href="{{ url_for("film_page", number=film.id) }}">
{{ film.title_zh }} <i>{{ film.title_en }}</i></a></li>
{% endfor %}</ul>
""",
    "film.html": """{% include "page.html" %}
<dl>
{% for name, value in film.items() if name != "id" %}<dt>{{ name }}<dd>{{ value }}
{% endfor %}</dl>
""",
    "watchlist.html": """{% include "page.html" %}
<ul>{% for name, error in errors.items() %}<li class="error">{{ name }}: {{ error }}</li>{% endfor %}</ul>
<ol>
{% for number, stars, note in entries %}<li data-id="{{ number }}">{{ stars }}{{ "★" * stars }} <q>{{ note }}</q></li>
{% endfor %}</ol>
<form method="post" action="{{ url_for("watchlist") }}">
<input name="movie_id"> <input name="stars"> <input name="note"> <button>+</button></form>
""",
}


class MemoryStore:
    """Keeps the entries of one app as long as the process lives; a list may grow in several threads at a time."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, str]] = []

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry and return its number."""
        self.entries.append((movie_id, stars, note))
        return len(self.entries)

    def all(self) -> list[tuple[int, int, str]]:
        """Return all entries in the order of adding."""
        return list(self.entries)


class CsvBody:
    """The body of the export. It owns the source of its rows; a response that is closed closes its body."""

    def __init__(self, rows: Iterator[Film]) -> None:
        self.rows = rows
        self.top: list[Iterable[object]] = [FIELDS]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        lines = self.top + [[film[field] for field in FIELDS] for film in islice(self.rows, BLOCK)]
        if not lines:
            raise StopIteration
        self.top = []
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode()

    def close(self) -> None:
        """Release the source; not every one has something to release."""
        close: Callable[[], None] = getattr(self.rows, "close", lambda: None)
        close()


def number_or_400(name: str, default: str, least: int = 0, most: int = 10**18) -> int:
    """Return a parameter as a number; what is none, or out of range, ends the request."""
    text = request.args.get(name, default)
    if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
        abort(400)
    return int(text)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return an application of its own; the upper-case keys of ``config`` are its settings."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader(TEMPLATES)
    app.config.update(CATALOG=None, STORE=None, OPEN_ROWS=None, MAX_CONTENT_LENGTH=65536)
    app.config.from_mapping(config or {})
    catalog = CATALOG if app.config["CATALOG"] is None else app.config["CATALOG"]
    store = MemoryStore() if app.config["STORE"] is None else app.config["STORE"]
    open_rows = (lambda: iter(catalog)) if app.config["OPEN_ROWS"] is None else app.config["OPEN_ROWS"]
    films: dict[str, Film] = {str(film["id"]): film for film in catalog}

    def film_or_404(number: str) -> Film:
        return films.get(number) or abort(404)

    def hits(text: str) -> list[Film]:
        """Return the films with a text in one of their titles."""
        return [film for film in catalog if any(text.lower() in film[key].lower() for key in ("title_zh", "title_en"))]

    @app.get("/")
    def home() -> str:
        return render_template("page.html", title="影单")

    @app.get("/movies")
    def film_list() -> str:
        return render_template("list.html", title="影单", films=catalog)

    @app.get("/movies/<number>")
    def film_page(number: str) -> str:
        film = film_or_404(number)
        return render_template("film.html", title=film["title_zh"], film=film)

    @app.get("/search")
    def search() -> str:
        text = request.args.get("q", "")
        return render_template("list.html", title=f"搜索：{text}", films=hits(text) if text else [])

    @app.get("/api/movies")
    def list_json() -> ResponseReturnValue:
        page, size = number_or_400("page", "1", 1), number_or_400("per_page", "10", 1, MOST_PER_PAGE)
        found = hits(request.args.get("q", ""))
        if "year" in request.args:
            year = number_or_400("year", "")
            found = [film for film in found if film["year"] == year]
        return jsonify(items=found[(page - 1) * size : page * size], page=page, per_page=size, total=len(found))

    @app.get("/api/movies/<number>")
    def film_json(number: str) -> ResponseReturnValue:
        return jsonify(film_or_404(number))

    @app.get("/api/titles/<title>")
    def title_json(title: str) -> ResponseReturnValue:
        return jsonify(next((film for film in catalog if film["title_zh"] == title), None) or abort(404))

    @app.get("/watchlist")
    def watchlist() -> str:
        return render_template("watchlist.html", title="影单", entries=store.all(), errors={})

    @app.post("/watchlist")
    def add_entry() -> ResponseReturnValue:
        """Take a form; whoever asks for its fields has its length checked by Flask: 413."""
        if request.mimetype != FORM:
            abort(415)
        errors = check(request.form)
        if errors:
            return render_template("watchlist.html", title="400 Bad Request", entries=[], errors=errors), 400
        store.add(int(request.form["movie_id"]), int(request.form["stars"]), request.form.get("note", ""))
        return redirect(url_for("watchlist"), 303)

    def check(fields: Mapping[str, str]) -> dict[str, str]:
        """Return what is wrong with each bad field."""
        rules = {
            "movie_id": (fields.get("movie_id") in films, "there is no such film"),
            "stars": (fields.get("stars") in STARS, "choose a number from 1 to 5"),
            "note": (len(fields.get("note", "")) <= MAX_NOTE, f"at most {MAX_NOTE} characters"),
        }
        return {name: error for name, (good, error) in rules.items() if not good}

    @app.get("/export.csv")
    def export() -> ResponseReturnValue:
        return Response(CsvBody(open_rows()), mimetype="text/csv")

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> ResponseReturnValue:
        """Keep the status and the headers of the error, Allow among them, and write another body."""
        response = error.get_response()
        if request.path.startswith("/api/"):
            response.data, response.content_type = app.json.dumps({"error": error.name}), "application/json"
        else:
            response.data = render_template("page.html", title=f"{error.code} {error.name}")
        return response

    return app


application = create_app()
