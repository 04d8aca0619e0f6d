"""D1: the pages of A2 on Flask. What is left is what the site has to say; the rest of A2's code is now Flask's."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, abort, jsonify, render_template, request
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

TEMPLATES = {
    "page.html": """<!DOCTYPE html>
<html lang="zh-CN"><meta charset="utf-8"><title>{{ title }}</title>
<h1>{{ title }}</h1>
<p><a href="{{ url_for("film_list") }}">电影</a></p>
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
}


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return an application of its own; the upper-case keys of ``config`` are its settings."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader(TEMPLATES)
    app.config["CATALOG"] = None
    app.config.from_mapping(config or {})
    catalog = CATALOG if app.config["CATALOG"] is None else app.config["CATALOG"]
    films: dict[str, Film] = {str(film["id"]): film for film in catalog}

    def film_or_404(number: str) -> Film:
        return films.get(number) or abort(404)

    @app.get("/")
    def home() -> str:
        return render_template("page.html", title="影单")

    @app.get("/movies")
    def film_list() -> str:
        return render_template("list.html", title="影单", films=films.values())

    @app.get("/movies/<number>")
    def film_page(number: str) -> str:
        film = film_or_404(number)
        return render_template("film.html", title=film["title_zh"], film=film)

    @app.get("/api/movies/<number>")
    def film_json(number: str) -> ResponseReturnValue:
        return jsonify(film_or_404(number))

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
