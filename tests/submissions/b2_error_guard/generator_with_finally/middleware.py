import sys
import traceback


def give_up(environ, start_response, body):
    traceback.print_exc(file=environ["wsgi.errors"])
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
    return [body]


class ErrorGuard:
    def __init__(self, app, body=b"Internal Server Error\n"):
        self.app = app
        self.body = body

    def __call__(self, environ, start_response):
        try:
            iterable = self.app(environ, start_response)
        except Exception:
            return give_up(environ, start_response, self.body)
        return self.guarded(iterable, environ, start_response)

    def guarded(self, iterable, environ, start_response):
        try:
            for item in iterable:
                yield item
        except Exception:
            yield from give_up(environ, start_response, self.body)
        finally:
            if hasattr(iterable, "close"):
                iterable.close()
