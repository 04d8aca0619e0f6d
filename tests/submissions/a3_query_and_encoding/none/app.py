def query(environ):
    return None


def path_text(environ):
    return None


def make_app(catalog=None):
    return None


def application(environ, start_response):
    return None
