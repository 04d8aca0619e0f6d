"""A1: one greeting in four shapes of a WSGI application."""

from wsgiref.simple_server import make_server

TEXT = "影单 watch-list\n"


def prepare(environ):
    """Steps 1 to 3: the status line, a new list of headers and the chunks of the body (none for HEAD)."""
    without_body = environ["REQUEST_METHOD"] == "HEAD"
    body = TEXT.encode("utf-8")
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
    ]
    return "200 OK", headers, [] if without_body else [body]


def application(environ, start_response):
    """Shape 1, a function. The server calls it once for each request."""
    status, headers, chunks = prepare(environ)
    start_response(status, headers)
    return chunks


def app_generator(environ, start_response):
    """Shape 2, a generator function. Its code starts to run when the server asks for the first item."""
    status, headers, chunks = prepare(environ)
    start_response(status, headers)
    yield from chunks


class AppClass:
    """Shape 3, a class. The server calls the class; the new instance is the iterable that it goes through."""

    def __init__(self, environ, start_response):
        self.environ = environ
        self.start_response = start_response

    def __iter__(self):
        status, headers, chunks = prepare(self.environ)
        self.start_response(status, headers)
        yield from chunks


class Greeting:
    """Shape 4, a class with __call__. The server calls one instance of it, app_instance, for every request."""

    def __call__(self, environ, start_response):
        status, headers, chunks = prepare(environ)
        start_response(status, headers)
        return chunks


app_instance = Greeting()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
