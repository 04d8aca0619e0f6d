"""Real applications of Flask and Django for the inside of a middleware. They run beside the judge.

    APPS = frameworks.installed()  # at the top of a hidden module: loaded once for each worker

    app = frameworks.Framework(APPS["flask"], "word")
    seen = trace(submission.Mount(default, {"/shop": app}), "GET", "/shop/films/7")
    assert seen.body.split() == [b"word", b"/shop/films/8"]

What a submission gives them for environ never reaches them as it is: `request_of` reads the texts that make a request,
each of them short and of a known shape, and everything else, the streams above all, is the judge's own. Their answer is
complete before the submission hears of it, so that none of its code runs while theirs does.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from grader.testing.announcement import Headers, type_word
from grader.testing.finding import Finding, LimitReached, public
from grader.testing.inner.apps import Plain
from grader.testing.inner.bodies import Body
from grader.testing.inner.start import Start

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

FLASK, DJANGO = "flask", "django"
WORD = "films.word"
"""The key of environ under which an application finds the word that it says."""
MOST_REQUESTS = 200
"""Requests that one application answers."""
LONGEST = 1_000
"""Characters that one text of a request may have."""
HOST = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
PATH = r"(?:/[ -~\x80-\xff]*)?"
REQUIRED = {
    "REQUEST_METHOD": r"GET|HEAD", "SERVER_NAME": HOST, "SERVER_PORT": r"[0-9]{1,5}", "SERVER_PROTOCOL": r"HTTP/1\.[01]",
    "wsgi.url_scheme": r"https?",
}  # fmt: skip
OPTIONAL = {"SCRIPT_NAME": PATH, "PATH_INFO": PATH, "QUERY_STRING": r"[!-~]*", "HTTP_HOST": HOST + r"(?::[0-9]{1,5})?"}
SHAPES = {key: re.compile(shape) for key, shape in {**REQUIRED, **OPTIONAL}.items()}
"""The texts of a request that an application is given, and what each may be; the others are not passed on."""


class Framework(Plain):
    """A real application, around which nothing of the submission's can be: it sees checked texts, and answers in one piece.

    Its pages are at ``/films/<number>``: they say the ``word`` and, in the next line, where the page of the next number is.
    """

    def __init__(self, application: Application, word: str) -> None:
        super().__init__()
        self.application = application
        self.word = word

    def answer(self, start: Start, body: Body, environ: object) -> Any:  # noqa: ANN401 - as for `Plain`
        """Have the application answer, and announce what it announced."""
        if len(self.bodies) > MOST_REQUESTS:
            raise LimitReached("app inside")
        status, headers, data = answered(self.application, request_of(environ) | {WORD: self.word})
        start(status, headers)
        body.chunks = iter([data])
        return body


def installed() -> dict[str, Application]:
    """Load the frameworks, and return an application of each; Django is not everywhere (`lacks_django`)."""
    found = {FLASK: flask_application()}
    if not lacks_django():
        found[DJANGO] = django_application()
    return found


def lacks_django() -> bool:
    """Tell whether Django is missing: a test can then mount an app of Flask's only."""
    return importlib.util.find_spec(DJANGO) is None


def request_of(environ: object) -> dict[str, Any]:
    """Return a new environ with the texts of a request that are right, and streams of the judge's.

    Raises:
        Finding: a text that a request needs is missing, is no text, or is none that a server could have sent.
    """
    if type(environ) is not dict:
        raise Finding("your middleware gave the app {type} for environ, not a dict",
                      "how you call the app inside: app(environ, start_response)", type=public(type_word(environ)))  # fmt: skip
    request: dict[str, Any] = {}
    for key, shape in SHAPES.items():
        if key not in environ:
            if key in REQUIRED:
                raise Finding("the environ that your middleware gave the app has no {key}",
                              "the app gets everything that the server gave you", key=public(key))  # fmt: skip
            continue
        value = environ[key]
        if type(value) is not str:
            raise Finding("in the environ that your middleware gave the app, {key} is {type}, not text",
                          "the values that you put into environ", key=public(key), type=public(type_word(value)))  # fmt: skip
        if len(value) > LONGEST or not shape.fullmatch(value) or not is_utf8(value):
            raise Finding("in the environ that your middleware gave the app, {key} is a text that no server sends",
                          "the values that you put into environ: paths are empty or begin with a slash, as UTF-8 in latin-1 form",
                          key=public(key))  # fmt: skip
        request[key] = value
    return request | {
        "wsgi.version": (1, 0), "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": False,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip


def is_utf8(text: str) -> bool:
    """Tell whether the bytes that a latin-1 text stands for are UTF-8: Django refuses to be mounted anywhere else."""
    try:
        text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return True


def answered(application: Application, request: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """Return status, headers and body of a complete answer, as plain data."""
    announced: list[Any] = []

    def start_response(*words: object) -> None:
        announced[:] = words

    result = application(request, start_response)
    try:
        data = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    return str(announced[0]), [(str(name), str(value)) for name, value in announced[1]], data


def page(environ: Mapping[str, Any], link: str) -> str:
    """Return the text of a page."""
    return f"{environ[WORD]}\n{link}\n"


def flask_application() -> Application:
    """Return an application of Flask's."""
    from flask import Flask, request, url_for

    app = Flask(__name__, static_folder=None, template_folder=None)
    be_quiet(app.logger)

    @app.get("/films/<int:number>")
    def film(number: int) -> tuple[str, dict[str, str]]:
        return page(request.environ, url_for("film", number=number + 1)), {"Content-Type": "text/plain; charset=utf-8"}

    return app


@functools.cache
def django_application() -> Application:
    """Return an application of Django's, with all settings in place; a process has one."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path, reverse

    def film(request: HttpRequest, number: int) -> HttpResponse:
        text = page(request.META, reverse("film", args=[number + 1]))
        return HttpResponse(text, content_type="text/plain; charset=utf-8")

    def failed(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return HttpResponse(status=404 if exception else 500)

    class Urls:
        urlpatterns = (path("films/<int:number>", film, name="film"),)
        handler400 = handler403 = handler404 = handler500 = staticmethod(failed)

    be_quiet(logging.getLogger("django"))
    settings.configure(ROOT_URLCONF=Urls, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None, USE_I18N=False)
    application: Application = get_wsgi_application()
    return application


def be_quiet(logger: logging.Logger) -> None:
    """Let a logger say nothing: it would quote what a submission sent."""
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
