class Gzip:
    def __init__(self, app, level=6):
        self.app = app

    def __call__(self, environ, start_response):
        raise NotImplementedError
