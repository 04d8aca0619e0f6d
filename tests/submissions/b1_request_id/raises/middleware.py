class RequestId:
    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app

    def __call__(self, environ, start_response):
        raise NotImplementedError
