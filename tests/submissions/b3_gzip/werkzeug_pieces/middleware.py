import zlib

from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header, parse_options_header, parse_set_header, quote_etag, unquote_etag
from werkzeug.wsgi import ClosingIterator


class Gzip:
    """With Werkzeug's readers of headers."""

    def __init__(self, app, level=6):
        self.app = app
        self.level = level

    def __call__(self, environ, start_response):
        answer = Squeezer()

        def start(status, headers, exc_info=None):
            answer.compressor = None
            new = Headers(headers)
            kind = parse_options_header(new.get("Content-Type", ""))[0].lower()
            suitable = (
                environ["REQUEST_METHOD"] != "HEAD"
                and int(status.split()[0]) not in (204, 304)
                and (kind.startswith("text/") or kind == "application/json")
                and "Content-Encoding" not in new
            )
            if suitable:
                vary = parse_set_header(", ".join(new.getlist("Vary")))
                vary.add("Accept-Encoding")
                new.set("Vary", vary.to_header())
                weights = dict(parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING", "").lower(), Accept))
                if weights.get("gzip", weights.get("*", 0)):
                    answer.compressor = zlib.compressobj(self.level, wbits=31)
                    new.remove("Content-Length")
                    new.set("Content-Encoding", "gzip")
                    if "ETag" in new:
                        new.set("ETag", quote_etag(unquote_etag(new["ETag"])[0], weak=True))
            write = start_response(status, new.to_wsgi_list(), exc_info)
            return lambda data: write(answer.squeeze(data))

        iterable = self.app(environ, start)
        return ClosingIterator(answer.over(iterable), getattr(iterable, "close", None))


class Squeezer:
    compressor = None

    def squeeze(self, data):
        if not self.compressor or not data:
            return data
        return self.compressor.compress(data) + self.compressor.flush(zlib.Z_PARTIAL_FLUSH)

    def over(self, iterable):
        for data in iterable:
            yield self.squeeze(data)
        if self.compressor:
            yield self.compressor.flush()
