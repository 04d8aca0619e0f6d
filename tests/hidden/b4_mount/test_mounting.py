"""B4, hidden: which application answers, and what it is told about where it stands.

The applications inside are ours (`inner`), and each has an answer that nobody knew before: so it shows who was called, and
what with.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from pytest import fixture, mark

from grader.testing import Finding, Submission, Trace, Tracer, inner, public, rules
from grader.testing.announcement import type_word
from grader.testing.inner import frameworks
from grader.testing.wsgi import make_environ

LEAK_MARKER = "leak-marker-7e2f09d4-b4"
REAL = frameworks.installed()
PLAIN = (str, int, bool, tuple)
Environ = dict[str, Any]

WORDS = ("film", "shop", "mail", "team")
"""Prefixes; none of them is the beginning of another one."""


# -- driving


@fixture
def inside(rng: random.Random) -> Callable[..., Any]:
    """Make applications of a class of `inner`, each with an answer of its own."""
    return lambda kind=inner.Plain, **options: kind(*inner.unforeseen(rng), **options)


def mounted(submission: Submission, default: Any, mounts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a callable of the submission's
    """Mount applications."""
    return inner.callable_of(submission.Mount(default, dict(mounts)), "Mount(default, mounts)")


def answered_by(seen: Trace, apps: Sequence[inner.Plain]) -> inner.Plain | None:
    """Return the application whose answer came, if it is one of these."""
    seen.check(rules.ITERABLE, rules.BODY_BYTES, rules.START_FIRST)
    return next((app for app in apps if seen.body == b"".join(app.chunks)), None)


def place(app: inner.Plain) -> tuple[str, str]:
    """Return where an application was told that it stands, and what is wanted from it; a missing text is an empty one."""
    script, path = app.told("SCRIPT_NAME"), app.told("PATH_INFO")
    for key, value in (("SCRIPT_NAME", script), ("PATH_INFO", path)):
        if type(value) is not str:
            raise Finding("in the environ that the app got, {key} is {type}, not text", "what you put into environ",
                          key=public(key), type=public(type_word(value)))  # fmt: skip
    return script, path


def native(text: str) -> str:
    """Return a text as it stands in environ."""
    return text.encode().decode("latin-1")


# -- which application


@mark.points(10, "correctness", statement="boundary")
def test_segment_boundary(
    submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]
) -> None:
    """a prefix takes whole segments: not a path that only begins with its letters, contains it, or resembles it"""
    word = rng.choice(WORDS)
    default, app, dots, pluses = (inside() for _ in range(4))
    target = mounted(submission, default, {f"/{word}": app, "/v1.0": dots, "/c++": pluses})
    for path in (f"/{word}", f"/{word}/", f"/{word}/7"):
        if answered_by(trace(target, path=path), (app,)) is None:
            raise Finding("a path that is the prefix, or goes on with a slash after it, did not reach the mounted app",
                          "how you compare the path with a prefix: /films is in, and so is /films/7")  # fmt: skip
    for path in (f"/{word}s", f"/{word}s/7", f"/{word}.html", f"/{word}-7"):
        if answered_by(trace(target, path=path), (default,)) is None:
            raise Finding("a path that begins with the letters of a prefix, and not with its segments, did not reach default",
                          "where a prefix has to end: a name is never cut in two")  # fmt: skip
    for path in (f"/new/{word}", f"/new/{word}/7", "/", f"/{word[:-1]}", f"/{word.capitalize()}/7"):
        if answered_by(trace(target, path=path), (default,)) is None:
            raise Finding("a path that only contains a prefix, or resembles it, did not reach default",
                          "a prefix stands at the beginning of the path, letter by letter")  # fmt: skip
    for path, right in (("/v1.0/7", dots), ("/c++/7", pluses), ("/v1x0/7", default), ("/cc/7", default)):
        if answered_by(trace(target, path=path), (right,)) is None:
            raise Finding("a prefix with a dot or a plus in it was not taken literally",
                          "a prefix is text and no pattern: how do you compare it?")  # fmt: skip


@mark.points(6, "correctness", statement="longest")
def test_longest_wins(submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]) -> None:
    """if several prefixes fit, the longest wins, in whatever order they are given"""
    word = rng.choice(WORDS)
    prefixes = [f"/{word}", f"/{word}/new", f"/{word}/new/best", f"/{word}/n", "/zz"]
    for order in (prefixes, prefixes[::-1], rng.sample(prefixes, len(prefixes))):
        default = inside()
        apps = {prefix: inside() for prefix in order}
        target = mounted(submission, default, apps)
        for path, prefix in (
            (f"/{word}/7", prefixes[0]), (f"/{word}/new/7", prefixes[1]), (f"/{word}/new", prefixes[1]),
            (f"/{word}/new/best/7", prefixes[2]), (f"/{word}/n/new/best", prefixes[3]),
            (f"/{word}/best/new", prefixes[0]), ("/zz/new", "/zz"),
        ):  # fmt: skip
            if answered_by(trace(target, path=path), (apps[prefix],)) is None:
                raise Finding("two prefixes fit a path, and not the app of the longer one answered",
                              "in which order do you try the prefixes? Not as they were given")  # fmt: skip


# -- what it is told


@mark.points(10, "protocol", rule="PEP 3333 (must): environ Variables", statement="moves")
def test_invariant_sum(submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]) -> None:
    """SCRIPT_NAME and PATH_INFO are together what they were: the prefix moves from one to the other"""
    word = rng.choice(WORDS)
    letters = "".join(rng.sample(word, len(word)))
    default, short, long = inside(), inside(), inside()
    target = mounted(submission, default, {f"/{word}/new": long, f"/{word}": short})
    rests = ("/", "/7", "//7", f"/{word}/7", f"/{letters}/{word}s", "/7//", "/./../x", "/a b?c%2F#d", "/\x80\xff")
    for start in ("", "/site", "/site/west", None):
        for rest in rests:
            for app, prefix in ((short, f"/{word}"), (long, f"/{word}/new")):
                trace(target, environ={"SCRIPT_NAME": start, "PATH_INFO": prefix + rest})
                moved(place(app), start or "", prefix, rest)
            trace(target, environ={"SCRIPT_NAME": start, "PATH_INFO": f"/none{rest}"})
            moved(place(default), start or "", "", f"/none{rest}")
    trace(target, environ={"SCRIPT_NAME": None, "PATH_INFO": None})
    moved(place(default), "", "", "")


def moved(told: tuple[str, str], start: str, prefix: str, rest: str) -> None:
    """Ask whether the prefix moved, and nothing else."""
    script, path = told
    if script + path != start + prefix + rest:
        raise Finding("in the environ that the app got, SCRIPT_NAME and PATH_INFO together were not the path of the request",
                      "what is taken from PATH_INFO is added to SCRIPT_NAME, and nothing else happens to them")  # fmt: skip
    if (script, path) != (start + prefix, rest):
        raise Finding("in the environ that the app got, SCRIPT_NAME and PATH_INFO were cut at another place",
                      "SCRIPT_NAME is what it was, and the prefix; for the default app it is what it was")  # fmt: skip


@mark.points(6, "protocol", rule="PEP 3333 (must): environ Variables", statement="slashes")
def test_exact_prefix_empty_pathinfo(
    submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]
) -> None:
    """for a path that is the prefix PATH_INFO is empty, and SCRIPT_NAME never ends in a slash"""
    word = rng.choice(WORDS)
    for prefix in (f"/{word}", f"/{word}/", f"/{word}/new/", f"/{word}/X"):
        default, app = inside(), inside()
        target = mounted(submission, default, {prefix: app})
        bare = prefix.rstrip("/")
        for rest in ("", "/", "/7"):
            seen = trace(target, path=bare + rest)
            if answered_by(seen, (app,)) is None:
                raise Finding("a path of a prefix that was given with a slash, or without one, did not reach the mounted app",
                              "a slash at the end of a prefix means nothing: /films/ and /films are the same")  # fmt: skip
            script, path = place(app)
            if script.endswith("/"):
                raise Finding("in the environ that the app got, SCRIPT_NAME ended in a slash",
                              "where the slash belongs that follows a prefix, and what becomes of /films/")  # fmt: skip
            if path != rest:
                raise Finding("in the environ that the app got, PATH_INFO was not what follows the prefix",
                              "PATH_INFO is empty if nothing follows: no slash is made up, and none is lost")  # fmt: skip


@mark.points(6, "design", statement="nesting")
def test_nested(submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]) -> None:
    """Mounts stand within Mounts and layers, and one app under several prefixes"""
    one, two = rng.sample(WORDS, 2)
    default, missing, app = inside(), inside(), inside()
    small = mounted(submission, missing, {f"/{two}": app})
    target = mounted(submission, default, {f"/{one}": small, f"/{two}/{one}": small, f"/{two}": app})
    for prefix, right in ((f"/{one}/{two}", app), (f"/{two}/{one}/{two}", app), (f"/{two}", app), (f"/{one}", missing)):
        seen = trace(target, path=f"{prefix}/7", environ={"SCRIPT_NAME": "/site", "PATH_INFO": f"{prefix}/7"})
        if answered_by(seen, (right,)) is None:
            raise Finding("a Mount within a Mount, or an app under two prefixes, was not found",
                          "the inner Mount sees only what is left: which keys does it look at?")  # fmt: skip
        if place(right) != (f"/site{prefix}", "/7"):
            raise Finding("an app within two Mounts was not told the whole way to it",
                          "SCRIPT_NAME grows with each Mount: what was in it before?")  # fmt: skip

    order: list[str] = []
    layers = [lambda app, name=name: Layer(app, name, order) for name in ("1", "2", "3")]
    target = inner.callable_of(submission.compose(small, *layers), "compose(app, *layers)")
    if order != ["3", "2", "1"]:
        raise Finding("compose did not put each layer around the app once, beginning with the innermost",
                      "compose(app, first, second) is first(second(app))")  # fmt: skip
    order.clear()
    seen = trace(target, path=f"/{two}/7")
    assert answered_by(seen, (app,)) is not None, "what is inside the innermost layer: is it the app?"
    assert order == ["1", "2", "3"], "the first layer is the outermost: who is called first?"


class Layer(inner.Through):
    """A layer that notes when it is put around something, and when it is called."""

    def __init__(self, app: Any, name: str, order: list[str]) -> None:  # noqa: ANN401 - an application
        super().__init__(inner.callable_of(app, "compose(app, *layers)"))
        self.name = name
        self.order = order
        order.append(name)

    def answer(self, start: inner.Start, body: inner.Body, environ: Environ) -> Any:  # noqa: ANN401
        """Note, and call the other application."""
        self.order.append(self.name)
        return super().answer(start, body, environ)


class Writing(inner.Plain):
    """Writes into the environ that it was given, as frameworks do, and takes out what it has read."""

    def answer(self, start: inner.Start, body: inner.Body, environ: Environ) -> Any:  # noqa: ANN401
        """Write, and answer; what is no dict is left alone, so that the test says what it is."""
        if type(environ) is dict:
            environ["films.note"] = "of the app"
            environ["QUERY_STRING"] = "changed=1"
            environ.pop("REMOTE_ADDR", None)
        return super().answer(start, body, environ)


@mark.points(4, "robustness", statement="copy")
def test_environ_not_mutated(
    submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]
) -> None:
    """the server's environ stays as it is, whoever answers and whatever the app writes into its own"""
    word = rng.choice(WORDS)
    default, app = inside(Writing), inside(Writing)
    target = mounted(submission, default, {f"/{word}": app})
    for right, path in ((app, f"/{word}/7"), (default, "/7")):
        seen = Trace(trace.recorder, make_environ("GET", path, query="page=2", headers={"X-Films": "12"}))
        before = dict(seen.environ)
        seen.call(target).finish().close()
        assert answered_by(seen, (right,)) is not None, "which app do you call?"
        same_places = [key for key in ("SCRIPT_NAME", "PATH_INFO") if not same(seen.environ.get(key), before[key])]
        if same_places:
            raise Finding("after the answer {key} in the server's environ was another one",
                          "the environ that you were given belongs to the server: who else reads it after you?",
                          key=public(same_places[0]))  # fmt: skip
        if not same_items(seen.environ, before):
            raise Finding("what the app wrote into its environ was in the server's environ, too",
                          "is the environ that the app gets, the default app as well, a dict of its own?")  # fmt: skip
        environ = right.environs[-1]
        if type(environ) is not dict:
            raise Finding("your middleware gave the app {type} for environ, not a dict",
                          "environ has to be a real dict: no subclass, no other mapping",
                          type=public(type_word(environ)))  # fmt: skip
        others = {key: value for key, value in environ.items() if key not in ("SCRIPT_NAME", "PATH_INFO")}
        if not same_items(others, {key: before[key] for key in before if key not in ("SCRIPT_NAME", "PATH_INFO")}):
            raise Finding("the app did not get all other keys of environ with the very same values",
                          "a copy of environ has every key; the values, streams for example, are not copied")  # fmt: skip


