import csv
import io
import re

from flask import Blueprint, Flask, abort, current_app, g, redirect, render_template_string, request, url_for
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

LIST = """<h1>{{ title }}</h1><a href="{{ url_for('.home') }}">影单</a><ul>
{% for film in films %}<li data-id="{{ film.id }}">
<a href="{{ url_for('.film_page', number=film.id) }}">{{ film.title_zh }} {{ film.title_en }}</a></li>
{% endfor %}</ul>"""
FILM = """<h1>{{ film.title_zh }}</h1><p>{{ film.title_en }}, {{ film.year }}, {{ film.director }}</p>"""
WATCHLIST = """<h1>影单</h1>{% for number, stars, note in entries %}<li data-id="{{ number }}">{{ stars }}: {{ note }}</li>
{% endfor %}"""
ERRORS = """<h1>400</h1>{% for name in errors %}<li class="error bad">{{ name }}</li>{% endfor %}"""

site = Blueprint("site", __name__)


def films():
    catalog = current_app.config.get("CATALOG")
    return CATALOG if catalog is None else catalog


def find(key, text):
    return next((film for film in films() if str(film[key]) == text), None) or abort(404)


def hits(text):
    return [film for film in films() if text.lower() in film["title_zh"].lower() or text.lower() in film["title_en"].lower()]


def entries():
    return current_app.extensions["entries"]


@site.get("/")
def home():
    return render_template_string("<h1>影单</h1><a href={{ url_for('.film_list') }}>所有电影</a>")


@site.get("/movies")
def film_list():
    return render_template_string(LIST, title="影单", films=films())


@site.get("/movies/<number>")
def film_page(number):
    return render_template_string(FILM, film=find("id", number))


@site.get("/search")
def search():
    text = request.args.get("q", "")
    return render_template_string(LIST, title=text, films=hits(text) if text else [])


@site.get("/api/movies")
def list_json():
    numbers = {"page": 1, "per_page": 10, "year": -1}
    for name in numbers.keys() & request.args.keys():
        if not re.fullmatch("[0-9]{1,18}", request.args[name]):
            abort(400, f"{name}: digits, please")
        numbers[name] = int(request.args[name])
    page, size, year = numbers.values()
    if page == 0 or size not in range(1, 101):
        abort(400, "there is no such page")
    found = [film for film in hits(request.args.get("q", "")) if year in (-1, film["year"])]
    return {"items": found[page * size - size : page * size], "page": page, "per_page": size, "total": len(found)}


@site.get("/api/movies/<number>")
def film_json(number):
    return find("id", number)


@site.get("/api/titles/<title>")
def title_json(title):
    return find("title_zh", title)


@site.route("/watchlist", methods=["GET", "POST"])
def watchlist():
    if request.method != "POST":
        kept = current_app.config.get("STORE")
        return render_template_string(WATCHLIST, entries=kept.all() if kept is not None else entries())
    if request.mimetype != "application/x-www-form-urlencoded":
        abort(415)
    form = request.form
    g.errors = []
    if form.get("movie_id") not in [str(film["id"]) for film in films()]:
        g.errors.append("movie_id")
    if not re.fullmatch("[1-5]", form.get("stars", "")):
        g.errors.append("stars")
    if len(form.get("note", "")) > 200:
        g.errors.append("note")
    if g.errors:
        return render_template_string(ERRORS, errors=g.errors), 400
    entry = int(form["movie_id"]), int(form["stars"]), form.get("note", "")
    kept = current_app.config.get("STORE")
    if kept is not None:
        kept.add(*entry)
    else:
        entries().append(entry)
    return redirect(url_for(".watchlist"), code=303)


@site.get("/export.csv")
def export():
    opener = current_app.config.get("OPEN_ROWS")
    rows = opener() if opener else iter(films())

    def lines():
        yield ",".join(FIELDS) + "\r\n"
        for film in rows:
            line = io.StringIO()
            csv.writer(line, quoting=csv.QUOTE_ALL).writerow(film[key] for key in FIELDS)
            yield line.getvalue()

    response = current_app.response_class(lines(), mimetype="text/csv")
    if hasattr(rows, "close"):
        response.call_on_close(rows.close)
    return response


@site.app_errorhandler(HTTPException)
def refuse(error):
    if request.path.startswith("/api/"):
        allow = {name: value for name, value in error.get_headers() if name == "Allow"}
        return {"error": error.code}, error.code, allow
    return error


def create_app(config=None):
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 65536
    app.config.from_mapping(config)
    app.extensions["entries"] = []
    app.register_blueprint(site)
    return app


application = create_app()
