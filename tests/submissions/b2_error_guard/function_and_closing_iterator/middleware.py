import sys
import traceback


def give_up(environ, start_response, body):
    traceback.print_exc(file=environ["wsgi.errors"])
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
    return [body]


from werkzeug.wsgi import ClosingIterator


def ErrorGuard(app, body=b"Internal Server Error\n"):
    def guarded(environ, start_response):
        try:
            iterable = app(environ, start_response)
        except Exception:
            return give_up(environ, start_response, body)

        def items():
            try:
                yield from map(bytes, iterable)
            except Exception:
                yield from give_up(environ, start_response, body)

        return ClosingIterator(items(), [iterable.close] if hasattr(iterable, "close") else [])

    return guarded
