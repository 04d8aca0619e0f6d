"""The public tests of D2: what a package with blueprints, templates, hooks and a middleware adds to D1.

Some tests of A2 to A5 and of D1 are run again on your package: a visitor must not notice that the code has moved.
"""

import re

from pytest import mark

from grader.testing import Finding, StudentError
from grader.testing.content import media_type, read_json, read_page

PAGES = ("/", "/movies", "/movies/1", "/search?q=1", "/watchlist")
PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")


@mark.points(5, "design", statement="blueprints")
def test_two_blueprints(make_app, client, probes):
    """the app has the blueprints site and api, and they have the routes"""
    for path in ("/movies", "/api/movies/1"):
        assert client.get(path).status_code == 200, "do the pages and the films in JSON have a view?"
    app = probes.flask_app(make_app())
    names = list(app.blueprints)
    assert "site" in names, "which names do your blueprints have, and does create_app register them?"
    assert "api" in names, "which names do your blueprints have, and does create_app register them?"
    rules = [rule.endpoint for rule in app.url_map.iter_rules()]
    assert any(name.startswith("site.") for name in rules), "on what do the routes of the pages hang?"
    assert any(name.startswith("api.") for name in rules), "on what do the routes below /api hang?"


@mark.points(6, "design", statement="layout")
def test_pages_extend_one_layout(client, probes):
    """each page is rendered from a template file, and all of these extend the same layout"""
    layouts = []
    for path in PAGES:
        with probes.flask_templates() as found:
            answer = client.get(path)
        if answer.status_code != 200:
            raise Finding("the answer to {path} did not have the status 200",
                          "is there a view for this page, and does it come to its end?", path=path)  # fmt: skip
        if not found.rendered:
            raise Finding("no template was rendered for {path}",
                          "what does the view return? render_template() makes a page of a file in templates/",
                          path=path)  # fmt: skip
        chain = found.rendered[-1]
        if len(chain) < 2 or not all(chain):
            raise Finding("the template for {path} extended no other one", "with which line does this template begin?",
                          path=path)  # fmt: skip
        layouts.append(chain[-1])
    assert len(set(layouts)) == 1, "which layout do your templates extend? All of them should end at the same one"


@mark.points(5, "correctness", statement="stack")
def test_answers_carry_the_id(make_app, trace):
    """every answer has one X-Request-ID: the one that came with the request if it is good, else a new one"""
    app = make_app()
    for given, path in (("", "/movies"), ("film-42", "/movies"), ("film-43", "/api/movies/1"), ("no id!", "/movies")):
        seen = trace(app, "GET", path, headers={"X-Request-ID": given} if given else {})
        assert seen.code == 200, "do the pages and the films in JSON have a view?"
        values = seen.all_headers("X-Request-ID")
        if len(values) != 1:
            raise Finding("the answer to {path} had {count} headers X-Request-ID, and it should be one",
                          "is your middleware around what Flask answers with, and does nothing else add this header?",
                          path=path, count=len(values))  # fmt: skip
        assert PATTERN.fullmatch(values[0]), "which ids does your middleware take or make?"
        if given.startswith("film-"):
            assert values[0] == given, "what does your middleware do with a good id that came with the request?"


@mark.points(3, "correctness", statement="after-request")
def test_answers_say_how_long_they_took(client):
    """pages and JSON say in a header how long they took"""
    for path in ("/movies", "/api/movies/1"):
        answer = client.get(path)
        assert answer.status_code == 200, "do the pages and the films in JSON have a view?"
        if "Server-Timing" not in answer.headers and "X-Elapsed-Ms" not in answer.headers:
            raise Finding("the answer to {path} had neither Server-Timing nor X-Elapsed-Ms",
                          "which function is called with the response before it is sent?", path=path)  # fmt: skip


@mark.points(3, "design", statement="finished")
def test_finished_requests_are_counted(make_app, trace, probes):
    """app.extensions["watchlist"]["finished"] counts the requests that are over"""
    app = make_app()
    before = number_in(probes.flask_app(app))
    for number in (1, 2, 3):
        assert trace(app, "GET", "/movies").code == 200, "is there a list of films?"
        if number_in(probes.flask_app(app)) != before + number:
            raise Finding('after {count} requests app.extensions["watchlist"]["finished"] had not grown by {count}',
                          "which function is called at the end of each request, and which number does it add one to?",
                          count=number)  # fmt: skip


def number_in(app):
    try:
        number = app.extensions["watchlist"]["finished"]
    except (LookupError, TypeError, StudentError):
        number = None
    if type(number) is not int:
        raise Finding('app.extensions["watchlist"]["finished"] was no int',
                      "what does create_app put into app.extensions, and under which names?")  # fmt: skip
    return number


@mark.points(4, "correctness", statement="handlers")
def test_errors_have_their_bodies(make_app, trace, probes):
    """an unknown path, another method, a form of another type and a view that fails: a page, and JSON below /api/"""
    app = make_app(propagate_exceptions=False)
    for rule in ("/fails", "/api/fails"):
        probes.flask_view(app, rule, raises="ZeroDivisionError")
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/api/nothing", 404), ("PUT", "/movies", 405),
                                 ("PUT", "/api/movies/1", 405), ("POST", "/watchlist", 415), ("GET", "/fails", 500),
                                 ("GET", "/api/fails", 500)):  # fmt: skip
        check_error(trace(app, method, path), method, path, status)


def check_error(seen, method, path, status):
    if seen.code != status:
        raise Finding("the answer to {method} {path} did not have the status {status}",
                      "what answers this error, and does it keep the status?",
                      method=method, path=path, status=status)  # fmt: skip
    kind = media_type(seen.header("Content-Type"))[0]
    if path.startswith("/api/"):
        if kind != "application/json":
            raise Finding("the answer to {method} {path} was not JSON",
                          "which of your functions answers errors below /api/, and does it see this one?",
                          method=method, path=path)  # fmt: skip
        if "error" not in read_json(seen.body):
            raise Finding("the JSON that answered {method} {path} had no key error",
                          "what does your function for errors write into the body?", method=method, path=path)  # fmt: skip
    else:
        if kind != "text/html":
            raise Finding("the answer to {method} {path} was no HTML page",
                          "which of your functions answers errors, and does it see this one?",
                          method=method, path=path)  # fmt: skip
        if str(status) not in read_page(seen.body).text:
            raise Finding("on the page that answered {method} {path} a visitor could not read {status}",
                          "what does your function for errors write into the body?",
                          method=method, path=path, status=status)  # fmt: skip
