import functools
import sys
import traceback


def ErrorGuard(app, body=b"Internal Server Error\n"):
    return functools.partial(answer, app, body)


def answer(app, body, environ, start_response):
    failed = functools.partial(fail, environ["wsgi.errors"], start_response, body)
    try:
        iterable = app(environ, start_response)
    except Exception as error:
        return failed(error)
    return Items(iterable, failed)


def fail(errors, start_response, body, error):
    errors.write("".join(traceback.format_exception(error)))
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")], (type(error), error, error.__traceback__))
    return (body,)


class Items:
    def __init__(self, iterable, failed):
        self.iterable = iterable
        self.failed = failed
        self.close = getattr(iterable, "close", lambda: None)

    def __iter__(self):
        return Iterator(self.iterable, self.failed)


class Iterator:
    def __init__(self, iterable, failed):
        self.failed = failed
        self.next = lambda: self.begin(iterable)

    def begin(self, iterable):
        self.next = iter(iterable).__next__
        return self.next()

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.next()
        except StopIteration:
            raise
        except Exception as error:
            self.next = iter(self.failed(error)).__next__
            return self.next()
