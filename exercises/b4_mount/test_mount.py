"""The public tests of B4. Read them: they mount small applications, and look at what each of them is told."""

from typing import Any

from pytest import mark

from grader.testing import Submission, Tracer, inner, rules
from grader.testing.wsgi import make_environ


@mark.points(10, "correctness", statement="moves")
def test_two_mounts(submission: Submission, trace: Tracer) -> None:
    """each of two prefixes leads to its app, which is told where it stands and what is wanted from it"""
    films, blog = inner.Plain(b"films"), inner.Plain(b"blog")
    app = submission.Mount(inner.Plain(b"default"), {"/films": films, "/blog": blog})
    for name, mounted in (("films", films), ("blog", blog)):
        seen = trace(app, "GET", f"/{name}/7")
        assert seen.body == name.encode(), "which app is called for this path?"
        assert mounted.told("PATH_INFO") == "/7", "PATH_INFO in the environ that you pass to the app"
        assert mounted.told("SCRIPT_NAME") == f"/{name}", "SCRIPT_NAME in the environ that you pass to the app"


@mark.points(6, "correctness", statement="default")
def test_default_gets_the_rest(submission: Submission, trace: Tracer) -> None:
    """a path that begins with no prefix leads to the default app, which gets it as it is"""
    default, films = inner.Plain(b"default"), inner.Plain(b"films")
    app = submission.Mount(default, {"/films": films})
    for path in ("/", "/blog/7"):
        seen = trace(app, "GET", path, environ={"SCRIPT_NAME": "/site"})
        assert seen.body == b"default", "which app is called if no prefix fits?"
        assert default.told("SCRIPT_NAME") == "/site", "nothing moves if no prefix fits"
        assert default.told("PATH_INFO") == path, "nothing moves if no prefix fits"
    assert trace(app, "GET", "/films/7").body == b"films", "and which app is called if one fits?"


@mark.points(4, "robustness", statement="absent")
def test_absent_variables(submission: Submission, trace: Tracer) -> None:
    """a server may leave SCRIPT_NAME and PATH_INFO out if they are empty"""
    default, films = inner.Plain(b"default"), inner.Plain(b"films")
    app = submission.Mount(default, {"/films": films})
    assert trace(app, "GET", "/films/7", environ={"SCRIPT_NAME": None}).body == b"films", "which app is called?"
    assert films.told("SCRIPT_NAME") == "/films", "what was absent counts as empty"
    seen = trace(app, environ={"SCRIPT_NAME": None, "PATH_INFO": None})
    assert seen.body == b"default", "an empty path begins with no prefix"


@mark.points(6, "protocol", rule="PEP 3333 (must): Specification Details", statement="untouched")
def test_answer_is_the_apps(submission: Submission, trace: Tracer) -> None:
    """the app's status, headers and body come through as they are, and its iterable is closed"""
    for lazy in (False, True):
        films = inner.Plain(b"12 ", b"films", lazy=lazy, status="203 Copied")
        seen = trace(submission.Mount(inner.Plain(), {"/films": films}), "GET", "/films/7")
        seen.check(rules.ITERABLE, rules.BODY_BYTES, rules.START_FIRST)
        assert films.environs, "is the app called that the path belongs to?"
        assert type(films.environs[0]) is dict, "the environ that you pass to the app: a dict itself, nothing like it"
        assert seen.body == b"12 films", "what your middleware returns"
        assert seen.status == "203 Copied", "the app tells the server its status itself, if it gets start_response"
        assert seen.headers == inner.some_headers(), "the app's headers, their order, and those that stand twice"
        assert films.bodies[0].closed == 1, "who closes the iterable that the app returned? The server knows yours only"


@mark.points(6, "correctness", statement="url")
def test_link_under_a_mount(submission: Submission) -> None:
    """url() makes a link that leads back to the app, quoted"""
    environ = make_environ("GET", "/7", environ={"SCRIPT_NAME": "/films"})
    assert submission.url(environ, "/8") == "/films/8", "where does the app stand that gets this environ?"
    assert submission.url(environ) == "/films", "a link to the app itself"
    assert submission.url(environ, "/two words") == "/films/two%20words", "what must not stand in a URL is quoted"


@mark.points(3, "correctness", rule="PEP 3333 (should): URL Reconstruction", statement="external")
def test_absolute_link(submission: Submission) -> None:
    """with external, url() makes an absolute link to the host that the client used"""
    environ = make_environ("GET", "/films/7", environ={"HTTP_HOST": "films.example:8080", "SCRIPT_NAME": "/site"})
    link = submission.url(environ, "/8", external=True)
    assert link == "http://films.example:8080/site/8", "scheme, host, SCRIPT_NAME and path"


@mark.points(5, "design", statement="compose")
def test_compose(submission: Submission, trace: Tracer) -> None:
    """compose puts layers around an app, the first one outermost"""
    films, order = inner.Plain(b"films"), []

    def noting(name: str) -> Any:
        def layer(app: Any) -> inner.Through:
            made = inner.Through(app)
            made.meanwhile = lambda: order.append(name)
            return made

        return layer

    seen = trace(submission.compose(films, noting("first"), noting("second")), "GET", "/")
    assert seen.body == b"films", "what is inside the innermost layer?"
    assert order == ["first", "second"], "in which order the layers are called that you put around the app"
