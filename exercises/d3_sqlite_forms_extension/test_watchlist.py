"""The public tests of D3: what a database, checked forms and an extension add to the watch-list.

Some tests of A2 to A5 are run again on your package, each app with a database file of its own.
"""

from pytest import mark
from werkzeug.test import Client

from grader.testing import App, Finding, StudentError, declares, public
from grader.testing.content import read_page

FILMS = [
    {"id": 42, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1983, "director": "Wu Yigong"},
    {"id": 7, "title_zh": "小城之春", "title_en": "Spring in a Small Town", "year": 1948, "director": "Fei Mu"},
]
PLACE = "/watchlist"
COMMAND = ["python", "-m", "flask", "--app", "watchlist", "init-db"]


def send(client, **fields):
    """Send a form and return the answer."""
    return client.post(PLACE, data=fields)


def entries(client):
    """Return the text of each entry in the list."""
    answer = client.get(PLACE)
    assert answer.status_code == 200, "GET /watchlist: is the list shown with status 200?"
    return [item.text for item in read_page(answer.data).having("data-id")]


@mark.points(6, "correctness", statement="database")
def test_entry_survives_a_new_app(make_app):
    """an entry is still in the list when a new app is made for the same file"""
    first = Client(make_app(catalog=FILMS, database="films.sqlite3"))
    assert send(first, movie_id=42, stars=5, note="看了三遍").status_code == 303, "is a form that is right taken?"
    assert len(entries(first)) == 1, "has the list the entry that was added? Who commits?"
    second = Client(make_app(catalog=FILMS, database="films.sqlite3"))
    shown = entries(second)
    assert len(shown) == 1, "a new app on the same file: where are the entries kept, and who has committed them?"
    assert "看了三遍" in shown[0], "the note, as it comes out of the database"
    other = Client(make_app(catalog=FILMS, database="other.sqlite3"))
    assert entries(other) == [], "an app on another file: does it have a list of its own?"


@mark.points(4, "correctness", statement="init-db")
def test_init_db_keeps_what_is_there(submission, make_app):
    """the command flask --app watchlist init-db takes its settings from the environment and deletes nothing"""
    client = Client(make_app(database="films.sqlite3"))
    assert send(client, movie_id=1, stars=3).status_code == 303, "is a form that is right taken?"
    variables = {"FLASK_SECRET_KEY": "only-for-this-test", "FLASK_DATABASE": "films.sqlite3"}
    done = submission.run(COMMAND, env=variables)
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise Finding("flask --app watchlist init-db failed: {said}",
                      "set FLASK_SECRET_KEY and FLASK_DATABASE, and run it in the folder in which watchlist is",
                      said=said[-1][:200] if said else done.returncode)  # fmt: skip
    assert len(entries(Client(make_app(database="films.sqlite3")))) == 1, "is the entry still there after the command?"


@mark.points(5, "protocol", statement="get-db")
def test_one_connection_for_a_request(submission, make_app, probes):
    """get_db() gives the same connection all through a request, and it is closed when the request has ended"""
    app = make_app(catalog=FILMS)
    get_db = submission.part("db").get_db

    def ask_twice():
        get_db()
        (row,) = get_db().execute("SELECT 40 + 2 AS answer").fetchall()
        assert row["answer"] == 42, "has a row its columns by name? The row_factory of the connection"

    probes.flask_view(app, "/twice", raises="", message="fine", first=ask_twice)
    with probes.sqlite() as found:
        answer = Client(app).get("/twice")
    assert (answer.status_code, answer.text) == (200, "fine"), "a view that calls get_db() twice: does it answer?"
    assert found.opened == 1, "how many connections does a request open that calls get_db() twice?"
    assert found.closed == 1, "who closes the connection when the request has ended?"
    codes = {Client(app).get("/twice").status_code for _ in range(70)}
    assert codes == {200}, "seventy requests more: is each of them answered? What stays open is an open file, and 64 are the most"


@mark.points(4, "correctness", statement="validate")
def test_validate_asks_every_rule(submission):
    """validate() returns the values of the good fields, and the message for each bad one"""

    @declares(ValueError)
    def stars(text):
        if text not in ("1", "2", "3", "4", "5"):
            raise ValueError("from 1 to 5, please")
        return int(text)

    def note(text):
        return text or ""

    validate = submission.part("forms").validate
    clean, errors = validate({"stars": "4", "note": "fine", "more": "x"}, {"stars": stars, "note": note})
    assert (clean, errors) == ({"stars": 4, "note": "fine"}, {}), "two good fields, and one that has no rule"
    clean, errors = validate({"stars": "9"}, {"stars": stars, "again": stars, "note": note})
    assert errors == {"stars": "from 1 to 5, please", "again": "from 1 to 5, please"}, (
        "a bad field and one that was not sent: is there a message for each?"
    )
    assert clean == {"note": ""}, "a good field beside bad ones: is its value there?"


@mark.points(3, "robustness", statement="required")
def test_missing_setting_is_named(submission, trace):
    """create_app refuses to make an app without a SECRET_KEY or a DATABASE, and says which one is missing"""
    settings = {"SECRET_KEY": "only for this test", "DATABASE": "films.sqlite3"}
    app = App(submission.create_app(dict(settings)), trace.recorder)
    assert Client(app).get(PLACE).status_code == 200, "an app with both settings: does it answer?"
    for key in settings:
        try:
            submission.create_app({name: value for name, value in settings.items() if name != key})
        except StudentError as error:
            named = key in error.text
        else:
            raise Finding("create_app made an app although {key} was missing and TESTING was off",
                          "which settings can an app not do without? Look for them before you do anything else",
                          key=public(key))  # fmt: skip
        assert named, "the text of the exception: does it name the setting that is missing?"


@mark.points(4, "robustness", statement="csrf")
def test_form_needs_its_token(make_app):
    """with CSRF a form is taken with the token of the page, and refused with 403 without it"""
    client = Client(make_app(catalog=FILMS, csrf=True))
    fields = [field.attributes for field in read_page(client.get(PLACE).data).all("input")]
    tokens = [field.get("value", "") for field in fields if field.get("name") == "csrf"]
    assert len(tokens) == 1, "how many fields with the name csrf are on the page?"
    refused = send(client, movie_id=42, stars=5)
    assert refused.status_code == 403, "the status of the answer to a form without the token"
    assert "403" in read_page(refused.data).text, "is the status code on the page?"
    taken = send(client, movie_id=42, stars=5, csrf=tokens[0])
    assert taken.status_code == 303, "the status of the answer to a form with the token of the page"
    assert len(entries(client)) == 1, "two forms were sent, one with the token: what does the list have?"


@mark.points(4, "design", statement="watchstats")
def test_stats_are_of_one_app(submission, make_app, probes):
    """WatchStats counts the requests of an app and the entries added to it, each app for itself"""
    one, other = make_app(catalog=FILMS), make_app(catalog=FILMS)
    client = Client(one)
    client.get("/movies")
    assert send(client, movie_id=42, stars=5).status_code == 303, "is a form that is right taken?"
    stats = submission.part("ext").WatchStats()
    said = [probes.in_app_context(app, stats.current) for app in (one, other)]
    assert all(type(counts) is dict for counts in said), "what does current() return? A dict"
    assert (said[0].get("requests"), said[0].get("added")) == (2, 1), "one app has answered two requests, and added an entry"
    assert (said[1].get("requests"), said[1].get("added")) == (0, 0), "the other app has not been asked for anything"
