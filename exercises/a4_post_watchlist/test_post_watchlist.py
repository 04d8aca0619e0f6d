"""The public tests of A4. Read them: a form is sent, once right and once wrong, and what must be refused is refused."""

from pytest import mark
from werkzeug.test import Client

from grader.testing import Finding
from grader.testing.content import media_type, read_page, target

FILMS = [
    {"id": 88, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1980, "director": "Wu Yigong"},
    {"id": 70, "title_zh": "小城之春", "title_en": "Spring in a Small Town", "year": 1980, "director": "Fei Mu"},
]
FORM = "application/x-www-form-urlencoded"
PLACE = "/watchlist"


def entries(client):
    """Return the li of each entry in the list."""
    answer = client.get(PLACE)
    assert answer.status_code == 200, "GET /watchlist: which handler answers it, and with which status?"
    return read_page(answer.data).having("data-id")


@mark.points(4, "protocol", rule="RFC 9110: HEAD", statement="list")
def test_list_is_there_from_the_beginning(make_app, app):
    """GET and HEAD /watchlist are answered with 200 before anything was added"""
    client = Client(make_app())
    entries(client)
    get, head = client.get(PLACE), client.head(PLACE)
    assert media_type(get.headers.get("Content-Type")) == ("text/html", "utf-8"), "the value of Content-Type"
    assert head.status_code == 200, "HEAD /watchlist: which methods does the table have for this path?"
    assert head.headers.get("Content-Type") == get.headers.get("Content-Type"), "HEAD has the headers of GET"
    assert head.data == b"", "HEAD /watchlist: how many bytes of body does the answer have?"
    assert Client(app).get(PLACE).status_code == 200, "application is an app too: is its list shown?"


@mark.points(12, "correctness", statement="post")
def test_form_adds_an_entry(make_app):
    """a form that is right adds an entry to the list and is answered with 303"""
    client = Client(make_app(catalog=FILMS))
    before = len(entries(client))
    for film, stars, note in ((70, 4, "第一次看 & liked it"), (88, 2, "")):
        answer = client.post(PLACE, data={"movie_id": film, "stars": stars, "note": note})
        assert answer.status_code == 303, "POST /watchlist with a form that is right: with which status is it answered?"
        place = target(answer.headers.get("Location", ""), f"http://localhost{PLACE}")
        assert place == f"http://localhost{PLACE}", "the answer 303: where does its header Location lead?"
    items = entries(client)[before:]
    assert [item.tag for item in items] == ["li", "li"], "two forms were sent: is there one li for each of them?"
    shown = [item.attributes["data-id"] for item in items]
    assert shown == ["70", "88"], "data-id is the id of the film, and what was added first stands first"
    assert "4" in items[0].text, "does the number of stars stand in the li as a digit?"
    assert "2" in items[1].text, "does the number of stars stand in the li as a digit?"
    assert "第一次看 & liked it" in items[0].text, "can the note be read in the li?"


@mark.points(8, "correctness", statement="bad-fields")
def test_bad_fields_are_named(make_app):
    """a form with two bad fields is answered with 400 and one li of class error for each, and adds nothing"""
    client = Client(make_app())
    before = len(entries(client))
    answer = client.post(PLACE, data={"movie_id": "0", "stars": "9", "note": "fine"})
    assert answer.status_code == 400, (
        "no film has the id 0, and nine stars are too many: with which status is it answered?"
    )
    page = read_page(answer.data)
    assert "400" in page.text, "is the status code on the page?"
    errors = [item.text for item in page.with_class("li", "error")]
    assert len(errors) == 2, 'how many <li class="error"> are on the page? One for each bad field'
    assert ["movie_id" in text for text in errors].count(True) == 1, "does one li, and only one, name movie_id?"
    assert ["stars" in text for text in errors].count(True) == 1, "does one li, and only one, name stars?"
    assert len(entries(client)) == before, "a form that is refused: what does it add to the list?"
    client.post(PLACE, data={"movie_id": "1", "stars": "4", "note": "fine"})
    assert len(entries(client)) == before + 1, "a form that is right comes afterwards: what does it add to the list?"


@mark.points(6, "correctness", statement="media-type")
def test_other_media_types_are_415(make_app, trace):
    """what is not a form of the type application/x-www-form-urlencoded is answered with 415"""
    app = make_app()
    body = b"movie_id=1&stars=4&note=fine"
    before = len(entries(Client(app)))
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", f"{FORM}-2", None):
        seen = trace(app, "POST", PLACE, body=body, environ={"CONTENT_TYPE": kind}, input_ends=True)
        if seen.code != 415:
            raise Finding("when CONTENT_TYPE was {kind} the answer had the status {code}, not 415",
                          "where does your app look at CONTENT_TYPE, and is the whole type compared?",
                          kind=repr(kind), code=seen.code)  # fmt: skip
        assert "415" in read_page(seen.body).text, "is the status code on the page?"
    assert len(entries(Client(app))) == before, "what is refused adds nothing to the list"
    trace(app, "POST", PLACE, body=body, environ={"CONTENT_TYPE": FORM}, input_ends=True)
    assert len(entries(Client(app))) == before + 1, "the same body as a form: is it taken?"


@mark.points(6, "protocol", statement="order")
def test_refusals_have_an_order(make_app, trace):
    """first comes the path, then the method, the media type, the length, the fields"""
    app = make_app()

    def ask(method, path, kind, length):
        return trace(app, method, path, environ={"CONTENT_TYPE": kind, "CONTENT_LENGTH": length}, input_ends=True)

    unknown, other = ask("POST", "/nothing", "text/plain", "65537"), ask("PUT", PLACE, "text/plain", "65537")
    assert unknown.code == 404, "an unknown path is 404, whatever else is wrong"
    assert other.code == 405, "a method that is not in the table is 405, whatever else is wrong"
    allowed = {name.strip() for value in other.all_headers("Allow") for name in value.split(",")}
    assert allowed - {"OPTIONS"} == {"GET", "HEAD", "POST"}, "the header Allow of the answer 405: all methods"
    assert ask("POST", PLACE, "text/plain", "65537").code == 415, "the media type is looked at before the length"
    assert ask("POST", PLACE, FORM, "65537").code == 413, "the length is looked at before the fields"
    assert ask("POST", PLACE, FORM, "0").code == 400, "an empty body is a form without any field"


@mark.points(4, "design", statement="independent")
def test_two_apps_have_a_list_each(make_app):
    """what is added in one app is not in the list of another one"""
    one, other = Client(make_app()), Client(make_app())
    one.post(PLACE, data={"movie_id": "1", "stars": "4", "note": "fine"})
    assert len(entries(one)) == 1, "is the entry in the list of the app that it was sent to, and nothing else?"
    assert entries(other) == [], "where are the entries kept? Each call of make_app makes a list of its own"