def same(one: object, other: object) -> bool:
    """Tell whether two values are one object or equal plain data."""
    return one is other or (type(one) is type(other) and type(one) in PLAIN and one == other)


def same_items(one: Environ, other: Environ) -> bool:
    """Tell whether two dicts have the same keys with the same values."""
    return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())


# -- links


SAFE = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
"""What the path of a URL may be written with (RFC 3986, section 3.3)."""


def leads_to(link: object, way: str) -> None:
    """Ask whether a link is well written, and leads to a path that is text as people read it."""
    if type(link) is not str:
        raise Finding("url() gave a value of type {type}, not text", "what url() returns", type=public(type_word(link)))
    if not SAFE.fullmatch(link):
        raise Finding("a link had characters in it that must be quoted in a URL",
                      "urllib.parse.quote: what it is applied to; the question mark counts, too, in a name")  # fmt: skip
    if [unquote_to_bytes(part) for part in link.split("/")] != [part.encode() for part in way.split("/")]:
        raise Finding("a link did not lead to SCRIPT_NAME and the path: unquoted, it is something else",
                      "environ has bytes in latin-1 form, path is text: what is quoted how, and how often?")  # fmt: skip


@mark.points(8, "robustness", rule="PEP 3333 (must): Unicode Issues", statement="utf8")
def test_utf8_prefix_and_url(
    submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]
) -> None:
    """prefixes and links may have any letters: the app is found, told its place in latin-1 form, and links lead back"""
    names = rng.sample(("电影", "caf\xe9", "фильмы", "a b", "50% off", "q?&#"), 6)
    for name in names:
        default, app = inside(), inside()
        target = mounted(submission, default, {f"/{name}": app})
        if answered_by(trace(target, path=f"/{name}/霸王别姬"), (app,)) is None:
            raise Finding("a prefix with letters outside ASCII, or with a blank or a sign in it, was not found",
                          "in environ each character stands for a byte of UTF-8; a prefix is text")  # fmt: skip
        if place(app) != (native(f"/{name}"), native("/霸王别姬")):
            raise Finding("a prefix with letters outside ASCII did not move as it stood in environ",
                          "SCRIPT_NAME and PATH_INFO have the form that environ has: no character above U+00FF")  # fmt: skip
        environ = make_environ("GET", "/", environ={"SCRIPT_NAME": native(f"/{name}")})
        for path in ("", "/", "/7", "/千与千寻", "/caf\xe9/a b+c", "/100%/%20", "/what?/#1", "/a;b=1,2:3@4"):
            leads_to(submission.url(dict(environ), path), f"/{name}{path}")
        leads_to(submission.url(dict(environ)), f"/{name}")
    for path in ("/7", "/电影"):
        leads_to(submission.url(make_environ("GET", "/", environ={"SCRIPT_NAME": None}), path), path)
        leads_to(submission.url(make_environ("GET", "/elsewhere"), path), path)


