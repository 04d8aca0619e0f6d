import os

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
HOME = """<h1>影单</h1><p><a href="{{ url_for('film_list') }}">所有电影</a></p>"""
LIST = """<h1>影单</h1><ul>
{% for film in films %}<li data-id="{{ film.id }}">
<a href="{{ url_for('film_page', number=film.id) }}">{{ film.title_zh }} {{ film.title_en }}</a></li>
{% endfor %}</ul>"""
FILM = """<h1>{{ film.title_zh }}</h1><p>{{ film.title_en }}, {{ film.year }}, {{ film.director }}</p>
<p><a href="{{ url_for('film_list') }}">所有电影</a></p>"""


def create_app(config=None):
    app = Flask(__name__)
    app.config["CATALOG"] = None
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "dev")
    app.config.update(config or {})
    films = CATALOG if app.config["CATALOG"] is None else app.config["CATALOG"]

    def find(number):
        for film in films:
            if str(film["id"]) == number:
                return film
        abort(404)

    @app.get("/")
    def home():
        return render_template_string(HOME)

    @app.get("/movies")
    def film_list():
        return render_template_string(LIST, films=films)

    @app.get("/movies/<number>")
    def film_page(number):
        return render_template_string(FILM, film=find(number))

    @app.get("/api/movies/<number>")
    def film_json(number):
        return jsonify(find(number))

    @app.errorhandler(HTTPException)
    def refuse(error):
        response = error.get_response()
        if request.path.startswith("/api/"):
            response.data = app.json.dumps({"error": error.name})
            response.content_type = "application/json"
        return response

    return app


application = create_app()
