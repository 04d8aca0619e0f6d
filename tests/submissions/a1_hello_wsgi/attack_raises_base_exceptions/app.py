class Finish(KeyboardInterrupt):
    pass


def application(environ, start_response):
    raise KeyboardInterrupt


def app_generator(environ, start_response):
    raise SystemExit(0)
    yield b""


class AppClass:
    def __init__(self, environ, start_response):
        pass

    def __iter__(self):
        raise StopIteration(["passed"])


class Greeting:
    def __call__(self, environ, start_response):
        try:
            raise Finish
        finally:
            raise GeneratorExit


app_instance = Greeting()
