"""The pages: the blueprint "site". Fill in every TODO."""

from flask import Blueprint, render_template

blueprint = Blueprint("site", __name__)


@blueprint.get("/")
def home():
    return render_template("home.html")


@blueprint.get("/movies")
def film_list():
    # A view in a blueprint knows its app only while it answers, as current_app.
    films = []  # TODO: the films of the app that answers
    return render_template("list.html", films=films)


# TODO: the other pages of D1, and the form of /watchlist. In D1 the views stood inside of create_app and saw its names.

# TODO: the view for /export.csv
