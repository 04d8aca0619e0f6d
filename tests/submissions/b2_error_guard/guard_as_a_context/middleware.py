import sys
import traceback
from contextlib import contextmanager


class ErrorGuard:
    __slots__ = ("app", "body")

    def __init__(self, app, body=b"Internal Server Error\n"):
        self.app = app
        self.body = body

    def __call__(self, environ, start_response):
        return Answer(self, environ, start_response)


class Answer:
    def __init__(self, guard, environ, start_response):
        self.errors = environ["wsgi.errors"]
        self.start_response = start_response
        self.body = guard.body
        self.source = self.items = self.iterable = None
        with self.guarded():
            self.iterable = guard.app(environ, start_response)

    @contextmanager
    def guarded(self):
        try:
            yield
        except StopIteration:
            raise
        except Exception:
            traceback.print_exc(file=self.errors)
            self.start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
            self.items = iter([self.body])

    def __iter__(self):
        return self

    def __next__(self):
        if self.items is None:
            with self.guarded():
                self.items = iter(self.iterable)
        item = None
        try:
            item = next(self.items)
        except StopIteration:
            raise
        except Exception:
            with self.guarded():
                raise
            item = next(self.items)
        return item

    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()