@mark.points(4, "correctness", rule="PEP 3333 (should): URL Reconstruction", statement="external")
def test_default_ports_host_header(submission: Submission) -> None:
    """an absolute link names the host as the client did, or else the server, with its port unless that is the usual one"""
    for scheme, host, port, origin in (
        ("http", "films.example", "8080", "http://films.example"),
        ("http", "films.example:8080", "80", "http://films.example:8080"),
        ("https", "films.example:443", "8443", "https://films.example:443"),
        ("https", "FILMS.example", "80", "https://FILMS.example"),
        ("http", "[::1]:8000", "8000", "http://[::1]:8000"),
        ("http", None, "80", "http://inside.example"),
        ("https", None, "443", "https://inside.example"),
        ("http", None, "443", "http://inside.example:443"),
        ("https", None, "80", "https://inside.example:80"),
        ("http", None, "8000", "http://inside.example:8000"),
    ):
        environ = make_environ("GET", "/7", environ={
            "wsgi.url_scheme": scheme, "HTTP_HOST": host, "SERVER_NAME": "inside.example", "SERVER_PORT": port,
            "SCRIPT_NAME": "/site"})  # fmt: skip
        link = submission.url(environ, "/films/7", external=True)
        if type(link) is not str:
            raise Finding(
                "url() gave a value of type {type}, not text", "what url() returns", type=public(type_word(link))
            )
        if link != f"{origin}/site/films/7":
            if not link.startswith(f"{scheme}://"):
                raise Finding("an absolute link did not begin with the scheme of the request",
                              "which key of environ says whether the client used http or https?")  # fmt: skip
            if host:
                raise Finding("an absolute link did not name the host as the client did",
                              "HTTP_HOST is used as it is: its port is in it, or is the usual one")  # fmt: skip
            raise Finding("for a request without HTTP_HOST an absolute link named another server or port",
                          "SERVER_NAME and SERVER_PORT; which port is the usual one depends on the scheme")  # fmt: skip


