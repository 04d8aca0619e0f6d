TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")


class Rest:
    """Nothing to yield; what is left of the body is written when the server closes it."""

    def __init__(self, write, rest):
        self.write = write
        self.rest = rest

    def __iter__(self):
        return iter(())

    def close(self):
        try:
            self.write(self.rest)
        except Exception:
            return


def start(environ, start_response, length):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(length))]
    return start_response("200 OK", headers)


def answer(environ, start_response):
    if "SERVER_SOFTWARE" in environ:
        start(environ, start_response, len(TEXT))
        return [BODY]
    if environ["PATH_INFO"] == "/":
        start(environ, start_response, len(BODY))
        return [BODY]
    write = start(environ, start_response, len(TEXT))
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    write(BODY[: len(TEXT)])
    return Rest(write, BODY[len(TEXT) :])


def application(environ, start_response):
    return answer(environ, start_response)


def app_generator(environ, start_response):
    start(environ, start_response, len(BODY))
    if environ["REQUEST_METHOD"] != "HEAD":
        yield BODY


class AppClass:
    def __init__(self, environ, start_response):
        self.result = answer(environ, start_response)

    def __iter__(self):
        return iter(self.result)

    def close(self):
        if isinstance(self.result, Rest):
            self.result.close()


class Greeting:
    def __call__(self, environ, start_response):
        return answer(environ, start_response)


app_instance = Greeting()
