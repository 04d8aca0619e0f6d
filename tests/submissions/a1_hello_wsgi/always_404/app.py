BODY = b"Not Found\n"


def answer(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("404 Not Found", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def application(environ, start_response):
    return answer(environ, start_response)


def app_generator(environ, start_response):
    yield from answer(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = answer(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return answer(environ, start_response)


app_instance = Greeting()
