"""B3: a middleware that compresses answers. Fill in every TODO."""

import zlib
from wsgiref.simple_server import demo_app, make_server

FORMAT = 16 + zlib.MAX_WBITS  # what zlib calls a gzip stream


def accepts_gzip(accepted):
    """Return whether this value of Accept-Encoding allows gzip."""
    return False  # TODO: which items does the value have, and what weight has the one that is about gzip?


def may_be_compressed(status, headers):
    """Return whether an answer with this status and these headers is one to compress, if the client accepts it."""
    return False  # TODO


class Gzip:
    """Wraps a WSGI application; the instance is a WSGI application itself.

    One instance serves all requests, several of them at the same time: keep nothing of a request on self.
    """

    def __init__(self, app, level=6):
        self.app = app
        self.level = level

    def __call__(self, environ, start_response):
        # 1. Read the request: what does the client accept?
        accepted = accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        answer = Answer()

        def start(status, headers, exc_info=None):
            # 2. Decide: now status and headers are known, and not before.
            if accepted and may_be_compressed(status, headers):
                answer.compressor = zlib.compressobj(self.level, wbits=FORMAT)

            # 4. Announce (start_response): the app does, through you.
            # TODO: which headers speak of the body, and are no longer true? And what does a cache have to know?
            return start_response(status, headers, exc_info)  # TODO: what may the app do with what this returns?

        # 3. Build the body: the app does.
        answer.iterable = self.app(environ, start)

        # 5. Deliver & release: the server iterates over the answer, and closes it.
        return answer


class Answer:
    """What the server gets for one request: the chunks of the app, compressed if there is a compressor."""

    compressor = None
    iterable = ()

    def __iter__(self):
        for chunk in self.iterable:
            squeezed = chunk  # TODO: through the compressor, and so that the client can decode it at once
            yield squeezed
        # TODO: what is missing after the last chunk?

    # TODO: the server closes this object. Who closes the iterable of the app?


application = Gzip(demo_app)

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
