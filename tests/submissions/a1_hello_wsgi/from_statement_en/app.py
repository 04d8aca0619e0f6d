"""A1: one greeting in four shapes of a WSGI application."""

from wsgiref.simple_server import make_server

TEXT = "影单 watch-list\n"


def greet(environ, start_response):
    """Announce the greeting, and return the chunks of its body: none for HEAD."""
    # 1. Read the request. Only the method matters.
    method = environ["REQUEST_METHOD"]

    # 2. Decide. The answer to HEAD has no body.
    without_body = method == "HEAD"

    # 3. Build the body.
    body = TEXT.encode("utf-8")

    # 4. Announce. The list is new for each request, because a server may change it.
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
    ]
    start_response("200 OK", headers)

    # 5. Deliver & release.
    return [] if without_body else [body]


def application(environ, start_response):
    """Shape 1, a function. The server calls it once for each request."""
    return greet(environ, start_response)


def app_generator(environ, start_response):
    """Shape 2, a generator function. Its code starts to run when the server asks for the first item."""
    yield from greet(environ, start_response)


class AppClass:
    """Shape 3, a class. The server calls the class; the new instance is the iterable that it goes through."""

    def __init__(self, environ, start_response):
        self.environ = environ
        self.start_response = start_response

    def __iter__(self):
        yield from greet(self.environ, self.start_response)


class Greeting:
    """Shape 4, a class with __call__. The server calls one instance of it, app_instance, for every request."""

    def __call__(self, environ, start_response):
        return greet(environ, start_response)


app_instance = Greeting()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
