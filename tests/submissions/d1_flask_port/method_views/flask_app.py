from flask import Flask, abort, jsonify, render_template_string, request
from flask.views import MethodView
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


class Page(MethodView):
    init_every_request = False

    def __init__(self, films):
        self.films = {str(film["id"]): film for film in films}

    def find(self, number):
        if number not in self.films:
            abort(404)
        return self.films[number]


class Home(Page):
    def get(self):
        return render_template_string(HOME)


class FilmList(Page):
    def get(self):
        return render_template_string(LIST, films=self.films.values())


class FilmPage(Page):
    def get(self, number):
        return render_template_string(FILM, film=self.find(number))


class FilmJson(Page):
    def get(self, number):
        return jsonify(self.find(number))


def refuse(error):
    if request.path.startswith("/api/"):
        response = jsonify(error=str(error))
        response.status_code = error.code
        response.headers.extend([(k, v) for k, v in error.get_headers() if k == "Allow"])
        return response
    return error


def create_app(config=None):
    app = Flask(__name__, static_folder=None)
    app.config["CATALOG"] = CATALOG
    app.config.update({key: value for key, value in (config or {}).items() if value is not None})
    films = app.config["CATALOG"]
    app.add_url_rule("/", view_func=Home.as_view("home", films))
    app.add_url_rule("/movies", view_func=FilmList.as_view("film_list", films))
    app.add_url_rule("/movies/<number>", view_func=FilmPage.as_view("film_page", films))
    app.add_url_rule("/api/movies/<number>", view_func=FilmJson.as_view("film_json", films))
    app.register_error_handler(HTTPException, refuse)
    return app


application = create_app()
