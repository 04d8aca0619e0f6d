def application(environ, start_response):
    import pytest

    pytest.skip("not today", allow_module_level=True)


def app_generator(environ, start_response):
    import pytest

    pytest.xfail("known")
    yield b""


class AppClass:
    def __init__(self, environ, start_response):
        import pytest

        pytest.exit("all done", 0)

    def __iter__(self):
        return iter(())


class Greeting:
    def __call__(self, environ, start_response):
        import unittest

        raise unittest.SkipTest("later")


app_instance = Greeting()
