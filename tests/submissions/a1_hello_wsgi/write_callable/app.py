BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    return start_response("200 OK", headers)


def application(environ, start_response):
    write = start(start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        write(BODY)
    return []


def app_generator(environ, start_response):
    start(start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        yield BODY


class AppClass:
    def __init__(self, environ, start_response):
        write = start(start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            write(BODY[:6])
            write(BODY[6:])

    def __iter__(self):
        return iter([])


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
