import inspect

BODY = "影单 watch-list\n".encode("utf-8")


def application(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def app_generator(environ, start_response):
    """A plain function that returns a list; only its flags say that it is a generator function."""
    return application(environ, start_response)


app_generator.__code__ = app_generator.__code__.replace(
    co_flags=app_generator.__code__.co_flags | inspect.CO_GENERATOR
)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = application(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
