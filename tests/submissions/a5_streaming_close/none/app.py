def make_app(catalog=None, store=None, open_rows=None):
    return None


def application(environ, start_response):
    return None
