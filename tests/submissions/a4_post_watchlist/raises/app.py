def make_app(catalog=None, store=None):
    return application


def application(environ, start_response):
    raise NotImplementedError
