def ErrorGuard(app, body=b""):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    return wrapped
