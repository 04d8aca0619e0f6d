def create_app(config=None):
    return application


def application(environ, start_response):
    raise NotImplementedError
