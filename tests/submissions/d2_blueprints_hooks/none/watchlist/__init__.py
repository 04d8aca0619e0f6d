def create_app(config=None):
    return None


def application(environ, start_response):
    return None
