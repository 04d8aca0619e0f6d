"""D1: all of part A, now on Flask. Fill in every TODO.

Functions that you would like to have may be added, and everything that is here may be changed but for the names that the
task asks for: create_app and application.
"""

from flask import Flask, render_template_string

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
<p><a href="{{ url_for("film_list") }}">Films</a></p>
"""

LIST = """<!DOCTYPE html>
<meta charset="utf-8"><title>影单</title>
<h1>影单</h1>
<ul>
{% for film in films %}<li>TODO</li>
{% endfor %}
</ul>
"""

# TODO: templates for the page of one film, for the watch-list, and for errors. A search shows films too: it may use LIST.


def create_app(config=None):
    """Return a new Flask app; the upper-case keys of config are its settings."""
    app = Flask(__name__)
    # TODO: every upper-case key of config becomes a setting in app.config. CATALOG, STORE, OPEN_ROWS and MAX_CONTENT_LENGTH
    # are those that this app knows.
    films = []  # TODO: the films of this app, and of no other one
    # TODO: where the entries of this app are kept, and what opens the source of its export

    # 1. Read the request: Flask does, and hands the variable parts of the path to the view.
    # 2. Decide: Flask finds the view by path and method. Whether there is such a film is for you to find out.

    @app.get("/")
    def home():
        # 3. Build the body: a template and what it has to show.
        return render_template_string(HOME)

    @app.get("/movies")
    def film_list():
        return render_template_string(LIST, films=films)

    # TODO: the views of A2 for /movies/<...> and for /api/movies/<...>

    # TODO: the views of A3 for /search, /api/movies and /api/titles/<...>. A bad number is refused.

    # TODO: the views of A4 for GET and for POST /watchlist. Media type, length, fields: who looks at what?

    # TODO: the view of A5 for /export.csv. What you wrote there can be the body of a Response.

    # TODO: a function for everything that is refused: JSON below /api/, a page everywhere else

    # 4. Announce (start_response), 5. Deliver & release: Flask makes both of what a view returns.
    return app


application = create_app()


if __name__ == "__main__":  # python flask_app.py, then open http://127.0.0.1:5000/ in a browser; Ctrl+C ends it
    application.run()
