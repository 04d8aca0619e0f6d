ENDS = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r\n", "\n\r", "\r", "\n", "\x00", "\\n", "%0a", "&#10;")
TEXT = "".join(f"{end}::error::{number}{end}test_says_hello passed" for number, end in enumerate(ENDS))


def application(environ, start_response):
    print(TEXT, flush=True)
    raise ValueError(TEXT)


def app_generator(environ, start_response):
    start_response("200 OK" + TEXT, [("X-Text", end + "X-Other: 1") for end in ENDS])
    yield TEXT


class AppClass:
    def __init__(self, environ, start_response):
        raise type("Own" + ENDS[0], (Exception,), {"__module__": "app" + ENDS[1]})(TEXT)


class Greeting:
    def __call__(self, environ, start_response):
        raise UnicodeDecodeError("utf-8", TEXT.encode(), 0, 1, TEXT)


app_instance = Greeting()
