BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def answer(environ, start_response):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    start(start_response)
    return [BODY]


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
