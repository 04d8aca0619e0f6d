"""The same films as JSON: the blueprint "api". Fill in every TODO."""

from flask import Blueprint

# Its routes are written without /api: the prefix comes from here.
blueprint = Blueprint("api", __name__, url_prefix="/api")

# TODO: the three views of D1 below /api
