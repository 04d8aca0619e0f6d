"""The public tests of D1: what the factory adds.

Those of A2 to A5 are run again on your Flask app, all but the ones on functions that Flask has taken over.
"""

from pytest import mark
from werkzeug.test import Client

from grader.testing.content import media_type, read_json, read_page

FILMS = [
    {"id": 42, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1983, "director": "Wu Yigong"},
    {"id": 7, "title_zh": "小城之春", "title_en": "Spring in a Small Town", "year": 1948, "director": "Fei Mu"},
]
SETTINGS = {"catalog": FILMS, "greeting": "你好", "secret_key": "only for this test"}


@mark.points(3, "design", statement="factory")
def test_create_app_makes_flask_apps(make_app, client, probes):
    """each call of create_app makes a new Flask app, to which a view can be added"""
    assert client.get("/").status_code == 200, "does application, the result of create_app(), answer GET / ?"
    one, other = make_app(), make_app()
    probes.flask_view(one, "/hello", raises="", message="Hello, Flask")
    answer = Client(one).get("/hello")
    assert (answer.status_code, answer.text) == (200, "Hello, Flask"), "is a view that is added to the app called?"
    assert Client(other).get("/hello").status_code == 404, "is a new Flask object made in each call of create_app?"


@mark.points(3, "design", statement="config")
def test_upper_case_keys_are_settings(make_app, probes):
    """every upper-case key of the config is a setting of the app"""
    made = make_app(**SETTINGS)
    assert "城南旧事" in Client(made).get("/movies").text, "does the app show the films of its CATALOG?"
    app = probes.flask_app(made)
    assert app.config.get("GREETING") == SETTINGS["greeting"], (
        "what does create_app do with a key that it has never heard of?"
    )
    assert app.config.get("SECRET_KEY") == SETTINGS["secret_key"], (
        "which is set last, the config or a value of your own?"
    )
    assert probes.flask_app(make_app()).config.get("GREETING") is None, "does a setting of one app turn up in another?"


@mark.points(2, "correctness", statement="catalogue")
def test_films_come_from_the_config(make_app):
    """CATALOG in the config says which films there are; without it there are the twelve built-in ones"""
    for settings, expected in (({"catalog": FILMS}, 2), ({"catalog": []}, 0), ({"catalog": None}, 12), ({}, 12)):
        answer = Client(make_app(**settings)).get("/movies")
        assert answer.status_code == 200, "which view answers /movies, and with which status?"
        count = len(read_page(answer.data).having("data-id"))
        assert count == expected, "which films does an app show for its CATALOG, for an empty one, for None?"


class Shelf:
    """A store with an entry in it; your app may call its two methods."""

    __exposed__ = ("add", "all")

    def __init__(self):
        self.entries = [(7, 4, "以前看过")]

    def add(self, movie_id, stars, note):
        self.entries.append((movie_id, stars, note))
        return len(self.entries)

    def all(self):
        return self.entries


@mark.points(3, "design", statement="settings")
def test_settings_reach_the_views(make_app):
    """entries are kept in the STORE of the config, and MAX_CONTENT_LENGTH says how long a form may be"""
    shelf = Shelf()
    client = Client(make_app(catalog=FILMS, store=shelf, max_content_length=60))
    assert "以前看过" in client.get("/watchlist").text, "does the list show the entries of the STORE in the config?"
    client.post("/watchlist", data={"movie_id": "42", "stars": "5", "note": ""})
    assert shelf.entries[1:] == [(42, 5, "")], "with what is add() called? With a number, a number and a text"
    answer = client.post("/watchlist", data={"movie_id": "42", "stars": "5", "note": "x" * 60})
    assert answer.status_code == 413, "which limit counts, the one of the config or another one?"
    assert len(shelf.entries) == 2, "is an entry added although the form is too long?"
    assert Client(make_app(catalog=FILMS)).get("/watchlist").status_code == 200, (
        "does an app without a STORE have a list?"
    )


@mark.points(3, "correctness", statement="api-errors")
def test_unknown_api_path_is_json(client):
    """an error below /api/ is JSON also where none of your views is called"""
    assert client.get("/api/movies/1").status_code == 200, "is film 1 found below /api/ ?"
    answer = client.get("/api/nothing")
    assert answer.status_code == 404, "the status of the answer to an unknown path"
    assert media_type(answer.headers.get("Content-Type"))[0] == "application/json", (
        "which of your functions is called for a path that no route has?"
    )
    said = read_json(answer.data)
    assert isinstance(said, dict), "the body of an error below /api/: is it a JSON object?"
    assert "error" in said, "the body of an error below /api/: has the object the key error?"
