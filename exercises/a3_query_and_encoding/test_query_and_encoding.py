"""The public tests of A3. Read them: a search, the list as JSON, bad numbers, and text on its way through an address."""

from urllib.parse import quote

import requests
from pytest import mark
from werkzeug.test import Client

from grader.testing import Finding, rules
from grader.testing.content import media_type, read_json, read_page, same_data
from grader.testing.wsgi import make_environ

FILMS = [
    {"id": 42, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1983, "director": "Wu Yigong"},
    {"id": 7, "title_zh": "小城之春", "title_en": "Spring in a Small Town", "year": 1948, "director": "Fei Mu"},
    {
        "id": 19,
        "title_zh": "一江春水向东流",
        "title_en": "The Spring River Flows East",
        "year": 1947,
        "director": "Cai Chusheng",
    },
]
URL = "http://localhost"


def films(count):
    """Make a long catalogue."""
    return [
        {
            "id": number,
            "title_zh": f"第{number}部",
            "title_en": f"Part {number}",
            "year": 1930 + number,
            "director": "N. N.",
        }
        for number in range(count, 0, -1)
    ]


def ask(client, path, status=200, **options):
    """Return the answer to GET, which has to have this status."""
    answer = client.get(path, **options)
    if answer.status_code != status:
        raise Finding("GET {path} was answered with {code}, not with {status}",
                      "which row of the table answers this path? 500: your code raised an exception",
                      path=path, code=answer.status_code, status=status)  # fmt: skip
    return answer


def object_of(answer):
    """Return the object that /api/movies gives."""
    said = read_json(answer.data)
    assert isinstance(said, dict), "what does json.dumps() get? The answer is an object with four keys"
    return said


def compare(path, name, seen, expected):
    """Compare a value of the object that /api/movies gives."""
    if not same_data(seen, expected):
        raise Finding("GET {path}: {name} was {seen}, not {expected}",
                      "which films are found, and which of them are on this page?",
                      path=path, name=name, seen=seen, expected=expected)  # fmt: skip


@mark.points(8, "correctness", statement="search")
def test_search_finds_films(make_app):
    """GET /search?q=... is answered with a page that says what was asked for and lists the films that have it in a title"""
    client = Client(make_app(catalog=FILMS))
    for query, text, found in (
        ("%E5%9F%8E", "城", ["42", "7"]),
        ("SPRING", "SPRING", ["7", "19"]),
        ("old+b", "old b", ["42"]),
    ):
        path = f"/search?q={query}"
        answer = ask(client, path, base_url=f"{URL}/电影")
        assert media_type(answer.headers.get("Content-Type")) == ("text/html", "utf-8"), "the value of Content-Type"
        page = read_page(answer.data)
        if not any(text in heading.text for heading in page.all("h1")):
            raise Finding("GET {path}: no <h1> of the page contains {text}",
                          "what stands between <h1> and </h1>?", path=path, text=text)  # fmt: skip
        items = page.having("data-id")
        shown = [item.attributes["data-id"] for item in items]
        if shown != found:
            raise Finding("GET {path}: the values of data-id were {shown}, not {found}",
                          "which films have the text in one of their titles?",
                          path=path, shown=shown, found=found)  # fmt: skip
        for item in items:
            targets = [page.target(link, f"{URL}/电影/search") for link in item.all("a")]
            assert f"{URL}/电影/movies/{item.attributes['data-id']}" in targets, "the link in the li: <a href=...>"


@mark.points(6, "correctness", statement="api-list")
def test_list_as_json(make_app):
    """GET /api/movies is answered with one page of the films as JSON, and with how many there are"""
    catalogue = films(12)
    client = Client(make_app(catalog=catalogue))
    for query, expected in (
        ("", {"items": catalogue[:10], "page": 1, "per_page": 10, "total": 12}),
        ("?page=2", {"items": catalogue[10:], "page": 2, "per_page": 10, "total": 12}),
        ("?page=3&per_page=5", {"items": catalogue[10:], "page": 3, "per_page": 5, "total": 12}),
    ):
        answer = ask(client, f"/api/movies{query}")
        assert media_type(answer.headers.get("Content-Type"))[0] == "application/json", "the value of Content-Type"
        said = object_of(answer)
        for key, value in expected.items():
            compare(f"/api/movies{query}", key, said.get(key), value)


@mark.points(4, "correctness", statement="filters")
def test_list_is_filtered(make_app):
    """q and year filter the films of /api/movies, also both at once"""
    client = Client(make_app(catalog=FILMS))
    for query, found in (
        ("q=%E6%98%A5", FILMS[1:]),
        ("year=1983", FILMS[:1]),
        ("q=spring&year=1947", FILMS[2:]),
        ("q=", FILMS),
    ):
        said = object_of(ask(client, f"/api/movies?{query}"))
        compare(f"/api/movies?{query}", "items", said.get("items"), found)
        compare(f"/api/movies?{query}", "total", said.get("total"), len(found))


