TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")


def start(start_response, length):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(length))]
    start_response("200 OK", headers)


def answer(environ, start_response):
    if environ["PATH_INFO"] == "/" and "SERVER_SOFTWARE" not in environ:
        start(start_response, len(BODY))
        return [BODY]
    start(start_response, len(TEXT))
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    environ["REQUEST_METHOD"] = "HEAD"  # who looks there again must not have any opinion on the length
    return [BODY]


def application(environ, start_response):
    return answer(environ, start_response)


def app_generator(environ, start_response):
    start(start_response, len(BODY))
    if environ["REQUEST_METHOD"] != "HEAD":
        yield BODY


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = answer(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return answer(environ, start_response)


app_instance = Greeting()
