"""B2: a middleware that stands between an application that fails and the server. Fill in every TODO."""

from wsgiref.simple_server import demo_app, make_server


class ErrorGuard:
    """Wraps a WSGI application; the instance is a WSGI application itself.

    One instance serves all requests, several of them at the same time: keep nothing of a request on self.
    """

    def __init__(self, app, body=b"Internal Server Error\n"):
        self.app = app
        self.body = body

    def __call__(self, environ, start_response):
        # 1. Read the request: only environ["wsgi.errors"] matters here.

        # 2. Decide: at which moments does code of the app inside run? Which exceptions are yours?
        # TODO: the call is the first moment. What are the others, and who is called then?
        # TODO: who closes what the app returned, whatever goes to the server in its place?
        return self.app(environ, start_response)


def give_up(environ, start_response, body):
    """Answer 500 in place of the app: return what is to be sent. To be called in an except block."""
    # TODO: report the exception on environ["wsgi.errors"]; the module traceback writes such reports.

    # 3. Build the body: it is given, and tells nothing of the exception.

    # 4. Announce (start_response): the app may have announced already, and bytes of it may be gone.
    # TODO: who knows that, and what does start_response want for it? The module sys has it. Then the call may raise.

    # 5. Deliver & release: the body goes to the server in place of what the app has not sent, if there is still time.
    return [body]


application = ErrorGuard(demo_app)

if __name__ == "__main__":  # python middleware.py, then open http://127.0.0.1:8000/ in a browser; Ctrl+C ends it
    with make_server("127.0.0.1", 8000, application) as server:
        server.serve_forever()
