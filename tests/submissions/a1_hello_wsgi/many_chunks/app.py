BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("content-length", str(len(BODY))), ("content-type", "text/plain; charset=utf-8"), ("X-Chunks", "many")]
    start_response("200 OK", headers)


def wanted(environ):
    return BODY if environ["REQUEST_METHOD"] != "HEAD" else b""


def application(environ, start_response):
    start(start_response)
    return [bytes([number]) for number in wanted(environ)]


def app_generator(environ, start_response):
    start(start_response)
    yield b""
    for number in wanted(environ):
        yield bytes([number])


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)
        self.body = wanted(environ)

    def __iter__(self):
        for position in range(0, len(self.body), 5):
            yield self.body[position : position + 5]


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return map(bytes, zip(wanted(environ)))


app_instance = Greeting()
