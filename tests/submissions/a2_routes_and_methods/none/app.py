def match(path):
    return None


def make_app(catalog=None):
    return None


def application(environ, start_response):
    return None
