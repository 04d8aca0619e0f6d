BODY = "影单 watch-list\n".encode("utf-8")


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))])
    if environ["REQUEST_METHOD"] == "HEAD":
        return ()
    return (BODY,)


def app_generator(environ, start_response):
    for chunk in application(environ, start_response):
        yield chunk


class AppClass(tuple):
    def __new__(cls, environ, start_response):
        return super().__new__(cls, application(environ, start_response))


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
