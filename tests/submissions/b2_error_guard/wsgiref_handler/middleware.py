import io
from wsgiref.handlers import SimpleHandler


class ErrorGuard:
    def __init__(self, app, body=b"Internal Server Error\n"):
        self.app = app
        self.body = body

    def __call__(self, environ, start_response):
        out = io.BytesIO()
        handler = SimpleHandler(environ["wsgi.input"], out, environ["wsgi.errors"], environ)
        handler.error_body = self.body
        handler.origin_server = False
        handler.run(self.app)
        head, _, body = out.getvalue().partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")]
        start_response(lines[0][1], [(name, value) for name, value in lines[1:]])
        return [body]
