from flask import Flask, abort, redirect, render_template_string, request, url_for
from werkzeug.exceptions import HTTPException

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


LIST = """<!DOCTYPE html><h1>影单</h1><ol>{% for number, stars, note in entries %}
<li data-id="{{ number }}">{{ stars }} {{ "★" * stars }} <p title="{{ note }}">{{ note }}</p></li>
{% endfor %}</ol>
<form method="post"><input name="movie_id"><input name="stars"><textarea name="note"></textarea></form>"""
ERRORS = """<!DOCTYPE html><h1>400</h1><ul>{% for name, value in errors.items() %}
<li class="error">{{ name }}: <input value="{{ value }}"></li>
{% endfor %}</ul>"""


def make_app(catalog=None, store=None):
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 65536
    films = {str(film["id"]): film for film in (CATALOG if catalog is None else catalog)}
    entries = []

    @app.get("/watchlist")
    def watchlist():
        return render_template_string(LIST, entries=store.all() if store else entries)

    @app.post("/watchlist")
    def add():
        if request.mimetype != "application/x-www-form-urlencoded":
            abort(415)
        form = request.form
        errors = {}
        if form.get("movie_id") not in films:
            errors["movie_id"] = form.get("movie_id")
        if form.get("stars") not in {"1", "2", "3", "4", "5"}:
            errors["stars"] = form.get("stars")
        if len(form.get("note", "")) > 200:
            errors["note"] = form["note"]
        if errors:
            return render_template_string(ERRORS, errors=errors), 400
        entry = int(form["movie_id"]), int(form["stars"]), form.get("note", "")
        store.add(*entry) if store else entries.append(entry)
        return redirect(url_for("watchlist"), 303)

    @app.errorhandler(HTTPException)
    def refuse(error):
        return error

    return app


application = make_app()
