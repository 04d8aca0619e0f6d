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
        assert seen.body == name.encode(), "each prefix leads to its own app: which one do you call?"
        assert mounted.told("PATH_INFO") == "/7", "the app's PATH_INFO is what follows the prefix"
        assert mounted.told("SCRIPT_NAME") == f"/{name}", "the app's SCRIPT_NAME has grown by the prefix, and no more"


@mark.points(6, "correctness", statement="default")
def test_default_gets_the_rest(submission: Submission, trace: Tracer) -> None:
    """a path that no prefix fits leads to the default app, which gets it as it is"""
    default, films = inner.Plain(b"default"), inner.Plain(b"films")
    app = submission.Mount(default, {"/films": films})
    for path in ("/", "/blog/7"):
        seen = trace(app, "GET", path, environ={"SCRIPT_NAME": "/site"})
        assert seen.body == b"default", "no prefix fits this path: do you call the default app?"
        assert default.told("SCRIPT_NAME") == "/site", "nothing moves if no prefix fits: SCRIPT_NAME stays as it was"
        assert default.told("PATH_INFO") == path, "nothing moves if no prefix fits: PATH_INFO stays as it was"
    seen = trace(app, "GET", "/films/7")
    assert seen.body == b"films", "each prefix leads to its own app: which one do you call?"


@mark.points(4, "robustness", statement="absent")
def test_absent_variables(submission: Submission, trace: Tracer) -> None:
    """without SCRIPT_NAME or PATH_INFO in environ all goes on as if they were empty"""
    default, films = inner.Plain(b"default"), inner.Plain(b"films")
    app = submission.Mount(default, {"/films": films})
    seen = trace(app, "GET", "/films/7", environ={"SCRIPT_NAME": None})
    assert seen.body == b"films", "each prefix leads to its own app: which one do you call?"
    assert films.told("SCRIPT_NAME") == "/films", "an absent SCRIPT_NAME counts as empty: only the prefix is in it now"
    seen = trace(app, environ={"SCRIPT_NAME": None, "PATH_INFO": None})
    assert seen.body == b"default", "an absent PATH_INFO is an empty path, and no prefix fits that"


@mark.points(6, "protocol", rule="PEP 3333 (must): Specification Details", statement="untouched")
def test_answer_is_the_apps(submission: Submission, trace: Tracer) -> None:
    """the app's status, headers and body come through as they are, and its iterable is closed"""
    for lazy in (False, True):
        films = inner.Plain(b"12 ", b"films", lazy=lazy, status="203 Copied")
        seen = trace(submission.Mount(inner.Plain(), {"/films": films}), "GET", "/films/7")
        seen.check(rules.ITERABLE, rules.BODY_BYTES, rules.START_FIRST)
        assert films.environs, "each prefix leads to its own app: which one do you call?"
        assert type(films.environs[0]) is dict, "environ has to be a real dict: no subclass, no other mapping"
        assert seen.body == b"12 films", "the body is what the app yields: what do you return?"
        assert seen.status == "203 Copied", "the app announces its status itself: is it given start_response?"
        assert seen.headers == inner.some_headers(), "headers come through in their order, also those that stand twice"
        inner.was_closed_once(films)


@mark.points(6, "correctness", statement="url")
def test_link_under_a_mount(submission: Submission) -> None:
    """url() makes a link that leads back to the app, quoted"""
    environ = make_environ("GET", "/7", environ={"SCRIPT_NAME": "/films"})
    assert submission.url(environ, "/8") == "/films/8", "a link begins with SCRIPT_NAME, and then comes the path"
    assert submission.url(environ) == "/films", "without a path the link leads to the app itself, and is SCRIPT_NAME"
    assert submission.url(environ, "/two words") == "/films/two%20words", "a blank in a URL is quoted as %20"


@mark.points(3, "correctness", rule="PEP 3333 (should): URL Reconstruction", statement="external")
def test_absolute_link(submission: Submission) -> None:
    """with external=True, url() makes an absolute link to the host that the client used"""
    environ = make_environ("GET", "/films/7", environ={"HTTP_HOST": "films.example:8080", "SCRIPT_NAME": "/site"})
    link = submission.url(environ, "/8", external=True)
    assert link == "http://films.example:8080/site/8", "wsgi.url_scheme, ://, HTTP_HOST as it is, and then the link"


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
    assert seen.body == b"films", "what is inside the innermost layer: is it the app?"
    assert order == ["first", "second"], "the first layer is the outermost: who is called first?"
