import json

from flask import Flask, Response, abort, render_template, request
from jinja2 import DictLoader
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


class WatchList(Flask):
    def __init__(self, config):
        super().__init__("yingdan")
        self.config.from_mapping(config or {})
        self.jinja_loader = DictLoader({"home.html": HOME, "list.html": LIST, "film.html": FILM})
        self.add_url_rule("/", view_func=self.home)
        self.add_url_rule("/movies", view_func=self.film_list)
        self.add_url_rule("/movies/<number>", view_func=self.film_page)
        self.add_url_rule("/api/movies/<number>", view_func=self.film_json)
        self.register_error_handler(HTTPException, self.refuse)

    @property
    def films(self):
        given = self.config.get("CATALOG")
        return CATALOG if given is None else given

    def find(self, number):
        for film in self.films:
            if number == f"{film['id']}":
                return film
        return abort(404)

    def home(self):
        return render_template("home.html")

    def film_list(self):
        return render_template("list.html", films=self.films)

    def film_page(self, number):
        return render_template("film.html", film=self.find(number))

    def film_json(self, number):
        return Response(json.dumps(self.find(number), ensure_ascii=False), mimetype="application/json")

    def refuse(self, error):
        response = error.get_response()
        if request.path.startswith("/api/"):
            response.set_data(json.dumps({"error": error.description, "status": error.code}))
            response.mimetype = "application/json"
        return response


create_app = lambda config=None: WatchList(config)
application = create_app()
