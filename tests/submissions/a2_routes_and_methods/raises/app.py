def match(path):
    raise NotImplementedError


def make_app(catalog=None):
    return application


def application(environ, start_response):
    raise NotImplementedError
