"""D1: the pages of A2, now on Flask.

Functions that you would like to have may be added, and everything that is here may be changed but for the names that the
task asks for: create_app and application.
"""

from copy import deepcopy
from urllib.parse import quote

from flask import Blueprint, Flask, abort, jsonify, render_template_string, request, url_for
from flask.views import MethodView
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
<p><a href="{{ address("site.film_list") }}">Films</a></p>
"""

LIST = """<!DOCTYPE html>
<meta charset="utf-8"><title>影单</title>
<h1>影单</h1>
<ul>
{% for film in films %}<li data-id="{{ film.id }}"><a href="{{ address("site.film", film_id=film.id) }}">{{ film.title_zh }} / {{ film.title_en }}</a></li>
{% endfor %}
</ul>
"""

FILM = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ film.title_zh }}</title>
<h1>{{ film.title_zh }}</h1>
<p>{{ film.title_en }}</p>
<p>{{ film.year }}</p>
<p>{{ film.director }}</p>
<p><a href="{{ address("site.film_list") }}">Films</a></p>
"""

ERROR = """<!DOCTYPE html>
<meta charset="utf-8"><title>{{ code }}</title>
<h1>{{ code }} {{ name }}</h1>
"""


def address(endpoint, **values):
    """Return what url_for does, but with SCRIPT_NAME quoted: url_for leaves "?", "#", "%" and odd bytes in it as they are."""
    base = quote(request.environ["SCRIPT_NAME"], encoding="latin-1").rstrip("/")
    return base + url_for(endpoint, **values).removeprefix(request.root_path)


class Home(MethodView):
    def get(self):
        return render_template_string(HOME)


class FilmView(MethodView):
    """What the views about films have in common: the films of one app."""

    def __init__(self, films):
        self.films = films

    def find(self, film_id):
        # Compared as text: int() would take "１", " 1" and "+1", and fails for 5,000 digits.
        for film in self.films:
            if str(film["id"]) == film_id:
                return film
        abort(404)


class FilmList(FilmView):
    def get(self):
        return render_template_string(LIST, films=self.films)


class FilmPage(FilmView):
    def get(self, film_id):
        return render_template_string(FILM, film=self.find(film_id))


class FilmJson(FilmView):
    def get(self, film_id):
        return jsonify(self.find(film_id))


def make_site(films):
    """Return a new blueprint that shows these films."""
    site = Blueprint("site", __name__)
    site.add_url_rule("/", view_func=Home.as_view("home"))
    site.add_url_rule("/movies", view_func=FilmList.as_view("film_list", films))
    site.add_url_rule("/movies/<film_id>", view_func=FilmPage.as_view("film", films))
    site.add_url_rule("/api/movies/<film_id>", view_func=FilmJson.as_view("film_json", films))
    site.app_errorhandler(HTTPException)(refuse)
    return site


def refuse(error):
    """Answer every error, a 500 too: JSON below /api/, a page everywhere else. The headers, such as Allow, are kept."""
    response = error.get_response()
    if request.environ["PATH_INFO"].startswith("/api/"):
        answer = jsonify(error=f"{error.code} {error.name}")
        response.data, response.content_type = answer.data, answer.content_type
    else:
        response.data = render_template_string(ERROR, code=error.code, name=error.name)
        response.content_type = "text/html; charset=utf-8"
    return response


def create_app(config=None):
    """Return a new Flask app; the upper-case keys of config are its settings."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    # Off, whatever FLASK_DEBUG says, unless the config wants them.
    app.config.from_mapping(DEBUG=False, TESTING=False)
    app.config.from_mapping(config or {})

    app.add_template_global(address)

    films = app.config.get("CATALOG")
    app.register_blueprint(make_site(deepcopy(CATALOG if films is None else films)))
    return app


application = create_app()


if __name__ == "__main__":  # python flask_app.py, then open http://127.0.0.1:5000/ in a browser; Ctrl+C ends it
    application.run()
