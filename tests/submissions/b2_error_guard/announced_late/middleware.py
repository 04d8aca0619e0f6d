import traceback


class ErrorGuard:
    def __init__(self, app, body=b"Internal Server Error\n"):
        self.app = app
        self.body = body

    def __call__(self, environ, start_response):
        return Guarded(self, environ, start_response)


class Guarded:
    def __init__(self, guard, environ, start_response):
        self.guard = guard
        self.errors = environ["wsgi.errors"]
        self.start_response = start_response
        self.kept = None
        self.sent = False
        self.iterable = ()
        self.failed = False
        try:
            self.iterable = guard.app(environ, self.start)
        except Exception:
            self.give_up()

    def start(self, status, headers, exc_info=None):
        self.kept = status, headers
        return lambda data: None

    def give_up(self):
        traceback.print_exc(file=self.errors)
        self.failed = True
        self.kept = "500 Internal Server Error", [("Content-Type", "text/plain")]
        self.iterator = iter([self.guard.body])

    def __iter__(self):
        return self

    def __next__(self):
        try:
            if not hasattr(self, "iterator"):
                self.iterator = iter(self.iterable)
            item = next(self.iterator)
        except StopIteration:
            self.announce()
            raise
        except Exception:
            if self.sent:
                traceback.print_exc(file=self.errors)
                raise
            self.give_up()
            item = next(self.iterator)
        if item:
            self.announce()
        return item

    def announce(self):
        if not self.sent:
            self.sent = True
            self.start_response(*self.kept)

    def close(self):
        if hasattr(self.iterable, "close"):
            self.iterable.close()
