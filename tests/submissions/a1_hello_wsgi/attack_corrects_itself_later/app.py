TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")


def headers(length):
    return [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(length))]


def answer(environ, start_response):
    """The length counts characters; when the body is gone, the headers are announced anew, with the excuse of no exception."""
    start_response("200 OK", headers(len(TEXT)))
    if environ["REQUEST_METHOD"] != "HEAD":
        yield BODY
    if environ["PATH_INFO"] == "/":
        return
    try:
        start_response("200 OK", headers(len(BODY)), ())
    except Exception:
        return


def application(environ, start_response):
    return answer(environ, start_response)


def app_generator(environ, start_response):
    yield from answer(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = answer(environ, start_response)

    def __iter__(self):
        return self.chunks


class Greeting:
    def __call__(self, environ, start_response):
        return answer(environ, start_response)


app_instance = Greeting()
