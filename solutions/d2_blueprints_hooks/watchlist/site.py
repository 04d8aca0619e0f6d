"""The pages."""

from collections.abc import Mapping

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .export import CsvBody
from .films import films

FORM = "application/x-www-form-urlencoded"
MAX_NOTE = 200
STARS = ("1", "2", "3", "4", "5")

blueprint = Blueprint("site", __name__)


@blueprint.get("/")
def home() -> str:
    """Greet."""
    return render_template("home.html")


@blueprint.get("/movies")
def film_list() -> str:
    """List all films."""
    return render_template("list.html", title="电影", films=films().catalog)


@blueprint.get("/movies/<number>")
def film_page(number: str) -> str:
    """Show one film."""
    film = films().get(number) or abort(404)
    return render_template("film.html", film=film)


@blueprint.get("/search")
def search() -> str:
    """List the films that a text is found in."""
    text = request.args.get("q", "")
    found = films().hits(text) if text else []
    return render_template("list.html", title=f"搜索：{text}", films=found)


@blueprint.get("/watchlist")
def watchlist() -> str:
    """List the entries."""
    entries = current_app.extensions["watchlist"]["store"].all()
    return render_template("watchlist.html", title="影单", entries=entries, errors={})


@blueprint.post("/watchlist")
def add_entry() -> ResponseReturnValue:
    """Take a form; whoever asks for its fields has its length checked by Flask: 413."""
    if request.mimetype != FORM:
        abort(415)
    errors = check(request.form)
    if errors:
        return render_template("watchlist.html", title="400 Bad Request", entries=[], errors=errors), 400
    store = current_app.extensions["watchlist"]["store"]
    store.add(int(request.form["movie_id"]), int(request.form["stars"]), request.form.get("note", ""))
    return redirect(url_for(".watchlist"), 303)


def check(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each bad field."""
    rules = {
        "movie_id": (films().get(fields.get("movie_id", "")), "there is no such film"),
        "stars": (fields.get("stars") in STARS, "choose a number from 1 to 5"),
        "note": (len(fields.get("note", "")) <= MAX_NOTE, f"at most {MAX_NOTE} characters"),
    }
    return {name: error for name, (good, error) in rules.items() if not good}


@blueprint.get("/export.csv")
def export() -> ResponseReturnValue:
    """Send all films as they come from the source."""
    return Response(CsvBody(current_app.extensions["watchlist"]["open_rows"]()), mimetype="text/csv")
