"""The public tests of A2. Read them: each route is asked once, then a path that is not there and a method that is refused."""

from pytest import mark
from werkzeug.test import Client

from grader.testing.content import media_type, read_json, read_page, same_data

FILMS = [
    {"id": 42, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1983, "director": "Wu Yigong"},
    {"id": 7, "title_zh": "小城之春", "title_en": "Spring in a Small Town", "year": 1948, "director": "Fei Mu"},
]
URL = "http://localhost"


@mark.points(6, "correctness", statement="home")
def test_home_leads_to_the_list(client):
    """GET / is answered with a page that links to /movies and has 影单 in its h1"""
    answer = client.get("/")
    assert answer.status_code == 200, "which row of the table answers /, and with which status?"
    assert media_type(answer.headers.get("Content-Type")) == ("text/html", "utf-8"), "the value of Content-Type"
    page = read_page(answer.data)
    assert "影单" in " ".join(heading.text for heading in page.all("h1")), "what stands between <h1> and </h1>?"
    assert f"{URL}/movies" in [page.target(link, f"{URL}/") for link in page.all("a")], "the href of your link"


@mark.points(8, "correctness", statement="list")
def test_list_shows_every_film(make_app):
    """GET /movies is answered with one li for each film: data-id, a link, both titles"""
    answer = Client(make_app(catalog=FILMS)).get("/movies")
    assert answer.status_code == 200, "which row of the table answers /movies, and with which status?"
    assert media_type(answer.headers.get("Content-Type")) == ("text/html", "utf-8"), "the value of Content-Type"
    page = read_page(answer.data)
    items = page.having("data-id")
    shown = [item.attributes["data-id"] for item in items]
    assert sorted(shown) == ["42", "7"], "which films does the list show? Those that make_app was given"
    assert shown == ["42", "7"], "the order of the films: that of the catalogue, nothing is sorted"
    for item, film in zip(items, FILMS, strict=True):
        targets = [page.target(link, f"{URL}/movies") for link in item.all("a")]
        assert f"{URL}/movies/{film['id']}" in targets, "the link in the li: <a href=...>"
        assert film["title_zh"] in item.text, "is title_zh in the li?"
        assert film["title_en"] in item.text, "is title_en in the li?"
    default = read_page(Client(make_app()).get("/movies").data)
    assert len(default.having("data-id")) == 12, "which films are shown when make_app gets none?"


@mark.points(8, "correctness", statement="film")
def test_film_has_its_page(make_app):
    """GET /movies/<id> is answered with the titles, the year and the director of the film"""
    client = Client(make_app(catalog=FILMS))
    answer = client.get("/movies/7")
    assert answer.status_code == 200, "which row of the table is for /movies/7, and how does its handler find film 7?"
    assert media_type(answer.headers.get("Content-Type")) == ("text/html", "utf-8"), "the value of Content-Type"
    text = read_page(answer.data).text
    assert "小城之春" in text, "is title_zh on the page?"
    assert "Spring in a Small Town" in text, "is title_en on the page?"
    assert "1948" in text, "is the year on the page?"
    assert "Fei Mu" in text, "is the director on the page?"
    assert client.get("/movies/8").status_code == 404, "what does the handler do if there is no such film?"


@mark.points(8, "correctness", statement="film-json")
def test_film_as_json(make_app):
    """GET /api/movies/<id> is answered with the film as a JSON object"""
    client = Client(make_app(catalog=FILMS))
    answer = client.get("/api/movies/42")
    assert answer.status_code == 200, (
        "which row of the table is for /api/movies/42, and how does its handler find film 42?"
    )
    assert media_type(answer.headers.get("Content-Type"))[0] == "application/json", "the value of Content-Type"
    said = read_json(answer.data)
    assert isinstance(said, dict), "the five keys and their values; year and id are numbers"
    for key, value in FILMS[0].items():
        assert said.get(key) == value, "the five keys and their values; year and id are numbers"
    assert same_data(said, FILMS[0]), "the five keys and their values; year and id are numbers"
    assert client.get("/api/movies/43").status_code == 404, "what does the handler do if there is no such film?"


@mark.points(4, "correctness", statement="unknown-path")
def test_unknown_path_is_404(client):
    """a path that is in no row of the table is answered with 404, and the page says so"""
    assert client.get("/movies").status_code == 200, "is a path that is in the table answered?"
    answer = client.get("/nothing/here")
    assert answer.status_code == 404, "what does your app do when no row has the shape of the path?"
    assert media_type(answer.headers.get("Content-Type"))[0] == "text/html", "the Content-Type of the error page"
    assert "404" in read_page(answer.data).text, "is the status code on the error page?"


@mark.points(4, "protocol", rule="RFC 9110 (must): 405 Method Not Allowed", statement="other-method")
def test_other_method_is_405(client):
    """another method on a path that is in the table is answered with 405, and Allow says which ones there are"""
    assert client.get("/movies").status_code == 200, "is GET answered on the same path?"
    page = refused(client, "/movies")
    assert "405" in read_page(page.data).text, "is the status code on the error page?"
    said = read_json(refused(client, "/api/movies/1").data)
    assert isinstance(said, dict), "the body of an error under /api/: is it a JSON object?"
    assert "error" in said, "the body of an error under /api/: has the object the key error?"


def refused(client, path):
    """Ask with POST, and return the answer, which has to be 405."""
    answer = client.post(path)
    assert answer.status_code != 200, "where does your app look at REQUEST_METHOD?"
    assert answer.status_code == 405, "which do you look at first, the path or the method?"
    assert "Allow" in answer.headers, "the headers of the answer 405: is there an Allow?"
    assert "GET" in answer.headers["Allow"], "the value of Allow: all methods of the row, commas between them"
    return answer


@mark.raw_only
@mark.points(2, "design", statement="match")
def test_match_finds_the_row(submission):
    """match() finds the methods and the variable parts of a path, or None"""
    films, film = submission.match("/movies"), submission.match("/movies/7")
    assert films is not None, "which row of the table has the shape of /movies?"
    assert film is not None, "which row of the table has the shape of /movies/7?"
    for found, count in ((parts(films), 0), (parts(film), 1)):
        assert len(found) == 2, (
            "what match() returns: a pair, the methods of the row and the variable parts of the path"
        )
        methods, args = found
        assert "GET" in parts(methods), "the first thing that match() returns: a dict whose keys are methods"
        assert len(args) == count, "the second thing that match() returns: the variable parts of the path"
    assert submission.match("/movies/7/cast") is None, "what does match() return if no row has the shape of the path?"


def parts(found):
    """Return what is in a pair or a dict, and nothing if it is something else that has no parts."""
    try:
        return [*found]
    except TypeError:
        return []
