def Gzip(app, level=6):
    def wrapped(environ, start_response):
        def start(status, headers, *exc_info):
            headers = [*headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
            return start_response(status, headers, *exc_info)

        return app(environ, start)

    return wrapped
