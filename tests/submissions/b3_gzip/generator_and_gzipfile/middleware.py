import gzip
import io


def Gzip(app, *, level=6):
    """The app is called at the first step; what it writes is kept, for write() must not be called any more then."""

    def wrapped(environ, start_response):
        state = {"pending": []}

        def start(status, headers, *exc_info):
            state["file"] = None
            new = announced(environ, status, headers)
            if new is None:
                start_response(status, headers, *exc_info)
                return state["pending"].append
            squeezes, new = new
            start_response(status, new, *exc_info)
            if squeezes:
                state["buffer"] = io.BytesIO()
                state["file"] = gzip.GzipFile(fileobj=state["buffer"], mode="wb", compresslevel=level)
            return state["pending"].append

        def squeeze(data):
            file = state["file"]
            if file is None or not data:
                return data
            file.write(data)
            file.flush()
            return drained()

        def drained():
            data = state["buffer"].getvalue()
            state["buffer"].seek(0)
            state["buffer"].truncate()
            return data

        iterable = app(environ, start)
        try:
            if state["pending"]:
                yield squeeze(b"".join(state["pending"]))
            for chunk in iterable:
                yield squeeze(chunk)
            if state["file"] is not None:
                state["file"].close()
                yield drained()
        finally:
            getattr(iterable, "close", lambda: None)()

    return wrapped


def announced(environ, status, headers):
    """Return whether to compress, and the headers to announce; None where the answer is none of our business."""
    code = status.split(" ")[0]
    named = [(name.lower(), value) for name, value in headers]
    types = [value.split(";")[0].strip().lower() for name, value in named if name == "content-type"]
    text = any(kind.split("/")[0] == "text" or kind == "application/json" for kind in types)
    if environ.get("REQUEST_METHOD") == "HEAD" or code in {"204", "304"} or not text:
        return None
    if any(name == "content-encoding" for name, _ in named):
        return None
    values = [value for name, value in named if name == "vary"]
    new = [pair for pair in headers if pair[0].lower() != "vary"]
    new.insert(0, ("Vary", ",".join([*values, "Accept-Encoding"])))
    if not accepted(environ.get("HTTP_ACCEPT_ENCODING") or ""):
        return False, new
    squeezed = [("Content-Encoding", "gzip")]
    for name, value in new:
        if name.lower() == "etag" and value[:1] == '"':
            continue
        if name.lower() != "content-length":
            squeezed.append((name, value))
    return True, squeezed


def accepted(value):
    star = None
    for item in value.split(","):
        name, *parameters = [part.strip().lower() for part in item.split(";")]
        weight = next((float(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
        if name == "gzip":
            return weight > 0
        if name == "*":
            star = weight
    return bool(star)
