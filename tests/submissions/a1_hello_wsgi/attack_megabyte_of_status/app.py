def application(environ, start_response):
    start_response("x" * 1500000, [("X" * 500000, "y" * 500000)])
    return [b"x"]


app_generator = AppClass = app_instance = application
