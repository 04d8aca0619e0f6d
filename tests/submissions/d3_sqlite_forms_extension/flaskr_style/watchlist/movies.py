import csv
import io

from flask import Blueprint, abort, current_app, render_template_string, request, stream_with_context, url_for

from .films import FIELDS

bp = Blueprint("movies", __name__)

LIST = """<title>{{ title }}</title><h1>{{ title }}</h1><ul>
{% for film in films %}<li data-id="{{ film.id }}"><a href="{{ url_for('movies.film', id=film.id) }}">
{{ film.title_zh }} / {{ film.title_en }}</a></li>{% endfor %}</ul>"""
FILM = """<h1>{{ film.title_zh }}</h1><p>{{ film.title_en }} {{ film.year }} {{ film.director }}</p>"""


def films(text=""):
    text = text.lower()
    return [
        film
        for film in current_app.config["CATALOG"]
        if text in film["title_zh"].lower() or text in film["title_en"].lower()
    ]


def get_film(id):
    for film in current_app.config["CATALOG"]:
        if str(film["id"]) == id:
            return film
    abort(404)


@bp.route("/")
def index():
    return f"<h1>影单</h1><a href='{url_for('movies.list_films')}'>movies</a>"


@bp.route("/movies")
def list_films():
    return render_template_string(LIST, title="影单", films=films())


@bp.route("/movies/<id>")
def film(id):
    return render_template_string(FILM, film=get_film(id))


@bp.route("/search")
def search():
    q = request.args.get("q", "")
    return render_template_string(LIST, title=q, films=films(q) if q else [])


@bp.route("/export.csv")
def export():
    opener = current_app.config.get("OPEN_ROWS")
    rows = opener() if opener else iter(current_app.config["CATALOG"])

    @stream_with_context
    def lines():
        for film in [dict(zip(FIELDS, FIELDS))]:
            yield line(film)
        for film in rows:
            yield line(film)

    answer = current_app.response_class(lines(), mimetype="text/csv")
    if hasattr(rows, "close"):
        answer.call_on_close(rows.close)
    return answer


def line(film):
    out = io.StringIO()
    csv.DictWriter(out, FIELDS).writerow(film)
    return out.getvalue()
