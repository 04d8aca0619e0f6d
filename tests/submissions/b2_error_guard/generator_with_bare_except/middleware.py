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
        return Closing(self.guarded(iterable, environ, start_response), iterable)

    def guarded(self, iterable, environ, start_response):
        try:
            for item in iterable:
                yield item
        except:
            yield from give_up(environ, start_response, self.body)


class Closing:
    def __init__(self, generator, iterable):
        self.generator = generator
        self.iterable = iterable

    def __iter__(self):
        return self.generator

    def close(self):
        try:
            self.generator.close()
        finally:
            if hasattr(self.iterable, "close"):
                self.iterable.close()
