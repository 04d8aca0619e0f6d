BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def application(environ, start_response):
    start(start_response)
    return chunks(environ)


def app_generator(environ, start_response):
    start(start_response)
    while True:
        pass
    yield BODY


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)

    def __len__(self):
        while True:
            pass

    def __iter__(self):
        return iter([BODY])


class Result(list):
    def close(self):
        while True:
            pass


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return Result(chunks(environ))


app_instance = Greeting()
