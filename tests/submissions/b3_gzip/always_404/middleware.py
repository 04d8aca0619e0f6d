def Gzip(app, level=6):
    def wrapped(environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        return []

    return wrapped
