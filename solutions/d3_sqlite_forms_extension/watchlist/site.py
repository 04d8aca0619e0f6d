"""The pages."""

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from . import films
from .export import CsvBody, Rows
from .forms import csrf_matches, csrf_token, validate

FORM = "application/x-www-form-urlencoded"
MAX_NOTE = 200
STARS = ("1", "2", "3", "4", "5")

blueprint = Blueprint("site", __name__)
blueprint.add_app_template_global(csrf_token)


@blueprint.get("/")
def home() -> str:
    """Greet."""
    return render_template("home.html")


@blueprint.get("/movies")
def film_list() -> str:
    """List all films."""
    return render_template("list.html", films=films.every_film())


@blueprint.get("/movies/<number>")
def film_page(number: str) -> str:
    """Show one film."""
    film = films.numbered(number) or abort(404)
    return render_template("film.html", film=film)


@blueprint.get("/search")
def search() -> str:
    """List the films that a text is found in."""
    text = request.args.get("q", "")
    found = films.hits(text) if text else []
    return render_template("list.html", title=f"搜索：{text}", films=found)


@blueprint.get("/watchlist")
def watchlist() -> str:
    """List the entries."""
    entries = current_app.extensions["watchlist"]["store"].all()
    return render_template("watchlist.html", entries=entries, errors={})


@blueprint.post("/watchlist")
def add_entry() -> ResponseReturnValue:
    """Take a form; whoever asks for its fields has its length checked by Flask: 413."""
    if request.mimetype != FORM:
        abort(415)
    form = request.form
    if current_app.config["CSRF"] and not csrf_matches(form.get("csrf", "")):
        abort(403)
    clean, errors = validate(form, RULES)
    if errors:
        return render_template("watchlist.html", title="400 Bad Request", entries=[], errors=errors), 400
    current_app.extensions["watchlist"]["store"].add(clean["movie_id"], clean["stars"], clean["note"])
    return redirect(url_for(".watchlist"), 303)


def known_film(text: str | None) -> object:
    """Take the id of a film."""
    film = films.numbered(text or "")
    if not film:
        raise ValueError("there is no such film")
    return film["id"]


def one_to_five(text: str | None) -> object:
    """Take a number of stars."""
    if text not in STARS:
        raise ValueError("choose a number from 1 to 5")
    return int(text)


def short_note(text: str | None) -> object:
    """Take a note, or none."""
    if len(text or "") > MAX_NOTE:
        raise ValueError(f"at most {MAX_NOTE} characters")
    return text or ""


RULES = {"movie_id": known_film, "stars": one_to_five, "note": short_note}


@blueprint.get("/export.csv")
def export() -> ResponseReturnValue:
    """Send all films as they come from the source."""
    open_rows = current_app.config["OPEN_ROWS"] or Rows
    return Response(CsvBody(open_rows()), mimetype="text/csv")
