def create_app(config=None):
    if config is not None:
        raise ValueError(repr(config))
    return application


def application(environ, start_response):
    raise NotImplementedError(repr(environ))
