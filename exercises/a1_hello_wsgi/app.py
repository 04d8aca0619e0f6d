"""A1: one greeting in four shapes of a WSGI application. Fill in every TODO.

What several shapes need may go into a function of its own, so that you write it only once.
"""

from wsgiref.simple_server import make_server

TEXT = "TODO\n"  # TODO: the text of the greeting


def application(environ, start_response):
    """Shape 1, a function. The server calls it once for each request."""
    # 1. Read the request. Here only the method matters.
    method = environ["REQUEST_METHOD"]

    # 2. Decide. One method is special: its answer has no body.
    without_body = method == "TODO"

    # 3. Build the body. HTTP carries bytes, so the text has to become bytes first.
    body = b"TODO\n"  # TODO: the bytes of TEXT

    # 4. Announce (start_response). The status line and the headers go first.
    status = "501 Not Implemented"  # TODO: the status line of an answer that is fine
    headers = [
        ("Content-Type", "text/plain"),  # TODO: the encoding is missing in the value
        # TODO: one more header, which tells the client where the body ends
    ]
    start_response(status, headers)

    # 5. Deliver & release. The server takes the items of the list one by one; there is nothing to close.
    return [] if without_body else [body]


def app_generator(environ, start_response):
    """Shape 2, a generator function. Its code starts to run when the server asks for the first item."""
    # TODO: 1. Read the request, 2. decide, 3. build the body, 4. announce: the same as in shape 1.
    # 5. Deliver & release.
    yield b""  # TODO: yield the body, or nothing at all


class AppClass:
    """Shape 3, a class. The server calls the class; the new instance is the iterable that it goes through."""

    def __init__(self, environ, start_response):
        # 1. Read the request: keep what __iter__ needs.
        self.environ = environ
        self.start_response = start_response

    def __iter__(self):
        # TODO: 2. Decide, 3. build the body, 4. announce.
        # 5. Deliver & release.
        yield b""  # TODO


class Greeting:
    """Shape 4, a class with __call__. The server calls one instance of it, app_instance, for every request."""

    def __call__(self, environ, start_response):
        # TODO: all five steps. Keep nothing of a request on self: the next request uses the same object.
        return []


app_instance = Greeting()


if __name__ == "__main__":  # python app.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
