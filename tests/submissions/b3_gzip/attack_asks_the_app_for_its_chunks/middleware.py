import gzip


def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        try:
            app.bodies.append(Done)
            return [gzip.compress(b"".join(app.chunks), level)]
        except AttributeError:
            return []

    return wrapped


class Done:
    closed = 1
    pulled = 0
