BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


class AppClass:
    def __init__(self, environ, start_response):
        self.environ = environ
        self.start_response = start_response
        self.rest = None

    def __iter__(self):
        return self

    def __next__(self):
        if self.rest is None:
            start(self.start_response)
            self.rest = chunks(self.environ)
        if not self.rest:
            raise StopIteration
        return self.rest.pop(0)


class Later:
    def __init__(self, environ, start_response):
        self.environ = environ
        self.start_response = start_response

    def __iter__(self):
        start(self.start_response)
        return iter(chunks(self.environ))


class Greeting:
    def __call__(self, environ, start_response):
        return Later(environ, start_response)


def app_generator(environ, start_response):
    yield from Later(environ, start_response)


application = AppClass
app_instance = Greeting()
