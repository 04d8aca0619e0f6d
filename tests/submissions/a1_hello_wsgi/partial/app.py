from functools import partial

BODY = "影单 watch-list\n".encode("utf-8")


def answer(body, environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def steps(body, environ, start_response):
    yield from answer(body, environ, start_response)


application = partial(answer, BODY)
app_generator = partial(steps, BODY)


class AppClass:
    def __init__(self, environ, start_response):
        self.answer = partial(answer, BODY, environ, start_response)

    def __iter__(self):
        return iter(self.answer())


class Greeting:
    def __init__(self, body):
        self.body = body

    def __call__(self, environ, start_response):
        return answer(self.body, environ, start_response)


app_instance = Greeting(BODY)
