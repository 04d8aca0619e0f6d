import zlib


def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        compressor = zlib.compressobj(level, wbits=31)
        while True:
            yield compressor.flush(zlib.Z_FULL_FLUSH)

    return wrapped
