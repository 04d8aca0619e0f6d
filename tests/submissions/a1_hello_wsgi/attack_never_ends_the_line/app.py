LONG = "x" * 1900000
WORDS = "word " * 300000


def application(environ, start_response):
    if "SERVER_SOFTWARE" in environ:
        return None
    print(LONG[:20000], flush=True)
    raise ValueError(LONG)


def app_generator(environ, start_response):
    start_response("200 " + LONG, [("X-Long", LONG)])
    yield LONG


class AppClass:
    def __init__(self, environ, start_response):
        raise type(LONG, (Exception,), {"__module__": LONG, "__qualname__": LONG})(WORDS)


class Greeting:
    def __call__(self, environ, start_response):
        start_response("200 " + WORDS, [(WORDS, "1")])
        return [WORDS.encode()]


app_instance = Greeting()
