def application(environ, start_response):
    return None


def app_generator(environ, start_response):
    yield None


class AppClass:
    def __init__(self, environ, start_response):
        pass

    def __iter__(self):
        return iter([None])


class Greeting:
    def __call__(self, environ, start_response):
        return None


app_instance = Greeting()
