def make_app(catalog=None, store=None, open_rows=None):
    return application


def application(environ, start_response):
    raise NotImplementedError
