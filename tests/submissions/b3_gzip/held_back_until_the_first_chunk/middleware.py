import gzip
import zlib


class Gzip:
    """The announcement is held back until the first chunk: a list of one item then gets an exact Content-Length."""

    def __init__(self, app, level=6):
        self.app = app
        self.level = level

    def __call__(self, environ, start_response):
        answer = Held(environ, start_response, self.level)
        answer.iterable = self.app(environ, answer.start)
        return answer


class Held:
    def __init__(self, environ, start_response, level):
        self.environ, self.server, self.level = environ, start_response, level
        self.said = None
        self.sent = False
        self.compressor = None
        self.written = []

    def start(self, status, headers, exc_info=None):
        if self.sent:
            return self.server(status, headers, exc_info)
        if self.said and not exc_info:
            raise AssertionError("start_response was called before")
        self.said = (status, [*headers])
        return self.written.append

    def announce(self, only=None):
        """Tell the server; ``only`` is the whole body if that is known. Return the first bytes."""
        self.sent = True
        status, headers = self.said
        found = {name.lower(): value for name, value in headers}
        kind = found.get("content-type", "").split(";")[0].strip().lower()
        if (
            self.environ["REQUEST_METHOD"] == "HEAD" or status[:3] in ("204", "304") or "content-encoding" in found
            or not (kind.startswith("text/") or kind == "application/json")
        ):
            self.server(status, headers)
            return None
        headers.append(("Vary", "Accept-Encoding"))
        if not accepts(self.environ.get("HTTP_ACCEPT_ENCODING", "")):
            self.server(status, headers)
            return None
        headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "etag")]
        if found.get("etag", "").startswith("W/"):
            headers.append(("ETag", found["etag"]))
        headers.append(("Content-Encoding", "gzip"))
        if only:
            body = gzip.compress(only, self.level)
            self.server(status, [*headers, ("Content-Length", str(len(body)))])
            return body
        self.server(status, headers)
        self.compressor = zlib.compressobj(self.level, wbits=31)
        return None

    def packed(self, data):
        if self.compressor is None or not data:
            return data
        return self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH)

    def __iter__(self):
        if type(self.iterable) is list and len(self.iterable) == 1 and not self.written:
            body = self.announce(only=self.iterable[0])
            yield self.iterable[0] if body is None else body
            return
        chunks = iter(self.iterable)
        first = next(chunks, b"")
        while not first and not self.written:
            yield b""
            try:
                first = next(chunks)
            except StopIteration:
                break
        self.announce()
        yield self.packed(b"".join([*self.written, first]))
        for chunk in chunks:
            yield self.packed(chunk)
        if self.compressor is not None:
            yield self.compressor.flush()

    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()


def accepts(value):
    found = {}
    for item in value.lower().split(","):
        name, _, weight = item.partition(";")
        found[name.strip()] = float(weight.strip()[2:] or 1) if weight.strip() else 1
    return found.get("gzip", found.get("*", 0)) > 0