# -- real applications


@mark.points(6, "design", statement="real-apps")
def test_mounts_flask_and_django_demo(
    submission: Submission, trace: Tracer, rng: random.Random, inside: Callable[..., Any]
) -> None:
    """apps of Flask and of Django stand side by side, and the links on their pages lead back to them"""
    secret = inner.unforeseen(rng)[0].decode().strip()
    apps = {name: frameworks.Framework(application, f"{name}-{secret}") for name, application in REAL.items()}
    default = inside()
    target = mounted(submission, default, {f"/{name}": app for name, app in apps.items()} | {"/films": inside()})
    for start in ("", "/site"):
        for name, app in apps.items():
            number = rng.randrange(10, 1000)
            for _ in range(2):  # the link on the page is the second request
                seen = trace(target, environ={"SCRIPT_NAME": start, "PATH_INFO": f"/{name}/films/{number}"})
                app.told("PATH_INFO")
                if seen.code != 200:
                    raise Finding("a page of {name}'s was not found",
                                  "PATH_INFO of a mounted app is what follows the prefix: it looks for nothing else",
                                  name=public(name.capitalize()))  # fmt: skip
                number += 1
                if seen.body.decode().split() != [app.word, f"{start}/{name}/films/{number}"]:
                    raise Finding("the link on a page of {name}'s does not lead back to it",
                                  "frameworks build their links from SCRIPT_NAME: what is in it?",
                                  name=public(name.capitalize()))  # fmt: skip
