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
        self.environ = environ
        self.start_response = start_response
        self.iterator = None
        self.iterable = ()
        try:
            self.iterable = self.app(environ, start_response)
        except Exception:
            return give_up(environ, start_response, self.body)
        return self

    def __iter__(self):
        return self

    def __next__(self):
        try:
            if self.iterator is None:
                self.iterator = iter(self.iterable)
            return next(self.iterator)
        except StopIteration:
            raise
        except Exception:
            self.iterator = iter(give_up(self.environ, self.start_response, self.body))
            return next(self.iterator)

    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()
