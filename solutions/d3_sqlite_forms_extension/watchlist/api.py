"""The same films as JSON."""

import re

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from . import films

NUMBER = re.compile("[0-9]{1,18}")
MOST_PER_PAGE = 100

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/movies")
def film_list() -> ResponseReturnValue:
    """Answer with a page of the films that were asked for."""
    page, size = number_or_400("page", "1", 1), number_or_400("per_page", "10", 1, MOST_PER_PAGE)
    found = films.hits(request.args.get("q", ""))
    if "year" in request.args:
        year = number_or_400("year", "")
        found = [film for film in found if film["year"] == year]
    return jsonify(items=found[(page - 1) * size : page * size], page=page, per_page=size, total=len(found))


def number_or_400(name: str, default: str, least: int = 0, most: int = 10**18) -> int:
    """Return a parameter as a number; what is none, or out of range, ends the request."""
    text = request.args.get(name, default)
    if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
        abort(400)
    return int(text)


@blueprint.get("/movies/<number>")
def film(number: str) -> ResponseReturnValue:
    """Answer with one film."""
    return jsonify(films.numbered(number) or abort(404))


@blueprint.get("/titles/<title>")
def titled(title: str) -> ResponseReturnValue:
    """Answer with the film that has a title."""
    return jsonify(films.titled(title) or abort(404))
