def application(environ, start_response):
    start_response("x" * 1500000, [("X" * 500000, "y" * 500000)])
    return [b"x"]


def app_generator(environ, start_response):
    raise RuntimeError("x" * 1500000)


AppClass = app_instance = application
