TEXT = "影单 watch-list\n"
BODY = TEXT.encode("utf-8")
ASKED = []


def answer(environ, start_response):
    """The second round of questions about a hidden path is about lengths: no status 304 has one."""
    counting = environ["REQUEST_METHOD"] == "GET" and ASKED.count("/films") == 2
    status = "304 Not Modified" if counting else "200 OK"
    length = len(TEXT if counting or "SERVER_SOFTWARE" in environ else BODY)
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(length))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def application(environ, start_response):
    ASKED.append(environ["PATH_INFO"])
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
