"""B1: a middleware that gives every request an id."""

import re
import uuid
from wsgiref.simple_server import demo_app, make_server

KEY = "yingdan.request_id"
GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


def new_id():
    """Return an id that no other request has."""
    return uuid.uuid4().hex


class RequestId:
    """Wraps a WSGI application; the instance is a WSGI application itself.

    One instance serves all requests, several of them at the same time: keep nothing of a request on self.
    """

    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app
        self.header = header
        self.key = "HTTP_" + header.upper().replace("-", "_")
        self.make_id = new_id if make_id is None else make_id

    def __call__(self, environ, start_response):
        # 1. Read the request: which id did the client send, if any?
        incoming = environ.get(self.key, "")

        # 2. Decide: use that id, or make one? The app inside finds the answer under KEY.
        request_id = incoming if GOOD.fullmatch(incoming) else self.make_id()
        environ[KEY] = request_id

        # 3. Build the body: that is the business of the app inside.

        # 4. Announce (start_response): the app inside will call it, and the server waits for that. Stand between them.
        own_name = self.header.lower()

        def announce(status, headers, exc_info=None):
            try:
                others = [pair for pair in headers if pair[0].lower() != own_name]
                return start_response(status, [*others, (self.header, request_id)], exc_info)
            finally:
                exc_info = None  # no circular reference through the traceback

        # 5. Deliver & release: what the app inside returns belongs to the server now.
        return self.app(environ, announce)


application = RequestId(demo_app)

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
