import re

from flask import Blueprint, abort, request

from .movies import films, get_film

bp = Blueprint("api", __name__, url_prefix="/api")


def number(name, default, low, high):
    text = request.args.get(name)
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,18}", text) or not low <= int(text) <= high:
        abort(400)
    return int(text)


@bp.route("/movies")
def movies():
    page = number("page", 1, 1, 10**18)
    size = number("per_page", 10, 1, 100)
    year = number("year", None, 0, 10**18)
    found = [film for film in films(request.args.get("q", "")) if year is None or film["year"] == year]
    return {"items": found[(page - 1) * size :][:size], "page": page, "per_page": size, "total": len(found)}


@bp.route("/movies/<id>")
def movie(id):
    return get_film(id)


@bp.route("/titles/<title>")
def title(title):
    for film in films():
        if film["title_zh"] == title:
            return film
    abort(404)
