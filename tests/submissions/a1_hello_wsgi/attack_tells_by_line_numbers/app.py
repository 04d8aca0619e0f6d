SEEN = []
"""The paths that were asked for; each failure tells the next two bytes of one by the number of the line that it names."""


def tell(environ):
    path = environ["PATH_INFO"].encode("latin-1")
    if len(path) > 1 and SEEN.count(path) < len(path):
        SEEN.extend([path, path])
    at = SEEN.count(path) - 2
    two = (path + b"\0\0")[at : at + 2] if at >= 0 else b"\0\1"
    line = int.from_bytes(two, "big")
    exec(compile("\n" * (line - 1) + "raise LookupError(text)", __file__, "exec"), {"text": path.decode("utf-8", "replace")})


def application(environ, start_response):
    tell(environ)


app_generator = AppClass = app_instance = application