@mark.points(4, "correctness", statement="bad-number")
def test_bad_number_is_400(make_app):
    """a page, per_page or year that is no number is answered with 400 and a JSON error"""
    client = Client(make_app(catalog=FILMS))
    for query in ("page=abc", "page=0", "per_page=1000", "year=MCMXCIII"):
        answer = client.get(f"/api/movies?{query}")
        if answer.status_code != 400:
            raise Finding("GET {path} was answered with {code}, not with {status}",
                          "what does your code do before int(), and what if it is no number?",
                          path=f"/api/movies?{query}", code=answer.status_code, status=400)  # fmt: skip
        assert media_type(answer.headers.get("Content-Type"))[0] == "application/json", "the Content-Type of the error"
        said = read_json(answer.data)
        assert isinstance(said, dict), "the body of an error under /api/: is it a JSON object?"
        assert "error" in said, "the body of an error under /api/: has the object the key error?"


@mark.points(6, "protocol", statement="title-json")
def test_title_over_http(make_app, serve):
    """a film is found by its Chinese title, asked for over real HTTP"""
    url = serve(make_app(catalog=FILMS), server="wsgiref")
    answer = requests.get(f"{url}/api/titles/{quote('小城之春')}", timeout=5)
    assert answer.status_code == 200, (
        "print ascii(path) where the row is looked for: is it what the browser meant? 500: your code raised"
    )
    assert same_data(read_json(answer.content), FILMS[1]), "the film with this title: five keys and their values"
    answer = requests.get(f"{url}/api/titles/{quote('小城之夏')}", timeout=5)
    assert answer.status_code == 404, "what does the handler do if there is no such film?"


@mark.points(4, "robustness", statement="escaping")
def test_markup_in_a_search_is_text(make_app):
    """characters of HTML in a search are shown, and not obeyed"""
    text = '"><script>alert(1)</script>'
    answer = ask(Client(make_app(catalog=FILMS)), f"/search?q={quote(text)}")
    page = read_page(answer.data)
    assert any(text in heading.text for heading in page.all("h1")), "what does a browser show as the heading?"
    assert not any("alert" in "".join(page.parts[one.said.start : one.said.stop]) for one in page.all("script")), (
        "where does text become HTML? It has to be escaped there"
    )


@mark.points(4, "protocol", rule="RFC 9110: HEAD; 405 Method Not Allowed", statement="head")
def test_new_rows_keep_the_rules(make_app, trace):
    """the new paths answer HEAD like GET without a body, and another method with 405"""
    app = make_app(catalog=FILMS)
    for path, query, status in (
        ("/search", "q=%E6%98%A5", 200), ("/api/movies", "", 200), ("/api/movies", "page=x", 400),
        ("/api/titles/小城之春", "", 200),
    ):  # fmt: skip
        get = trace(app, "GET", path, query=query)
        asked = f"{path}?{query}" if query else path
        if get.code != status:
            raise Finding("GET {path} was answered with {code}, not with {status}",
                          "is GET answered with the right status?",
                          path=asked, code=get.code, status=status)  # fmt: skip
        get.check(rules.CONTENT_LENGTH)
        head = trace(app, "HEAD", path, query=query)
        if (head.code, head.body) != (status, b""):
            raise Finding("HEAD {path}: the status was {code}, the body had {count} bytes",
                          "the answer to HEAD: the status of GET, and no body",
                          path=asked, code=head.code, count=len(head.body))  # fmt: skip
        assert head.header("Content-Type") == get.header("Content-Type"), "the headers for HEAD are those of GET"
        post = trace(app, "POST", path, query=query)
        if post.code != 405:
            raise Finding("POST {path} was answered with {code}, not with {status}",
                          "which do you look at first, the path, the method or the parameters?",
                          path=asked, code=post.code, status=405)  # fmt: skip
        allowed = {name.strip() for value in post.all_headers("Allow") for name in value.split(",")}
        assert allowed - {"OPTIONS"} == {"GET", "HEAD"}, (
            "the headers of the answer 405: is there an Allow with both methods?"
        )


@mark.raw_only
@mark.points(4, "design", statement="query")
def test_helper_functions(submission):
    """query() and path_text() make text of what the server gives"""
    # the file_wrapper of a server is left out: it cannot be handed to a function that is called without a server
    environ = make_environ(
        "GET", "/api/titles/龙猫", query="q=%E9%BE%99+1&page=2&page=3", environ={"wsgi.file_wrapper": None}
    )
    asked = submission.query(environ)
    assert {key: asked[key] for key in asked} == {"q": "龙 1", "page": "2"}, "the dict that query() returns"
    assert submission.path_text(environ) == "/api/titles/龙猫", "the text that path_text() returns"
    broken = environ | {"PATH_INFO": b"/\xff".decode("latin-1")}
    assert submission.path_text(broken) is None, "what does path_text() return if the bytes are not UTF-8?"
