from io import BytesIO

BODY = "影单 watch-list\n".encode("utf-8")


def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))])
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    if "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](BytesIO(BODY), 8)
    return [BODY]


def application(environ, start_response):
    return answer(environ, start_response)


def app_generator(environ, start_response):
    yield from answer(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.result = answer(environ, start_response)

    def __iter__(self):
        return iter(self.result)

    def close(self):
        if hasattr(self.result, "close"):
            self.result.close()


class Greeting:
    def __call__(self, environ, start_response):
        return answer(environ, start_response)


app_instance = Greeting()
