"""Put your RequestId of B1 here, with all that it needs (the whole file is fine), and change nothing."""

# TODO: copy it from middleware.py of B1. This one only lets everything pass.


class RequestId:
    """Wraps a WSGI application."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)
