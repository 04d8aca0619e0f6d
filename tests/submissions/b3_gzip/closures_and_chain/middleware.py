import zlib
from functools import partial
from itertools import chain
from wsgiref.headers import Headers


class Kept:
    def __init__(self, items, close):
        self.items, self.close = items, close

    def __iter__(self):
        return iter(self.items)


def Gzip(app, level=6):
    return partial(squeezed, app, level)


def squeezed(app, level, environ, start_response):
    chosen = []

    def start(status, headers, exc_info=None):
        own = Headers([*headers])
        kind = (own["content-type"] or "").split(";")[0].strip().lower()
        fits = kind.startswith("text/") or kind == "application/json"
        if not fits or own["content-encoding"] is not None or environ["REQUEST_METHOD"] == "HEAD" or status[:3] in ("204", "304"):
            chosen[:] = []
            return start_response(status, headers, exc_info)
        own.add_header("Vary", "Accept-Encoding")
        compressor = None
        if allowed(environ.get("HTTP_ACCEPT_ENCODING", "")):
            del own["content-length"]
            own["Content-Encoding"] = "gzip"
            if own["etag"] and not own["etag"].startswith("W/"):
                own["etag"] = "W/" + own["etag"]
            compressor = zlib.compressobj(level, wbits=16 + zlib.MAX_WBITS)
        write = start_response(status, own.items(), exc_info)
        chosen[:] = [compressor] if compressor else []
        return lambda data: write(pack(data))

    def pack(data):
        for compressor in chosen:
            if data:
                return compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        return data

    def end():
        for compressor in chosen:
            yield compressor.flush()

    iterable = app(environ, start)
    close = iterable.close if hasattr(iterable, "close") else lambda: None
    return Kept(chain(map(pack, iterable), end()), close)


def allowed(accept):
    star = gzip = None
    for item in accept.lower().split(","):
        name, _, weight = (part.strip() for part in item.partition(";"))
        good = any(digit in "123456789" for digit in weight) or not weight
        if name == "gzip":
            gzip = good
        elif name == "*":
            star = good
    return gzip if gzip is not None else bool(star)
