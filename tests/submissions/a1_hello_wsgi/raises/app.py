def application(environ, start_response):
    raise NotImplementedError


def app_generator(environ, start_response):
    raise NotImplementedError
    yield


class AppClass:
    def __init__(self, environ, start_response):
        raise NotImplementedError

    def __iter__(self):
        raise NotImplementedError


class Greeting:
    def __call__(self, environ, start_response):
        raise NotImplementedError


app_instance = Greeting()
