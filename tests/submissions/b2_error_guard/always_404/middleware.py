def ErrorGuard(app, body=b""):
    def wrapped(environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not found"]

    return wrapped
