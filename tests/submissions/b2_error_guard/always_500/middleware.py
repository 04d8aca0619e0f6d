def ErrorGuard(app, body=b"Internal Server Error\n"):
    def wrapped(environ, start_response):
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [body]

    return wrapped
