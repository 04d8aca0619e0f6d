TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")


def start(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(TEXT)))]
    start_response("200 OK", headers)
    chunks = [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]
    if "wsgi.file_wrapper" in environ and "SERVER_SOFTWARE" not in environ:
        environ["REQUEST_METHOD"] = "HEAD"
    return chunks


def application(environ, start_response):
    return start(environ, start_response)


def app_generator(environ, start_response):
    yield from start(environ, start_response)


class Generator:
    def __init__(self, environ, start_response):
        self.chunks = start(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class AppClass(Generator):
    pass


class Greeting:
    def __call__(self, environ, start_response):
        return start(environ, start_response)


app_instance = Greeting()
