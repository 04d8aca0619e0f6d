"""B1: a middleware that gives every request an id."""

import re
import uuid
from wsgiref.simple_server import demo_app, make_server

KEY = "yingdan.request_id"
GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


def new_id():
    """Return an id that no other request has."""
    return uuid.uuid4().hex


class HeaderName:
    """The name of one header, and where it is found on both sides."""

    def __init__(self, name):
        self.name = name
        self._lower = name.lower()
        key = name.upper().replace("-", "_")
        # CGI: these two are the only request headers that have no HTTP_ in front.
        self._key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key

    def read_from(self, environ):
        return environ.get(self._key, "")

    def replace_in(self, headers, value):
        """Return a new list: the headers of other names as they are, and this one once."""
        others = [pair for pair in headers if pair[0].lower() != self._lower]
        others.append((self.name, value))
        return others


class Announcer:
    """The start_response of one request, as the app inside sees it."""

    def __init__(self, start_response, header, request_id):
        self._start_response = start_response
        self._header = header
        self._request_id = request_id

    def __call__(self, status, response_headers, exc_info=None):
        headers = self._header.replace_in(response_headers, self._request_id)
        try:
            if exc_info is None:
                return self._start_response(status, headers)
            return self._start_response(status, headers, exc_info)
        finally:
            exc_info = None  # no circle of traceback and frame


class Body:
    """The body of one response: item by item what the app inside gives, and closed once."""

    def __init__(self, iterable):
        self._iterable = iterable
        self._iterator = None
        self._closed = False

    def __iter__(self):
        return self

    def __next__(self):
        if self._iterator is None:
            self._iterator = iter(self._iterable)
        return next(self._iterator)

    def close(self):
        if self._closed:
            return
        self._closed = True
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()


class RequestId:
    """Wraps a WSGI application; the instance is a WSGI application itself.

    One instance serves all requests, several of them at the same time: what belongs to one request lives in
    objects of that request (Announcer, Body), never on self.
    """

    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app
        self.header = HeaderName(header)
        self.make_id = new_id if make_id is None else make_id

    def choose_id(self, environ):
        incoming = self.header.read_from(environ)
        return incoming if GOOD.fullmatch(incoming) else self.make_id()

    def __call__(self, environ, start_response):
        request_id = self.choose_id(environ)
        inner_environ = dict(environ)
        inner_environ[KEY] = request_id
        return Body(self.app(inner_environ, Announcer(start_response, self.header, request_id)))


application = RequestId(demo_app)

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
