BODY = "影单 watch-list\n".encode("utf-8")


def application(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def app_generator(environ, start_response):
    yield from application(environ, start_response)


class AppClass:
    """Made with class, but it never has an instance: calling it gives the list that the function returns."""

    def __new__(cls, environ, start_response):
        return application(environ, start_response)


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
