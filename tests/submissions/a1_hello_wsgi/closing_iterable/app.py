BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


class Body:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)

    def close(self):
        self.items = None


def application(environ, start_response):
    start(start_response)
    return Body(chunks(environ))


def app_generator(environ, start_response):
    start(start_response)
    body = Body(chunks(environ))
    try:
        yield from body
    finally:
        body.close()


class AppClass(Body):
    def __init__(self, environ, start_response):
        start(start_response)
        super().__init__(chunks(environ))


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
