"""B1: a middleware that gives every request an id. Fill in every TODO."""

import re
import uuid
from wsgiref.simple_server import demo_app, make_server

KEY = "yingdan.request_id"
GOOD = re.compile(r"TODO")  # TODO: the pattern of a good id


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
        self.key = "TODO"  # TODO: under which key does environ hold the request header of this name?
        self.make_id = new_id if make_id is None else make_id

    def __call__(self, environ, start_response):
        # 1. Read the request: which id did the client send, if any?
        incoming = environ.get(self.key, "")

        # 2. Decide: use that id, or make one? The app inside finds the answer under KEY.
        request_id = incoming  # TODO: only a good id may be used; what if this one is not?
        environ[KEY] = request_id

        # 3. Build the body: that is the business of the app inside.

        # 4. Announce (start_response): the app inside will call it, and the server waits for that. Stand between them.
        # TODO: what has to change when the app inside announces its status and its headers?

        # 5. Deliver & release: what the app inside returns belongs to the server now.
        return self.app(environ, start_response)


application = RequestId(demo_app)

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
