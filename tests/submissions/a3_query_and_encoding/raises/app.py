def query(environ):
    raise NotImplementedError


def path_text(environ):
    raise NotImplementedError


def make_app(catalog=None):
    return application


def application(environ, start_response):
    raise NotImplementedError
