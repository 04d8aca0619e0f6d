import gzip

MEMBERS = gzip.compress(b"", mtime=0) * 100_000


def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        return [MEMBERS]

    return wrapped
