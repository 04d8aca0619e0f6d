import secrets

from flask import Blueprint, abort, current_app, redirect, render_template_string, request, session, url_for

from . import forms
from .db import get_db

bp = Blueprint("watch", __name__)

PAGE = """<h1>影单</h1>
{% for error in errors %}<li class="error">{{ error }}: {{ errors[error] }}</li>{% endfor %}
{% if errors %}400{% endif %}
<ol>{% for e in entries %}<li data-id="{{ e['movie_id'] }}">{{ e['stars'] }} - {{ e['note'] }}</li>{% endfor %}</ol>
<form method="post" action="{{ url_for('watch.watchlist') }}">{% if token %}<input type=hidden name=csrf value="{{ token }}">{% endif %}
<input name="movie_id"><input name="stars"><textarea name="note"></textarea><input type="submit"></form>"""


@bp.route("/watchlist", methods=("GET", "POST"))
def watchlist():
    db = get_db()
    errors = {}
    if request.method == "POST":
        if request.mimetype != "application/x-www-form-urlencoded":
            abort(415)
        data = request.form
        if current_app.config["CSRF"]:
            expected = session.get("csrf")
            if not expected or data.get("csrf") != expected:
                abort(403)
        rules = {"movie_id": forms.movie_id, "stars": forms.stars, "note": forms.note}
        clean, errors = forms.validate(data, rules)
        if not errors:
            db.execute("INSERT INTO entry (movie_id, stars, note) VALUES (:movie_id, :stars, :note)", clean)
            db.commit()
            return redirect(url_for("watch.watchlist"), code=303)
    token = None
    if current_app.config["CSRF"]:
        if not session.get("csrf"):
            session["csrf"] = secrets.token_hex()
        token = session["csrf"]
    entries = () if errors else db.execute("SELECT movie_id, stars, note FROM entry ORDER BY id").fetchall()
    return render_template_string(PAGE, entries=entries, errors=errors, token=token), 400 if errors else 200
