from flask import Flask, abort, jsonify, render_template_string, request
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

HOME = "<h1>影单</h1><a href='{{ url_for('film_list') }}'>all films</a>"
LIST = """<!DOCTYPE html><title>{{ title }}</title><h1>{{ title }}</h1><ul>{% for film in films %}
<li data-id="{{ film.id }}"><a href="{{ url_for('film_page', number=film.id) }}">{{ film.title_zh }} {{ film.title_en }}</a></li>
{% endfor %}</ul><form action="{{ url_for('search') }}"><input name="q" value="{{ request.args.q }}"></form>"""
FILM = "<h1>{{ film.title_zh }}</h1><p>{{ film.title_en }}<p>{{ film.year }}<p>{{ film.director }}"


def query(environ):
    with application.request_context(environ):
        return request.args.to_dict(flat=True)


def path_text(environ):
    try:
        return environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return None


def number(name, default, least=0, most=10**18):
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and least <= int(text) <= most):
        abort(400, f"{name} is not a number that it can be")
    return int(text)


def make_app(catalog=None):
    app = Flask(__name__)
    films = CATALOG if catalog is None else catalog

    @app.before_request
    def read_path():
        if path_text(request.environ) is None:
            abort(404)

    def find(key, text):
        return next((film for film in films if str(film[key]) == text), None) or abort(404)

    def hits(q):
        return [film for film in films if any(q.lower() in film[key].lower() for key in ("title_zh", "title_en"))]

    @app.get("/")
    def home():
        return render_template_string(HOME)

    @app.get("/movies")
    def film_list():
        return render_template_string(LIST, title="影单", films=films)

    @app.get("/movies/<number>")
    def film_page(number):
        return render_template_string(FILM, film=find("id", number))

    @app.get("/search")
    def search():
        q = request.args.get("q", "")
        return render_template_string(LIST, title=q, films=hits(q) if q else [])

    @app.get("/api/movies")
    def list_json():
        page, size = number("page", 1, 1), number("per_page", 10, 1, 100)
        found = hits(request.args.get("q", ""))
        if "year" in request.args:
            year = number("year", 0)
            found = [film for film in found if film["year"] == year]
        return jsonify(items=found[(page - 1) * size : page * size], page=page, per_page=size, total=len(found))

    @app.get("/api/movies/<number>")
    def film_json(number):
        return jsonify(find("id", number))

    @app.get("/api/titles/<title>")
    def title_json(title):
        return jsonify(find("title_zh", title))

    @app.errorhandler(HTTPException)
    def refuse(error):
        if request.path.startswith("/api/"):
            return jsonify(error=error.description), error.code, [(k, v) for k, v in error.get_headers() if k == "Allow"]
        return error

    return app


application = make_app()
