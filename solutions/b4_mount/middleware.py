"""B4: several applications under one address, links that know where they are, and layers put in order."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DEFAULT_PORTS = {"http": "80", "https": "443"}


class Mount:
    """Hands each request to the application whose prefix its path begins with; the longest prefix wins.

    Args:
        default: the application for all other paths.
        mounts: applications by prefix, such as ``/blog`` or ``/blog/``; a prefix is text as people read it.
    """

    def __init__(self, default: WSGIApplication, mounts: Mapping[str, WSGIApplication]) -> None:
        self.default = default
        self.mounts = {as_in_environ(prefix.rstrip("/")): app for prefix, app in mounts.items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call one application with an environ of its own, in which the prefix has moved to SCRIPT_NAME."""
        path = environ.get("PATH_INFO", "")
        prefix = self.prefix_of(path)
        environ = {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + prefix, "PATH_INFO": path[len(prefix) :]}
        return self.mounts.get(prefix, self.default)(environ, start_response)

    def prefix_of(self, path: str) -> str:
        """Return the longest prefix that a path begins with, cut at a slash; an empty text if there is none."""
        while path and path not in self.mounts:
            path = path.rpartition("/")[0]
        return path


def as_in_environ(text: str) -> str:
    """Return a text as environ holds it: each character stands for one byte of the text's UTF-8."""
    return text.encode().decode("latin-1")


def url(environ: WSGIEnvironment, path: str = "", external: bool = False) -> str:
    """Return a quoted link to a path within the application that got this environ; with ``external`` a whole URL."""
    link = quote(environ.get("SCRIPT_NAME", "").encode("latin-1")) + quote(path)
    return origin(environ) + link if external else link


def origin(environ: WSGIEnvironment) -> str:
    """Return scheme and host as the client used them, such as ``https://films.example`` (PEP 3333, URL Reconstruction)."""
    scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST")
    if not host:
        host, port = environ["SERVER_NAME"], environ["SERVER_PORT"]
        if port != DEFAULT_PORTS.get(scheme):
            host = f"{host}:{port}"
    return f"{scheme}://{host}"


def compose(app: WSGIApplication, *layers: Callable[[WSGIApplication], WSGIApplication]) -> WSGIApplication:
    """Return the application within its layers; the first one is the outermost."""
    for layer in reversed(layers):
        app = layer(app)
    return app
