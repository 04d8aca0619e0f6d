import zlib
from dataclasses import dataclass, field


class Gzip:
    def __init__(self, app, level=6):
        self.app, self.level = app, level

    def __call__(self, environ, start_response):
        return Stream(self, environ, start_response).begin()


@dataclass
class Stream:
    """An iterator of its own, with the whole state of one request."""

    owner: Gzip
    environ: dict
    server: object
    squeeze: object = None
    ended: bool = False
    source: object = None
    items: object = None
    pending: list = field(default_factory=list)

    def begin(self):
        self.source = self.owner.app(self.environ, self.start)
        return self

    def start(self, status, headers, exc_info=None):
        names = [name.lower() for name, _ in headers]
        kind = next((value for name, value in headers if name.lower() == "content-type"), "/")
        kind = kind.lower().split(";")[0].strip()
        eligible = (
            self.environ["REQUEST_METHOD"] != "HEAD"
            and not status.startswith(("204", "304"))
            and (kind[:5] == "text/" or kind == "application/json")
            and "content-encoding" not in names
        )
        headers = list(headers)
        if eligible:
            headers.append(("VARY", "Accept-Encoding"))
        if eligible and self.wanted():
            headers = [self.fixed(*pair) for pair in headers if pair[0].lower() != "content-length"]
            headers.append(("CONTENT-ENCODING", "gzip"))
            write = self.server(status, headers, exc_info) if exc_info else self.server(status, headers)
            self.squeeze = zlib.compressobj(self.owner.level, zlib.DEFLATED, 31)
        else:
            write = self.server(status, headers, exc_info) if exc_info else self.server(status, headers)
            self.squeeze = None
        return lambda data: write(self.packed(data))

    def fixed(self, name, value):
        return (name, "W/" + value) if name.lower() == "etag" and value[0] == '"' else (name, value)

    def wanted(self):
        weights = {}
        for item in self.environ.get("HTTP_ACCEPT_ENCODING", "").replace(" ", "").lower().split(","):
            name, _, weight = item.partition(";q=")
            weights[name] = float(weight or "1")
        return weights.get("gzip", weights.get("*", 0.0)) != 0.0

    def packed(self, data):
        if self.squeeze and data:
            return self.squeeze.compress(data) + self.squeeze.flush(zlib.Z_SYNC_FLUSH)
        return data

    def __iter__(self):
        return self

    def __next__(self):
        if self.items is None:
            self.items = iter(self.source)
        if self.ended:
            raise StopIteration
        try:
            return self.packed(next(self.items))
        except StopIteration:
            self.ended = True
            return self.squeeze.flush() if self.squeeze else b""

    def close(self):
        close = getattr(self.source, "close", None)
        if close is not None:
            close()
