class ErrorGuard:
    def __init__(self, app, body=b""):
        self.app = app

    def __call__(self, environ, start_response):
        raise NotImplementedError
